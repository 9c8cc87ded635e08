// Counts in windows of 60 s, in memory that all workers of the host share: architecture.md §5.
//
// A slot is two words: whose it is, and its window, which one 64-bit compare-and-swap changes.
//
//     window = began (40 bits, ms of CLOCK_BOOTTIME) | refusal noted (1 bit) | counted (23 bits)
//
// A window begins with the first request that finds none, and is over 60 s later. Nothing is locked
// and nothing needs to be put right, at whatever instruction a worker was killed. Thread-safe, also
// between processes.
//
// Slots are found by open addressing: from the key's own place on, the first that is free is
// claimed by compare-and-swap, so all find the same one, and counts are exact. Where all places
// that a key may have are taken, it takes over the one whose window began first: nearly always one
// that is over. Only then, and only while several do that at once, may a count be too low.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace core::service {

inline constexpr std::chrono::milliseconds kWindow{60'000};
inline constexpr std::uint32_t kLargestCount = (1U << 23U) - 1;

// What one window says.
struct Count {
    bool is_within = false;            // the limit has not been used up before
    std::uint32_t counted = 0;         // in this window, the one just counted included
    std::chrono::milliseconds left{};  // until the window is over
    std::int64_t began = 0;            // which window it is
};

class WindowTable {
  public:
    // `words`: two for each slot, zero at first; their number is a power of two. `places`: how many
    // slots a key may be in, at most all of them. `words` must outlive this object.
    WindowTable(std::span<std::uint64_t> words, std::size_t places);

    // Counts one, unless `limit` has been reached; what is refused is not counted. `key` is not 0,
    // `limit` at most kLargestCount, `now` the time since boot.
    Count count(std::uint64_t key, std::uint32_t limit, std::chrono::milliseconds now);
    // The same without counting: is there room for one more?
    [[nodiscard]] Count look(std::uint64_t key,
                             std::uint32_t limit,
                             std::chrono::milliseconds now) const;
    // Takes back one that count() counted, unless its window is over.
    void give_back(std::uint64_t key, const Count& counted);
    // True for the first who says so in a window: there is something to be done once for it.
    bool note_refusal(std::uint64_t key, std::chrono::milliseconds now);

  private:
    std::size_t slot_for(std::uint64_t key);
    std::size_t take_over(std::uint64_t key);
    [[nodiscard]] std::size_t place(std::uint64_t key, std::size_t nth) const;

    std::span<std::uint64_t> m_words;
    std::size_t m_mask;
    std::size_t m_places;
};

}  // namespace core::service
