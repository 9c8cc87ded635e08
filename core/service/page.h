// Paging as the API does it: page from 1, a limit, an exact total.
#pragma once

#include <cstdint>
#include <vector>

namespace core::service {

struct PageRequest {
    std::int64_t page = 1;    // 1 to 1,000,000
    std::int64_t limit = 50;  // 1 to 200
    [[nodiscard]] std::int64_t offset() const { return (page - 1) * limit; }
};

template <class T>
struct Page {
    std::vector<T> items;
    std::int64_t total = 0;  // of all pages, of what the caller may see
};

}  // namespace core::service
