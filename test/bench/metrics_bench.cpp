// What it costs to count a request for /metrics, and to read all of it: in one thread and in
// several. Prints figures and judges nothing. Usage: metrics_bench FILE (made, and removed).
#include "core/service/metrics.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace {

using core::service::Metrics;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kRounds = 2'000'000;
constexpr std::size_t kSeries = 64;

// As a request does it: begins, reads the clock twice, is recorded, ends.
void count(Metrics& metrics, std::size_t series) {
    for (std::size_t i = 0; i < kRounds; ++i) {
        metrics.begin_work();
        const auto began = Clock::now();
        metrics.record((i * 31) % series, 0, Clock::now() - began);
        metrics.end_work();
    }
}

void measure(const char* what, unsigned threads, const auto& body) {
    const auto began = Clock::now();
    std::vector<std::thread> running;
    for (unsigned i = 0; i < threads; ++i)
        running.emplace_back(body);
    for (auto& thread : running)
        thread.join();
    const std::chrono::duration<double, std::nano> took = Clock::now() - began;
    std::printf("  %-44s %7.1f ns\n", what, took.count() / static_cast<double>(kRounds * threads));
}

void measure_look(const Metrics& metrics) {
    constexpr int kLooks = 200;
    std::uint64_t seen = 0;
    const auto began = Clock::now();
    for (int i = 0; i < kLooks; ++i) {
        for (std::size_t series = 0; series < kSeries; ++series)
            seen += metrics.series(series).outcomes[0];
        seen += metrics.workers().running;
    }
    const std::chrono::duration<double, std::micro> took = Clock::now() - began;
    std::printf("  %-44s %7.1f us\n", "all series and workers read once", took.count() / kLooks);
    if (seen == 0) std::abort();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return EXIT_FAILURE;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < kSeries; ++i)
        names.push_back("GET /" + std::to_string(i));
    auto metrics = Metrics::open(argv[1], names);
    if (!metrics) {
        static_cast<void>(
            std::fprintf(stderr, "metrics_bench: %s\n", metrics.error().public_message.c_str()));
        return EXIT_FAILURE;
    }
    metrics->join(1);
    measure("a request, one thread", 1, [&] { count(*metrics, kSeries); });
    measure("a request, two threads, all of one route", 2, [&] { count(*metrics, 1); });
    measure("a request, two threads, 64 routes", 2, [&] { count(*metrics, kSeries); });
    measure_look(*metrics);
    std::filesystem::remove(argv[1]);
    return EXIT_SUCCESS;
}
