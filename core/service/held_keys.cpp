#include "core/service/held_keys.h"

#include "core/crypto/service_keys.h"

namespace core::service {
namespace {

namespace purpose = crypto::service_key_purpose;
constexpr std::size_t kWordOfId = 13;  // 12 hex digits and a dash

}  // namespace

std::string word_of_root_key(const KeyId& id) {
    return id.text().substr(0, kWordOfId);
}

std::string word_of_service_keys(std::string_view purpose, const Generations& generations) {
    return (purpose == purpose::kTokenSigning ? "s" : "p") + std::to_string(generations.newest) +
           '.' + std::to_string(generations.active);
}

std::string connection_name(const crypto::RootKeyRing& root_keys, const Keyring& keyring) {
    std::string name = "secretstore-worker " + word_of_root_key(root_keys.current().id());
    if (const auto* next = root_keys.next()) name += ' ' + word_of_root_key(next->id());
    for (const auto kind : {purpose::kTokenSigning, purpose::kAgentKeyPepper})
        name += ' ' + word_of_service_keys(kind, keyring.generations(kind));
    return name;
}

}  // namespace core::service
