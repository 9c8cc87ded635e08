// Key sets of issuers, as they come from the network.
//
// Oracles: a set that is taken holds a key for what a second, naive reading of the JSON calls
// usable, for nothing else, and no private member anywhere; what is refused is refused with one
// code and without quoting the input.
#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/identity/key_set.h"
#include "test/fuzz/fuzz.h"

#include <set>
#include <string>

namespace {

using core::JsonValue;

constexpr std::string_view kUnknown = "a-kid-that-no-input-would-have-by-chance";

bool is_text(const JsonValue& object, std::string_view name, std::string_view wanted) {
    const auto value = object.find(name);
    return value && value->kind() == JsonValue::Kind::String && value->string() == wanted;
}

bool lets_verify(const JsonValue& key) {
    const auto operations = key.find("key_ops");
    if (!operations) return true;
    if (operations->kind() != JsonValue::Kind::Array) return false;
    for (const auto& operation : operations->elements())
        if (operation.kind() == JsonValue::Kind::String && operation.string() == "verify")
            return true;
    return false;
}

bool is_for_signatures(const JsonValue& key) {
    return is_text(key, "kty", "RSA") && (!key.find("use") || is_text(key, "use", "sig")) &&
           (!key.find("alg") || is_text(key, "alg", "RS256")) && lets_verify(key);
}

// The kids that a set must know, by the rules as RFC 7517 tells them.
std::set<std::string> usable_kids(const JsonValue& root) {
    std::set<std::string> kids;
    for (const auto& key : root.find("keys")->elements()) {
        for (const auto* name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
            fuzz::require(!key.find(name), "no private member was taken");
        const auto kid = key.find("kid");
        if (!kid || kid->kind() != JsonValue::Kind::String || !is_for_signatures(key)) continue;
        fuzz::require(kids.insert(std::string(kid->string())).second, "no kid stands twice");
        const auto modulus = core::from_base64url(key.find("n")->string());
        fuzz::require(modulus && modulus->size() >= 256, "no key below 2048 bits");
    }
    return kids;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of(data, size);
    const auto set = core::identity::KeySet::parse(text);
    if (!set) {
        fuzz::require(set.error().code == core::ErrorCode::InvalidRequest, "one error code");
        return 0;
    }
    fuzz::require(size <= core::identity::kMaxKeySetBytes, "no more than 64 KiB");
    const auto document = core::JsonDocument::parse(core::Body::copy_of(text));
    fuzz::require(document.has_value(), "what is taken is JSON");
    const auto kids = usable_kids(document->root());
    fuzz::require(!kids.empty(), "a set that is taken has a key");
    for (const auto& kid : kids)
        fuzz::require(set->find(kid) != nullptr, "each usable key is known");
    for (const auto& key : document->root().find("keys")->elements()) {
        const auto kid = key.find("kid");
        if (!kid || kid->kind() != JsonValue::Kind::String) continue;
        const std::string name(kid->string());
        fuzz::require(kids.contains(name) == (set->find(name) != nullptr), "and no other");
    }
    fuzz::require(kids.contains(std::string(kUnknown)) || set->find(kUnknown) == nullptr,
                  "nobody else is known");
    return 0;
}
