// core/crypto/sealed_box: the bytes of KAT-1, and that nothing else opens.
#include "core/crypto/sealed_box.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace sealed_box_test {

using core::Bytes;
using core::ByteView;
using core::ErrorCode;
using core::KeyId;
using core::SecretId;
using core::TenantId;
using core::crypto::box_key_id;
using core::crypto::BoxContext;
using core::crypto::kBoxSaltSize;
using core::crypto::kSealedBoxOverhead;
using core::crypto::open_box;
using core::crypto::PlainBoxKey;
using core::crypto::seal_box;
using core::crypto::seal_box_with_salt;
namespace data = boost::unit_test::data;

namespace {

template <std::size_t N>
std::array<std::uint8_t, N> counted(std::uint8_t first) {
    std::array<std::uint8_t, N> out{};
    for (auto& byte : out)
        byte = first++;
    return out;
}

// security.md §1.1.
const std::string kKat1 =
    "0101a0a1a2a3a4a5a6a7a8a9aaabacadaeaf404142434445464748494a4b4c4d4e4f"
    "505152535455565758595a5b5c5d5e5f"
    "9d23af024fa0aa34e5811de774e6efd7adc1598205b7c4cf25187e910be22070"
    "cd4f4af59a680e34fa71428d73f3773040e23437cb3b98d75a6cc1522690e4bf28448bcb8ccdc5451a2efab178a758"
    "d78cbb81da0bde120e2317de5bd4fa7572bfc3cf6ade37196dc89d19addc7f663d";

const auto kKey = counted<32>(0x00);
const KeyId kKeyId(counted<16>(0xa0));
const auto kSalt = counted<kBoxSaltSize>(0x40);

BoxContext kat1_context() {
    BoxContext context;
    context.purpose = "value";
    context.tenant = TenantId(counted<16>(0x10));
    context.secret = SecretId(counted<16>(0x20));
    context.name_space = "production/gemini";
    context.key = "GEMINI_API_KEY";
    context.version = 1;
    return context;
}

Bytes kat1_plaintext() {
    const std::string value = "gemini-api-key-example";
    Bytes out{0, 0, 0, static_cast<std::uint8_t>(value.size())};
    core::append(out, core::as_bytes(value));
    out.resize(64);
    return out;
}

Bytes kat1_box() {
    return *core::from_hex(kKat1);
}

BoxContext full_context() {
    BoxContext context = kat1_context();
    context.child_key = KeyId(counted<16>(0x30));
    context.label = "label";
    context.generation = 2;
    return context;
}

// Each makes another context of the full one.
using Change = std::function<void(BoxContext&)>;
const std::vector<Change> kChanges{
    [](BoxContext& c) { c.purpose = "dek"; },
    [](BoxContext& c) { c.purpose = ""; },
    [](BoxContext& c) { c.tenant = TenantId(counted<16>(0x11)); },
    [](BoxContext& c) { c.secret = SecretId(counted<16>(0x21)); },
    [](BoxContext& c) { c.name_space = "production/gemino"; },
    [](BoxContext& c) { c.name_space = "production"; },
    [](BoxContext& c) { c.name_space = ""; },
    [](BoxContext& c) { c.key = "GEMINI_API_KEZ"; },
    [](BoxContext& c) { c.key = "gemini_api_key"; },
    [](BoxContext& c) { c.version = 2; },
    [](BoxContext& c) { c.version = 0; },
    [](BoxContext& c) { c.child_key = KeyId(counted<16>(0x31)); },
    [](BoxContext& c) { c.label = "labem"; },
    [](BoxContext& c) { c.label = ""; },
    [](BoxContext& c) { c.generation = 3; },
    [](BoxContext& c) { c.tenant.reset(); },
    [](BoxContext& c) { c.secret.reset(); },
    [](BoxContext& c) { c.name_space.reset(); },
    [](BoxContext& c) { c.key.reset(); },
    [](BoxContext& c) { c.version.reset(); },
    [](BoxContext& c) { c.child_key.reset(); },
    [](BoxContext& c) { c.label.reset(); },
    [](BoxContext& c) { c.generation.reset(); },
    // Fields that exchange their content.
    [](BoxContext& c) {
        c.tenant = TenantId(counted<16>(0x20));
        c.secret = SecretId(counted<16>(0x10));
    },
    [](BoxContext& c) { std::swap(c.name_space, c.key); },
    [](BoxContext& c) { std::swap(c.version, c.generation); },
    // The border between two texts moves.
    [](BoxContext& c) {
        c.name_space = "production/geminiGEMINI_API";
        c.key = "_KEY";
    },
};

struct BoxFixture {
    PlainBoxKey key{kKeyId, kKey};

    // The code with which a box is refused.
    [[nodiscard]] ErrorCode refusal_of(ByteView box, const BoxContext& context) const {
        const auto opened = open_box(key, context, box);
        BOOST_REQUIRE(!opened.has_value());
        return opened.error().code;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sealed_box_test, BoxFixture)

// ---- bytes
// ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(kat_1_is_sealed_byte_for_byte) {
    const auto box = seal_box_with_salt(key, kat1_context(), kat1_plaintext(), kSalt);

    BOOST_TEST(core::to_hex(box) == kKat1);
}

BOOST_AUTO_TEST_CASE(kat_1_opens) {
    const auto opened = open_box(key, kat1_context(), kat1_box());

    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST(core::to_hex({opened->data(), opened->size()}) == core::to_hex(kat1_plaintext()));
}

BOOST_AUTO_TEST_CASE(a_context_is_encoded_by_ascending_tag) {
    BoxContext context;
    context.generation = 0x0102030405060708U;
    context.label = "L";
    context.child_key = KeyId(counted<16>(0x30));
    context.version = 9;
    context.key = "K";
    context.name_space = "";
    context.secret = SecretId(counted<16>(0x20));
    context.tenant = TenantId(counted<16>(0x10));
    context.purpose = "value";

    BOOST_TEST(core::to_hex(context.encode()) ==
               "41535343545831"                              // ASSCTX1
               "010000000576616c7565"                        // purpose
               "0200000010101112131415161718191a1b1c1d1e1f"  // tenant
               "0300000010202122232425262728292a2b2c2d2e2f"  // secret
               "0400000000"                                  // namespace, empty
               "05000000014b"                                // key
               "06000000080000000000000009"                  // version
               "0700000010303132333435363738393a3b3c3d3e3f"  // child key
               "08000000014c"                                // label
               "09000000080102030405060708");                // generation
}

BOOST_AUTO_TEST_CASE(absent_fields_are_not_encoded) {
    BoxContext context;
    context.purpose = "svc";

    BOOST_TEST(core::to_hex(context.encode()) == "415353435458310100000003737663");
}

BOOST_DATA_TEST_CASE_F(BoxFixture,
                       a_box_is_98_bytes_longer_than_its_plaintext,
                       data::make(std::vector<std::size_t>{0, 1, 15, 16, 17, 63, 64, 65, 65540}),
                       size) {
    const auto box = seal_box(key, full_context(), Bytes(size, 0x5a));

    BOOST_TEST(box.size() == size + kSealedBoxOverhead);
}

BOOST_DATA_TEST_CASE_F(BoxFixture,
                       what_is_sealed_opens,
                       data::make(std::vector<std::size_t>{0, 1, 15, 16, 17, 63, 64, 65, 65540}),
                       size) {
    const Bytes plaintext(size, 0x5a);

    const auto opened = open_box(key, full_context(), seal_box(key, full_context(), plaintext));

    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST((Bytes(opened->begin(), opened->end()) == plaintext));
}

// The salt decides the key of a box: two boxes that share it would share key and nonce.
BOOST_AUTO_TEST_CASE(two_boxes_of_one_plaintext_share_no_salt) {
    const auto one = core::to_hex(seal_box(key, full_context(), Bytes(32)));
    const auto two = core::to_hex(seal_box(key, full_context(), Bytes(32)));

    BOOST_TEST(one.substr(0, 36) == two.substr(0, 36));
    BOOST_TEST(one.substr(36, 64) != two.substr(36, 64));
    BOOST_TEST(one.substr(164) != two.substr(164));
}

BOOST_AUTO_TEST_CASE(a_box_names_its_key) {
    const auto id = box_key_id(kat1_box());

    BOOST_REQUIRE(id.has_value());
    BOOST_TEST((*id == kKeyId));
}

BOOST_DATA_TEST_CASE(what_is_no_box_names_no_key,
                     data::make(std::vector<std::string>{"",
                                                         "01",
                                                         "0101",
                                                         kKat1.substr(0, 194),
                                                         "00" + kKat1.substr(2),
                                                         "02" + kKat1.substr(2),
                                                         "0102" + kKat1.substr(4)}),
                     box) {
    BOOST_TEST(!box_key_id(*core::from_hex(box)).has_value());
}

// ---- what does not open
// --------------------------------------------------------------------------

BOOST_DATA_TEST_CASE_F(BoxFixture,
                       a_box_with_any_byte_changed_does_not_open,
                       data::xrange(kKat1.size() / 2),
                       at) {
    auto box = kat1_box();

    box.at(at) ^= 1U;

    const bool in_key_id = at >= 2 && at < 18;
    const auto expected = in_key_id ? ErrorCode::KekUnavailable : ErrorCode::IntegrityFailure;
    BOOST_TEST((refusal_of(box, kat1_context()) == expected));
}

BOOST_DATA_TEST_CASE_F(BoxFixture,
                       a_box_with_any_byte_inverted_does_not_open,
                       data::xrange(kKat1.size() / 2),
                       at) {
    auto box = kat1_box();

    box.at(at) ^= 0xffU;

    BOOST_TEST(!open_box(key, kat1_context(), box).has_value());
}

BOOST_DATA_TEST_CASE_F(BoxFixture,
                       a_box_cut_anywhere_does_not_open,
                       data::xrange(kKat1.size() / 2),
                       size) {
    const auto box = kat1_box();

    BOOST_TEST(
        (refusal_of(ByteView(box).first(size), kat1_context()) == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(a_box_with_a_byte_more_does_not_open) {
    auto box = kat1_box();

    box.push_back(0);

    BOOST_TEST((refusal_of(box, kat1_context()) == ErrorCode::IntegrityFailure));
}

BOOST_DATA_TEST_CASE_F(BoxFixture,
                       a_box_does_not_open_under_another_context,
                       data::xrange(kChanges.size()),
                       index) {
    const auto box = seal_box(key, full_context(), Bytes(32));
    BoxContext other = full_context();

    kChanges[index](other);

    BOOST_TEST((refusal_of(box, other) == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(a_box_does_not_open_under_another_key_of_the_same_id) {
    const auto other = counted<32>(0x01);

    const auto opened = open_box(PlainBoxKey(kKeyId, other), kat1_context(), kat1_box());

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(a_box_that_names_another_key_says_so) {
    const PlainBoxKey other(KeyId(counted<16>(0xa1)), kKey);

    const auto opened = open_box(other, kat1_context(), kat1_box());

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::KekUnavailable));
}

// All ways to fail look alike: nobody learns whether key, row or bytes were wrong.
BOOST_AUTO_TEST_CASE(every_integrity_failure_reads_the_same) {
    auto flipped = kat1_box();
    flipped.back() ^= 1U;
    auto other_salt = kat1_box();
    other_salt.at(20) ^= 1U;

    const auto tag = open_box(key, kat1_context(), flipped);
    const auto commitment = open_box(key, kat1_context(), other_salt);
    const auto length = open_box(key, kat1_context(), {});

    BOOST_TEST(tag.error().detail == commitment.error().detail);
    BOOST_TEST(tag.error().detail == length.error().detail);
}

// The objects of a thread are used again: a failure must not spoil the next call.
BOOST_AUTO_TEST_CASE(a_good_box_opens_after_a_bad_one) {
    auto flipped = kat1_box();
    flipped.back() ^= 1U;

    BOOST_TEST(!open_box(key, kat1_context(), flipped).has_value());
    BOOST_TEST(open_box(key, kat1_context(), kat1_box()).has_value());
}

BOOST_AUTO_TEST_CASE(threads_do_not_disturb_each_other) {
    constexpr int kThreads = 4;
    constexpr int kRounds = 200;
    std::atomic<int> opened{0};
    std::vector<std::thread> threads;
    threads.reserve(kThreads);

    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&opened, i] {
            const auto own = counted<32>(static_cast<std::uint8_t>(i));
            const PlainBoxKey source(kKeyId, own);
            for (int round = 0; round < kRounds; ++round) {
                const auto box = seal_box(source, full_context(), Bytes(64));
                if (open_box(source, full_context(), box)) ++opened;
            }
        });
    }
    for (auto& thread : threads)
        thread.join();

    BOOST_TEST(opened == kThreads * kRounds);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sealed_box_test
