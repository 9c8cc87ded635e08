#include "fcgi/handlers/paging.h"

namespace fcgi {

core::Result<core::service::PageRequest> page_request(const Query& query,
                                                      std::int64_t default_limit) {
    const auto page = query.integer("page", 1, kMaxPage);
    if (!page) return core::failure(page);
    const auto limit = query.integer("limit", 1, kMaxLimit);
    if (!limit) return core::failure(limit);
    return core::service::PageRequest{.page = page->value_or(1),
                                      .limit = limit->value_or(default_limit)};
}

}  // namespace fcgi
