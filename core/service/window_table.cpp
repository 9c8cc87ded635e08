#include "core/service/window_table.h"

#include <algorithm>
#include <atomic>

namespace core::service {
namespace {

using std::chrono::milliseconds;
// Nothing else is published by these words, so no order with other memory is needed.
constexpr auto kRelaxed = std::memory_order_relaxed;

using Word = std::atomic_ref<std::uint64_t>;
static_assert(Word::is_always_lock_free, "processes share these words");

constexpr unsigned kBeganShift = 24;
constexpr std::uint64_t kNotedBit = 1U << 23U;
constexpr std::uint64_t kBeganMask = (std::uint64_t{1} << 40U) - 1;

struct Window {
    std::int64_t began = 0;
    bool refusal_noted = false;
    std::uint32_t counted = 0;

    static Window of(std::uint64_t word) {
        return {static_cast<std::int64_t>(word >> kBeganShift),
                (word & kNotedBit) != 0,
                static_cast<std::uint32_t>(word & kLargestCount)};
    }
    // As it is at `now`: a new one where the stored one is over, or was begun before a reboot.
    static Window at(std::uint64_t word, milliseconds now) {
        const Window window = of(word);
        const auto age = milliseconds(now.count() - window.began);
        // A little in the future is one that another thread began after this one saw the clock.
        if (word != 0 && age < kWindow && age > -kWindow) return window;
        return {now.count(), false, 0};
    }
    [[nodiscard]] std::uint64_t word() const {
        return (static_cast<std::uint64_t>(began) & kBeganMask) << kBeganShift |
               (refusal_noted ? kNotedBit : 0) | counted;
    }
    [[nodiscard]] Count as_count(bool is_within, milliseconds now) const {
        const auto left = milliseconds(began) + kWindow - now;
        return {is_within, counted, std::clamp(left, milliseconds(1), kWindow), began};
    }
};

// Neighbours in the table should be no neighbours outside (the finaliser of SplitMix64).
std::uint64_t mixed(std::uint64_t key) {
    key = (key ^ (key >> 30U)) * 0xbf58476d1ce4e5b9U;
    key = (key ^ (key >> 27U)) * 0x94d049bb133111ebU;
    return key ^ (key >> 31U);
}

}  // namespace

WindowTable::WindowTable(std::span<std::uint64_t> words, std::size_t places)
    : m_words(words), m_mask(words.size() / 2 - 1), m_places(std::min(places, words.size() / 2)) {}

std::size_t WindowTable::place(std::uint64_t key, std::size_t nth) const {
    return ((mixed(key) + nth) & m_mask) * 2;
}

std::size_t WindowTable::slot_for(std::uint64_t key) {
    for (std::size_t nth = 0; nth < m_places; ++nth) {
        const std::size_t at = place(key, nth);
        const Word owner(m_words[at]);
        std::uint64_t found = owner.load(kRelaxed);
        if (found == 0 && owner.compare_exchange_strong(found, key, kRelaxed)) return at;
        // Claimed by then, perhaps for this very key.
        if (found == key) return at;
    }
    return take_over(key);
}

std::size_t WindowTable::take_over(std::uint64_t key) {
    for (;;) {
        std::size_t oldest = place(key, 0);
        std::uint64_t oldest_window = ~std::uint64_t{0};
        for (std::size_t nth = 0; nth < m_places; ++nth) {
            const std::size_t at = place(key, nth);
            const std::uint64_t window = Word(m_words[at + 1]).load(kRelaxed);
            if (window >= oldest_window) continue;
            oldest = at;
            oldest_window = window;
        }
        const Word owner(m_words[oldest]);
        std::uint64_t found = owner.load(kRelaxed);
        if (found == key) return oldest;
        if (!owner.compare_exchange_strong(found, key, kRelaxed)) continue;
        Word(m_words[oldest + 1]).store(0, kRelaxed);
        return oldest;
    }
}

Count WindowTable::count(std::uint64_t key, std::uint32_t limit, milliseconds now) {
    const Word stored(m_words[slot_for(key) + 1]);
    std::uint64_t seen = stored.load(kRelaxed);
    for (;;) {
        Window window = Window::at(seen, now);
        if (window.counted >= limit) return window.as_count(/*is_within=*/false, now);
        ++window.counted;
        if (stored.compare_exchange_weak(seen, window.word(), kRelaxed))
            return window.as_count(/*is_within=*/true, now);
    }
}

Count WindowTable::look(std::uint64_t key, std::uint32_t limit, milliseconds now) const {
    Window window = Window::at(0, now);
    for (std::size_t nth = 0; nth < m_places; ++nth) {
        const std::size_t at = place(key, nth);
        const std::uint64_t found = Word(m_words[at]).load(kRelaxed);
        if (found == key) window = Window::at(Word(m_words[at + 1]).load(kRelaxed), now);
        if (found == 0 || found == key) break;
    }
    return window.as_count(window.counted < limit, now);
}

void WindowTable::give_back(std::uint64_t key, const Count& counted) {
    const Word stored(m_words[slot_for(key) + 1]);
    std::uint64_t seen = stored.load(kRelaxed);
    for (;;) {
        Window window = Window::of(seen);
        if (window.began != counted.began || window.counted == 0) return;
        --window.counted;
        if (stored.compare_exchange_weak(seen, window.word(), kRelaxed)) return;
    }
}

bool WindowTable::note_refusal(std::uint64_t key, milliseconds now) {
    const Word stored(m_words[slot_for(key) + 1]);
    std::uint64_t seen = stored.load(kRelaxed);
    for (;;) {
        Window window = Window::at(seen, now);
        if (window.refusal_noted) return false;
        window.refusal_noted = true;
        if (stored.compare_exchange_weak(seen, window.word(), kRelaxed)) return true;
    }
}

}  // namespace core::service
