// test/vectors/sealed_box.json: boxes that another implementation sealed, and spoilt ones with the
// error that each must give.
#include "core/base/json.h"
#include "core/crypto/sealed_box.h"
#include "test/unit/crypto/root_key_fixture.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(sealed_box_vectors_test)

using core::Bytes;
using core::JsonDocument;
using core::JsonValue;
using core::crypto::BoxContext;
using core::crypto::BoxKeySource;
using core::crypto::testing::RootKeyFixture;
namespace data = boost::unit_test::data;

namespace {

JsonDocument load_vectors() {
    std::ifstream file(SECRETSTORE_TEST_VECTORS "/sealed_box.json", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto document = JsonDocument::parse(core::Body::copy_of(text));
    BOOST_REQUIRE(document.has_value());
    return std::move(*document);
}

// The vectors that have, or have not, the member "failure".
std::vector<JsonValue> vectors(bool with_failure) {
    static const JsonDocument document = load_vectors();
    auto all = document.root().find("vectors")->elements();
    std::erase_if(all, [with_failure](const JsonValue& vector) {
        return vector.find("failure").has_value() != with_failure;
    });
    return all;
}

std::string text_of(const JsonValue& object, std::string_view name) {
    const auto member = object.find(name);
    return member ? std::string(member->string()) : std::string();
}

Bytes bytes_of(const JsonValue& object, std::string_view name) {
    const auto bytes = core::from_hex(text_of(object, name));
    BOOST_REQUIRE(bytes.has_value());
    return *bytes;
}

template <class IdType>
std::optional<IdType> id_of(const JsonValue& object, std::string_view name) {
    return IdType::parse(text_of(object, name));
}

std::optional<std::uint64_t> number_of(const JsonValue& object, std::string_view name) {
    const auto member = object.find(name);
    if (!member) return std::nullopt;
    return static_cast<std::uint64_t>(member->integer());
}

std::optional<std::string_view> view_of(const JsonValue& object, std::string_view name) {
    const auto member = object.find(name);
    if (!member) return std::nullopt;
    return member->string();
}

// A vector with what a BoxContext only views.
struct Vector : RootKeyFixture {
    explicit Vector(const JsonValue& json)
        : key(bytes_of(json, "key")), box(bytes_of(json, "box")) {
        const auto fields = *json.find("context");
        context.purpose = *view_of(fields, "purpose");
        context.tenant = id_of<core::TenantId>(fields, "tenant");
        context.secret = id_of<core::SecretId>(fields, "secret");
        context.name_space = view_of(fields, "namespace");
        context.key = view_of(fields, "key");
        context.version = number_of(fields, "version");
        context.child_key = id_of<core::KeyId>(fields, "child_key");
        context.generation = number_of(fields, "generation");
        if (fields.find("label")) {
            label = bytes_of(fields, "label");
            context.label = core::as_text(label);
        }
        const auto id = id_of<core::KeyId>(json, "key_id");
        BOOST_REQUIRE(id.has_value());
        if (text_of(json, "key_source") == "root")
            source = load(core::to_hex(id->bytes()), core::to_base64url(key));
        else
            source = std::make_unique<core::crypto::PlainBoxKey>(*id, key);
    }

    Bytes key;
    Bytes box;
    Bytes label;
    BoxContext context;
    std::unique_ptr<BoxKeySource> source;
};

constexpr std::size_t kPositive = 24;
constexpr std::size_t kNegative = 33;

}  // namespace

// Each number of a case below is one vector.
BOOST_AUTO_TEST_CASE(every_vector_of_the_file_is_tried) {
    BOOST_TEST(vectors(false).size() == kPositive);
    BOOST_TEST(vectors(true).size() == kNegative);
}

BOOST_DATA_TEST_CASE(a_vector_opens_as_its_plaintext, data::xrange(kPositive), index) {
    const auto json = vectors(false).at(index);
    BOOST_TEST_CONTEXT(text_of(json, "name")) {
        const Vector vector(json);

        const auto opened = open_box(*vector.source, vector.context, vector.box);

        BOOST_REQUIRE(opened.has_value());
        BOOST_TEST(core::to_hex({opened->data(), opened->size()}) == text_of(json, "plaintext"));
    }
}

BOOST_DATA_TEST_CASE(a_vector_is_sealed_byte_for_byte, data::xrange(kPositive), index) {
    const auto json = vectors(false).at(index);
    BOOST_TEST_CONTEXT(text_of(json, "name")) {
        const Vector vector(json);
        std::array<std::uint8_t, core::crypto::kBoxSaltSize> salt{};
        const auto given = bytes_of(json, "salt");
        BOOST_REQUIRE(given.size() == salt.size());
        std::copy(given.begin(), given.end(), salt.begin());

        const auto box =
            seal_box_with_salt(*vector.source, vector.context, bytes_of(json, "plaintext"), salt);

        BOOST_TEST(core::to_hex(box) == text_of(json, "box"));
    }
}

BOOST_DATA_TEST_CASE(a_spoilt_vector_fails_as_it_says, data::xrange(kNegative), index) {
    const auto json = vectors(true).at(index);
    BOOST_TEST_CONTEXT(text_of(json, "name")) {
        const Vector vector(json);

        const auto opened = open_box(*vector.source, vector.context, vector.box);

        BOOST_REQUIRE(!opened.has_value());
        BOOST_TEST(core::to_string(opened.error().code) == text_of(json, "failure"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
