// Cache-Control, as far as it says how long an answer may be kept.
#include "core/http/cache_control.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(cache_control)

namespace data = boost::unit_test::data;
using core::http::max_age_of;

namespace {

struct Said {
    std::string header;
    long seconds;
};

std::ostream& operator<<(std::ostream& out, const Said& said) {
    return out << said.header;
}

const std::vector<Said> kSaid{{"max-age=3600", 3600},
                              {" public, max-age=22021, must-revalidate, no-transform", 22021},
                              {"MAX-AGE=60", 60},
                              {"max-age=\"60\"", 60},
                              {"max-age=0", 0},
                              {"max-age=007", 7},
                              {"max-age=60, max-age=90", 60},
                              {"no-store", 0},
                              {"no-cache, max-age=60", 0},
                              {"max-age=60, No-Store", 0},
                              {"max-age=31536001", 31536000},
                              {"max-age=99999999999999999999999999", 31536000}};

const std::vector<std::string> kUnsaid{"",
                                       ",",
                                       "public",
                                       "s-maxage=60",
                                       "max-age",
                                       "max-age=",
                                       "max-age=\"\"",
                                       "max-age=-1",
                                       "max-age=1.5",
                                       "max-age=1e3",
                                       "max-age=60s",
                                       "max-age = 60",
                                       "x-max-age=60"};

}  // namespace

BOOST_DATA_TEST_CASE(a_time_that_is_said_is_read, data::make(kSaid), said) {
    const auto age = max_age_of(said.header);

    BOOST_REQUIRE(age.has_value());
    BOOST_TEST(age->count() == said.seconds);
}

BOOST_DATA_TEST_CASE(nothing_is_read_where_nothing_is_said, data::make(kUnsaid), header) {
    BOOST_TEST(!max_age_of(header).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
