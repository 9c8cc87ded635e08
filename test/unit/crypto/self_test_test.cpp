// core/crypto/self_test: holds on a machine whose library and processor are sound.
#include "core/crypto/sealed_box.h"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(self_test_test)

BOOST_AUTO_TEST_CASE(the_power_on_self_test_passes_here) {
    const auto result = core::crypto::self_test();

    BOOST_TEST(result.has_value());
}

BOOST_AUTO_TEST_CASE(the_power_on_self_test_can_be_repeated) {
    BOOST_TEST(core::crypto::self_test().has_value());
    BOOST_TEST(core::crypto::self_test().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
