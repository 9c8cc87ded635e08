// What counting costs: nanoseconds for each request, on one tenant and on 65,537, in one thread and
// in several. Prints figures and judges nothing. Usage: rate_limit_bench FILE (made, and removed).
#include "core/base/clock.h"
#include "core/service/rate_counters.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace {

using core::service::RateCounters;
using core::service::WindowTable;

constexpr std::size_t kTenants = 65'537;
constexpr std::size_t kRounds = 2'000'000;
constexpr std::uint32_t kLimit = core::service::kLargestCount;

std::vector<std::uint64_t> make_keys() {
    std::vector<std::uint64_t> keys(kTenants);
    std::uint64_t key = 0x9e3779b97f4a7c15;
    for (auto& one : keys)
        one = (key = key * 6364136223846793005U + 1442695040888963407U) | 1U;
    return keys;
}

// As a request does it: the clock is read, and one counted.
void count(WindowTable& table, const std::vector<std::uint64_t>& keys, std::size_t tenants) {
    for (std::size_t i = 0; i < kRounds; ++i)
        table.count(keys[i * 7919 % tenants], kLimit, core::time_since_boot());
}

void measure(const char* what, unsigned threads, const auto& body) {
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::thread> running;
    for (unsigned i = 0; i < threads; ++i)
        running.emplace_back(body);
    for (auto& thread : running)
        thread.join();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    std::printf("%-44s %7.1f ns a request (%u threads)\n",
                what,
                took.count() / static_cast<double>(kRounds),
                threads);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return EXIT_FAILURE;
    const std::filesystem::path file = argv[1];
    auto counters = RateCounters::open(file);
    if (!counters) {
        static_cast<void>(std::fprintf(stderr, "%s\n", counters.error().public_message.c_str()));
        return EXIT_FAILURE;
    }
    const auto keys = make_keys();
    auto& tenants = counters->tenants();
    auto& addresses = counters->addresses();
    measure("one tenant", 1, [&] { count(tenants, keys, 1); });
    measure("one tenant", 2, [&] { count(tenants, keys, 1); });
    measure("65,537 tenants", 1, [&] { count(tenants, keys, kTenants); });
    measure("65,537 tenants", 2, [&] { count(tenants, keys, kTenants); });
    measure("an address that never failed", 1, [&] {
        for (std::size_t i = 0; i < kRounds; ++i)
            static_cast<void>(addresses.look(keys[i % kTenants], 30, core::time_since_boot()));
    });
    std::filesystem::remove(file);
    return EXIT_SUCCESS;
}
