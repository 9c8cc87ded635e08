// page and limit of a query: contract.md §1.
#pragma once

#include "core/base/result.h"
#include "core/service/page.h"
#include "fcgi/target.h"

#include <cstdint>

namespace fcgi {

inline constexpr std::int64_t kMaxPage = 1000000;
inline constexpr std::int64_t kMaxLimit = 200;
inline constexpr std::int64_t kDefaultLimit = 50;
inline constexpr std::int64_t kDefaultAuditLimit = 100;

// Errors: InvalidRequest naming the parameter and its range.
core::Result<core::service::PageRequest> page_request(const Query& query,
                                                      std::int64_t default_limit);

}  // namespace fcgi
