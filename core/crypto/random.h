// Randomness from the operating system, and identifiers made of it. Thread-safe.
//
// getrandom(2) itself: a user-space generator (Botan's AutoSeeded_RNG) costs 12 µs a nonce and
// carries a state that a fork or a memory disclosure would share; Botan's System_RNG as Debian
// builds it reads /dev/urandom through a descriptor, and would do so before the pool is seeded.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/secret.h"

#include <cstdint>
#include <span>
#include <string>

namespace core::crypto {

void fill_random(std::span<std::uint8_t> out);
SecureBuffer random_secret(std::size_t size);

// `length` characters of [0-9A-Za-z], each equally likely (rejection sampling).
SecureBuffer random_base62(std::size_t length);

// `bytes` random bytes as base64url without padding (RFC 4648 §5).
SecureBuffer random_base64url(std::size_t bytes);

// RFC 9562 §5.7: 48 bits of `now` in milliseconds, then 74 random bits.
UuidBytes uuid_v7(Timestamp now);
// RFC 9562 §5.4.
UuidBytes uuid_v4();

template <class IdType>
IdType new_id(const Clock& clock) {
    return IdType(uuid_v7(clock.now()));
}

}  // namespace core::crypto
