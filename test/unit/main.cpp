// Boost.Test's main for all unit tests.
#define BOOST_TEST_MODULE unit
#include <boost/test/unit_test.hpp>
