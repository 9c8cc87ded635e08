// core/base/ids: one spelling of an id, and no way from one kind of id to another.
#include "core/base/ids.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

BOOST_AUTO_TEST_SUITE(ids_test)

using core::AgentId;
using core::RequestId;
using core::TenantId;
namespace data = boost::unit_test::data;

namespace {

const std::string kText = "0192f3c4-5a6b-7c8d-9e0f-112233445566";

const std::vector<std::string> kNotIds{
    "",
    "0192f3c45a6b7c8d9e0f112233445566",
    "0192f3c4-5a6b-7c8d-9e0f-11223344556",
    "0192f3c4-5a6b-7c8d-9e0f-1122334455667",
    "0192F3C4-5A6B-7C8D-9E0F-112233445566",
    "0192f3c4-5a6b-7c8d-9e0f-11223344556g",
    "{0192f3c4-5a6b-7c8d-9e0f-11223344556}",
    "0192f3c45-a6b-7c8d-9e0f-112233445566",
    "0192f3c4_5a6b_7c8d_9e0f_112233445566",
    " 192f3c4-5a6b-7c8d-9e0f-112233445566",
    "0192f3c4-5a6b-7c8d-9e0f-11223344556\n",
    std::string("0192f3c4-5a6b-7c8d-9e0f-11223344556\0", 36),
    "------------------------------------",
};

const std::vector<std::string> kNotRequestIds{
    "", "a b", "a_b", "a/b", "a\nb", "a\"b", "é", std::string("a\0b", 3), std::string(65, 'a')};

}  // namespace

// Kinds of ids do not turn into one another, nor into raw bytes by accident.
static_assert(!std::is_convertible_v<AgentId, TenantId>);
static_assert(!std::is_constructible_v<TenantId, AgentId>);
static_assert(!std::is_convertible_v<core::UuidBytes, TenantId>);
static_assert(!std::is_constructible_v<TenantId, std::string>);
static_assert(!std::is_constructible_v<RequestId, std::string>);

BOOST_AUTO_TEST_CASE(an_id_comes_back_from_its_text) {
    const auto id = TenantId::parse(kText);

    BOOST_REQUIRE(id.has_value());
    BOOST_TEST(id->text() == kText);
}

BOOST_AUTO_TEST_CASE(the_bytes_of_an_id_are_in_the_order_of_its_text) {
    const auto id = TenantId::parse(kText);

    BOOST_REQUIRE(id.has_value());
    BOOST_TEST(core::to_hex(id->bytes()) == "0192f3c45a6b7c8d9e0f112233445566");
}

BOOST_DATA_TEST_CASE(another_spelling_is_no_id, data::make(kNotIds), text) {
    BOOST_TEST(!TenantId::parse(text).has_value());
}

BOOST_AUTO_TEST_CASE(a_default_id_is_nil) {
    BOOST_TEST(TenantId().is_nil());
}

BOOST_AUTO_TEST_CASE(an_id_with_one_bit_set_is_not_nil) {
    core::UuidBytes bytes{};
    bytes[15] = 1;

    BOOST_TEST(!TenantId(bytes).is_nil());
}

BOOST_AUTO_TEST_CASE(ids_are_ordered_as_their_bytes) {
    const auto less = TenantId::parse("00ffffff-ffff-ffff-ffff-ffffffffffff");
    const auto more = TenantId::parse("01000000-0000-0000-0000-000000000000");

    BOOST_REQUIRE(less.has_value());
    BOOST_REQUIRE(more.has_value());
    BOOST_TEST((*less < *more));
}

BOOST_AUTO_TEST_CASE(ids_that_differ_in_the_last_byte_hash_apart) {
    core::UuidBytes bytes{};
    std::unordered_set<std::size_t> hashes;

    for (int i = 0; i < 256; ++i) {
        bytes[15] = static_cast<std::uint8_t>(i);
        hashes.insert(std::hash<TenantId>{}(TenantId(bytes)));
    }

    BOOST_TEST(hashes.size() == 256U);
}

BOOST_AUTO_TEST_CASE(a_request_id_as_nginx_makes_it_is_taken) {
    const auto id = RequestId::parse("5f3a9c0e7b1d4826a0c4e8f2b6d0a1c3");

    BOOST_REQUIRE(id.has_value());
    BOOST_TEST(id->text() == "5f3a9c0e7b1d4826a0c4e8f2b6d0a1c3");
}

BOOST_AUTO_TEST_CASE(a_request_id_may_have_64_characters) {
    BOOST_TEST(RequestId::parse(std::string(64, 'Z')).has_value());
}

BOOST_DATA_TEST_CASE(a_bad_request_id_is_refused, data::make(kNotRequestIds), text) {
    BOOST_TEST(!RequestId::parse(text).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
