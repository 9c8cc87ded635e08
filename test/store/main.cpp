// Boost.Test's main for the store tests. They need a cluster: scripts/with-postgres.
#define BOOST_TEST_MODULE store
#include <boost/test/unit_test.hpp>
