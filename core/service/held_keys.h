// Which keys a worker holds, as words in the names of its database connections (pg_stat_activity),
// so that a rotation knows who could not open what it is about to move. Pure functions.
#pragma once

#include "core/base/ids.h"
#include "core/crypto/root_key_ring.h"
#include "core/service/keyring.h"

#include <string>
#include <string_view>

namespace core::service {

// "secretstore-worker" and a word for each root key, for the signing keys and for the peppers.
// At most 63 bytes: what PostgreSQL keeps of a name.
std::string connection_name(const crypto::RootKeyRing& root_keys, const Keyring& keyring);

// The first 48 bits of the id.
std::string word_of_root_key(const KeyId& id);
// `purpose`: token-signing or agent-key-pepper. Whoever holds another generation, or makes new
// tokens or keys with another one, has another word.
std::string word_of_service_keys(std::string_view purpose, const Generations& generations);

}  // namespace core::service
