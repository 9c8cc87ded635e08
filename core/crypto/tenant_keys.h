// The key hierarchy below the root key: KEK per tenant, DEK per secret version, value.
// Pure functions over bytes; who stores the boxes is not known here. Thread-safe.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/crypto/key_provider.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace core::crypto {

struct KekTag;
// Key encryption key of one tenant, 32 bytes.
using Kek = SecretBytes<KekTag>;

// A KEK in use.
struct TenantKek {
    TenantId tenant;
    KeyId id;
    std::uint64_t generation = 0;
    Kek key;
};

// A new KEK and its box under the root key, to be stored.
struct NewKek {
    TenantKek kek;
    Bytes box;
};
NewKek create_kek(const KeyProvider& root_key, TenantId tenant, KeyId id, std::uint64_t generation);

// Errors: KekUnavailable when another root key sealed it; IntegrityFailure.
Result<TenantKek> unwrap_kek(
    const KeyProvider& root_key, TenantId tenant, KeyId id, std::uint64_t generation, ByteView box);

// The box of a KEK that is in hand, under `root_key`: how it moves to another root key.
Bytes seal_kek(const KeyProvider& root_key, const TenantKek& kek);

// The row that a secret version is sealed for. Views must live as long as the call.
struct SecretRow {
    TenantId tenant;
    SecretId secret;
    std::string_view name_space;
    std::string_view key;
    std::uint64_t version = 0;
    // Bound to the DEK, so that nobody with write access to the table can lower a tier or prolong
    // a value: one byte of tier (0 standard, 1 sensitive, 2 critical), then expires_at in
    // microseconds since 1970 as 8 bytes big-endian, 0 for never.
    std::uint8_t tier = 0;
    std::optional<Timestamp> expires_at;
};

struct SealedValue {
    Bytes dek_box;
    Bytes value_box;
};

// Seals under a fresh DEK, itself sealed by the KEK. The plaintext is stored as
// length(4, BE) || value || zeros to a multiple of 64.
SealedValue seal_value(const TenantKek& kek, const SecretRow& row, const Plaintext& value);

// Errors: KekUnavailable when `kek` is not the one that sealed it; IntegrityFailure when the bytes
// or the row differ from what was sealed, without saying which.
Result<Plaintext> open_value(const TenantKek& kek,
                             const SecretRow& row,
                             ByteView dek_box,
                             ByteView value_box);

// The DEK of a version under another KEK of the same tenant; the value's own box stays as it is.
// Errors: as open_value().
Result<Bytes> rewrap_dek(const TenantKek& from,
                         const TenantKek& to,
                         const SecretRow& row,
                         ByteView dek_box);

// What was answered to a request, kept under the tenant's KEK in case the request comes again.
// `request_key` names the request in its row.
Bytes seal_answer(const TenantKek& kek, ByteView request_key, ByteView answer);
// Errors: KekUnavailable, IntegrityFailure, as open_value().
Result<SecureBuffer> open_answer(const TenantKek& kek, ByteView request_key, ByteView box);

}  // namespace core::crypto
