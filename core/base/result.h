// Result<T>: a value or an Error. An alias, so that it can become std::expected.
//
//     const auto path = SecretPath::parse(text);
//     if (!path) return failure(path);
#pragma once

#include "core/base/error.h"

#include <tl/expected.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace core {

template <class T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

// A new error. `detail` is for the log only.
inline Failure failure(ErrorCode code, std::string public_message, std::string detail = {}) {
    return Failure(Error{code, std::move(public_message), std::move(detail)});
}

// InvalidRequest: says to the caller what is wrong with what was sent.
inline Failure invalid(std::string message) {
    return failure(ErrorCode::InvalidRequest, std::move(message));
}

// RateLimited: to come again after `wait`.
inline Failure rate_limited(std::chrono::seconds wait, std::string public_message) {
    return Failure(Error{ErrorCode::RateLimited, std::move(public_message), {}, wait});
}

// Passes on the error of a failed Result. Precondition: !result.
template <class T>
Failure failure(const Result<T>& result) {
    return Failure(result.error());
}
template <class T>
Failure failure(Result<T>&& result) {
    return Failure(std::move(result).error());
}

}  // namespace core
