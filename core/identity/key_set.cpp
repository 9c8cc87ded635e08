#include "core/identity/key_set.h"

#include "core/base/bytes.h"
#include "core/base/json.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace core::identity {
namespace {

Failure bad_set(std::string_view fault) {
    return failure(ErrorCode::InvalidRequest, "The key set " + std::string(fault));
}

// The member's text; nothing where it is absent or no string.
std::optional<std::string_view> text_member(const JsonValue& object, std::string_view name) {
    const auto value = object.find(name);
    if (!value || value->kind() != JsonValue::Kind::String) return std::nullopt;
    return value->string();
}

bool is_absent_or(const JsonValue& object, std::string_view name, std::string_view wanted) {
    return !object.find(name) || text_member(object, name) == wanted;
}

// RFC 7517 §4.3: where key_ops stands, it must name what the key is wanted for.
bool may_verify(const JsonValue& key) {
    const auto operations = key.find("key_ops");
    if (!operations) return true;
    if (operations->kind() != JsonValue::Kind::Array) return false;
    const auto elements = operations->elements();
    return std::any_of(elements.begin(), elements.end(), [](const JsonValue& operation) {
        return operation.kind() == JsonValue::Kind::String && operation.string() == "verify";
    });
}

// A key without a kid can't be found by any token: it is left out like one of another type.
bool is_usable(const JsonValue& key) {
    return text_member(key, "kty") == "RSA" && text_member(key, "kid") &&
           is_absent_or(key, "use", "sig") && is_absent_or(key, "alg", "RS256") && may_verify(key);
}

// RFC 7518 §6.2.2, §6.3.2, §6.4.1. Whoever publishes these has lost his keys to everybody.
bool is_private(const JsonValue& key) {
    constexpr std::array<std::string_view, 8> kPrivate{"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    return std::any_of(kPrivate.begin(), kPrivate.end(), [&key](std::string_view name) {
        return key.find(name).has_value();
    });
}

Result<crypto::RsaPublicKey> read_key(const JsonValue& key) {
    const auto modulus = from_base64url(text_member(key, "n").value_or(""));
    const auto exponent = from_base64url(text_member(key, "e").value_or(""));
    if (!modulus || modulus->empty() || !exponent || exponent->empty())
        return bad_set("holds an RSA key whose n or e is not base64url");
    return crypto::RsaPublicKey::create(*modulus, *exponent);
}

}  // namespace

namespace {

// Why such an element makes the whole set unusable; empty where it does not.
std::string_view fault_of(const JsonValue& element) {
    if (element.kind() != JsonValue::Kind::Object) return "holds what is no key";
    return is_private(element) ? "holds private members of a key" : std::string_view{};
}

}  // namespace

Result<KeySet> KeySet::parse(std::string_view json) {
    if (json.size() > kMaxKeySetBytes) return bad_set("is longer than 64 KiB");
    const auto document = JsonDocument::parse(Body::copy_of(json));
    if (!document) return bad_set("is not valid JSON: " + document.error().public_message);
    const auto keys = document->root().find("keys");
    if (!keys || keys->kind() != JsonValue::Kind::Array) return bad_set("has no array 'keys'");

    KeySet out;
    for (const auto& element : keys->elements()) {
        if (const auto fault = fault_of(element); !fault.empty()) return bad_set(fault);
        if (!is_usable(element)) continue;
        auto key = read_key(element);
        if (!key) return failure(std::move(key));
        // One of the two would win by its place: which one, nobody has decided.
        if (!out.m_keys.emplace(*text_member(element, "kid"), *std::move(key)).second)
            return bad_set("holds two keys with the same kid");
    }
    if (out.m_keys.empty()) return bad_set("holds no RSA key for RS256 signatures");
    return out;
}

const crypto::RsaPublicKey* KeySet::find(std::string_view kid) const {
    const auto found = m_keys.find(kid);
    return found == m_keys.end() ? nullptr : &found->second;
}

std::string key_set_json(std::string_view kid, ByteView modulus, ByteView exponent) {
    JsonWriter writer;
    writer.begin_object().key("keys").begin_array().begin_object();
    writer.member("kty", "RSA").member("use", "sig").member("alg", "RS256").member("kid", kid);
    writer.member("n", to_base64url(modulus)).member("e", to_base64url(exponent));
    writer.end_object().end_array().end_object();
    return std::move(writer).take_text();
}

}  // namespace core::identity
