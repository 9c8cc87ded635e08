// Where a name leads, without going there. Thread-safe.
#pragma once

#include <chrono>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace core::http {

// Public where at least one of its addresses is on the public internet. Unknown: it has no address,
// or none was found in time.
enum class Place { Public, Private, Unknown };

// All hosts at once, in their order. A name that its resolver does not answer takes the whole of
// `timeout`, and delays none of the others.
std::vector<Place> look_up(std::span<const std::string> hosts,
                           std::chrono::milliseconds timeout,
                           const std::stop_token& stop);

}  // namespace core::http
