// core/crypto/labels: no label is, or begins, another.
#include "core/crypto/labels.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(labels_test)

namespace data = boost::unit_test::data;
namespace labels = core::crypto::labels;

BOOST_DATA_TEST_CASE(a_label_begins_no_other_label,
                     data::xrange(labels::kAll.size()) * data::xrange(labels::kAll.size()),
                     one,
                     other) {
    const bool begins = labels::kAll.at(other).starts_with(labels::kAll.at(one));

    BOOST_TEST(begins == (one == other));
}

BOOST_DATA_TEST_CASE(a_label_names_product_and_format_version,
                     data::xrange(labels::kAll.size()),
                     index) {
    BOOST_TEST(labels::kAll.at(index).starts_with("ass/v1/"));
}

// A zero byte ends a label where more follows.
BOOST_DATA_TEST_CASE(a_label_holds_no_nul, data::xrange(labels::kAll.size()), index) {
    BOOST_TEST(labels::kAll.at(index).find('\0') == std::string_view::npos);
}

BOOST_AUTO_TEST_SUITE_END()
