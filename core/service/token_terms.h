// The terms of a token, asked for and granted: scopes, lifetime, uses, addresses. Pure functions;
// thread-safe.
#pragma once

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/store/token_store.h"

namespace core::service {

inline constexpr std::int64_t kMostTokenUses = 1000000;

// SHA-256 over the terms, scopes as a set: two requests are the same when this is, and an approval
// is of what has this digest.
Bytes request_digest(const store::TokenTerms& terms);

// Does `granted` allow nothing that `asked` does not: each scope contained in one of those asked
// for, no longer, no more uses, from the same addresses?
// Errors: InvalidRequest naming the first member that goes beyond.
Result<void> check_within(const store::TokenTerms& granted, const store::TokenTerms& asked);

}  // namespace core::service
