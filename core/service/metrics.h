// What the workers of a host count of themselves, in one file that all of them map (metrics.file):
// whichever worker is asked shows what all did, and one that is killed takes nothing along.
// Thread-safe; nothing in here waits.
//
//     word 0         which format this is
//     words 1..7     zero
//     words 8..71    counters, in the order of Counter
//     words 72..327  a word for each worker that runs: its threads (upper half), and how many of
//                    them are at work (lower half). Who holds the word (SharedFile::hold) runs.
//     words 328..    512 series of 40 words: a hash of the name (0: free), 24 outcomes, 13 classes
//                    of duration, nanoseconds together, 1 spare
//
// A series is found by its name, so that workers of two releases, of which one knows a route more,
// count in the same file. For the same reason a counter or an outcome never changes its number.
#pragma once

#include "core/base/result.h"
#include "core/base/shared_file.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace core::service {

// New ones at the end.
enum class Counter : std::size_t {
    WorkerStarts,
    LimitedByPlan,
    LimitedByAddress,
    NoCredential,
    BadAgentKey,
    BadPersonalToken,
    BadToken,  // scoped or ID token, or what is none of these
    IntegrityFailure,
    KekUnavailable,
    AuditUnavailable,
    StoreUnavailable,
    IssuerUnavailable,
};

class Metrics {
  public:
    static constexpr std::size_t kOutcomes = 24;
    // Upper ends of the classes of duration; behind the last is one without an end.
    static constexpr std::array<std::chrono::microseconds, 12> kBounds{
        std::chrono::microseconds(1'000),
        std::chrono::microseconds(2'500),
        std::chrono::microseconds(5'000),
        std::chrono::microseconds(10'000),
        std::chrono::microseconds(25'000),
        std::chrono::microseconds(50'000),
        std::chrono::microseconds(100'000),
        std::chrono::microseconds(250'000),
        std::chrono::microseconds(500'000),
        std::chrono::microseconds(1'000'000),
        std::chrono::microseconds(2'500'000),
        std::chrono::microseconds(10'000'000)};

    struct Series {
        std::array<std::uint64_t, kOutcomes> outcomes{};
        std::array<std::uint64_t, kBounds.size() + 1> durations{};  // each class for itself
        std::chrono::nanoseconds sum{};
    };

    struct Workers {
        std::uint64_t running = 0;
        std::uint64_t threads = 0;
        std::uint64_t busy_threads = 0;
    };

    // Opens the file, or makes it. `series`: the names of what record() counts, at most 256.
    // Errors: ConfigInvalid.
    static Result<Metrics> open(const std::filesystem::path& file,
                                std::span<const std::string> series);

    // This process serves from now on, with so many threads. One of more than 256 is not shown
    // among workers(); all else that it counts is. Call it once, before any thread begins.
    void join(std::uint32_t threads);
    // A thread begins and ends a piece of work.
    void begin_work();
    void end_work();

    void add(Counter counter);
    // Something of that series (its place in `series`) ended so and took so long. Precondition:
    // outcome < kOutcomes.
    void record(std::size_t series, std::size_t outcome, std::chrono::nanoseconds took);

    // What all workers together have counted since the file was made.
    [[nodiscard]] std::uint64_t value(Counter counter) const;
    [[nodiscard]] Series series(std::size_t series) const;
    // Of the moment.
    [[nodiscard]] Workers workers() const;

  private:
    explicit Metrics(SharedFile file) : m_file(std::move(file)) {}
    // Nothing where there is no room.
    [[nodiscard]] std::optional<std::size_t> claim(std::uint64_t key);

    SharedFile m_file;
    std::vector<std::size_t> m_series;  // where each series has its words
    std::optional<std::size_t> m_self;  // this worker's word
};

}  // namespace core::service
