#include "core/service/metrics.h"

#include <algorithm>
#include <atomic>
#include <string_view>
#include <utility>

namespace core::service {
namespace {

constexpr std::uint64_t kFormat = 0x3130'4349'5254'454d;  // "METRIC01"
constexpr std::size_t kCountersAt = 8;
constexpr std::size_t kCounters = 64;
constexpr std::size_t kWorkersAt = kCountersAt + kCounters;
constexpr std::size_t kWorkers = 256;
constexpr std::size_t kSeriesAt = kWorkersAt + kWorkers;
constexpr std::size_t kSeries = 512;
constexpr std::size_t kOutcomesIn = 1;
constexpr std::size_t kDurationsIn = kOutcomesIn + Metrics::kOutcomes;
constexpr std::size_t kSumIn = kDurationsIn + Metrics::kBounds.size() + 1;
constexpr std::size_t kWordsPerSeries = 40;
static_assert(kSumIn < kWordsPerSeries);
constexpr std::size_t kWords = kSeriesAt + kSeries * kWordsPerSeries;
constexpr unsigned kThreadsShift = 32;

// Counts are only ever added up: no order among them is promised, and none is needed.
constexpr auto kRelaxed = std::memory_order_relaxed;

std::atomic_ref<std::uint64_t> word(const SharedFile& file, std::size_t index) {
    return std::atomic_ref<std::uint64_t>(file.words()[index]);
}

bool has_format(const SharedFile& file) {
    std::uint64_t found = 0;
    return word(file, 0).compare_exchange_strong(found, kFormat) || found == kFormat;
}

// FNV-1a, 64 bit: spreads a few hundred names that we choose ourselves. Not 0, which is a free
// slot.
std::uint64_t key_of(std::string_view name) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : name)
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    return hash == 0 ? 1 : hash;
}

std::size_t class_of(std::chrono::nanoseconds took) {
    const auto bound = std::lower_bound(Metrics::kBounds.begin(), Metrics::kBounds.end(), took);
    return static_cast<std::size_t>(bound - Metrics::kBounds.begin());
}

}  // namespace

Result<Metrics> Metrics::open(const std::filesystem::path& file,
                              std::span<const std::string> series) {
    auto shared = SharedFile::open(file, kWords);
    if (!shared) return failure(std::move(shared));
    if (!has_format(*shared))
        return failure(ErrorCode::ConfigInvalid,
                       "The file " + file.string() +
                           " (metrics.file) is of another format than this release's; remove it "
                           "while no worker runs");
    Metrics metrics(std::move(*shared));
    for (const auto& name : series) {
        const auto place = metrics.claim(key_of(name));
        if (!place)
            return failure(ErrorCode::ConfigInvalid,
                           "The file " + file.string() +
                               " (metrics.file) has no room left; remove it while no worker runs");
        metrics.m_series.push_back(*place);
    }
    return metrics;
}

std::optional<std::size_t> Metrics::claim(std::uint64_t key) {
    for (std::size_t nth = 0; nth < kSeries; ++nth) {
        const std::size_t place = kSeriesAt + (key + nth) % kSeries * kWordsPerSeries;
        std::uint64_t found = 0;
        if (word(m_file, place).compare_exchange_strong(found, key) || found == key) return place;
    }
    return std::nullopt;
}

void Metrics::join(std::uint32_t threads) {
    add(Counter::WorkerStarts);
    for (std::size_t i = kWorkersAt; i < kWorkersAt + kWorkers && !m_self; ++i)
        if (m_file.hold(i)) m_self = i;
    // Whoever had it before may have been killed at work.
    if (m_self) word(m_file, *m_self).store(std::uint64_t{threads} << kThreadsShift, kRelaxed);
}

void Metrics::begin_work() {
    if (m_self) word(m_file, *m_self).fetch_add(1, kRelaxed);
}

void Metrics::end_work() {
    if (m_self) word(m_file, *m_self).fetch_sub(1, kRelaxed);
}

void Metrics::add(Counter counter) {
    word(m_file, kCountersAt + static_cast<std::size_t>(counter)).fetch_add(1, kRelaxed);
}

void Metrics::record(std::size_t series, std::size_t outcome, std::chrono::nanoseconds took) {
    const std::size_t place = m_series[series];
    word(m_file, place + kOutcomesIn + outcome).fetch_add(1, kRelaxed);
    word(m_file, place + kDurationsIn + class_of(took)).fetch_add(1, kRelaxed);
    word(m_file, place + kSumIn).fetch_add(static_cast<std::uint64_t>(took.count()), kRelaxed);
}

std::uint64_t Metrics::value(Counter counter) const {
    return word(m_file, kCountersAt + static_cast<std::size_t>(counter)).load(kRelaxed);
}

Metrics::Series Metrics::series(std::size_t series) const {
    const std::size_t place = m_series[series];
    Series out;
    for (std::size_t i = 0; i < out.outcomes.size(); ++i)
        out.outcomes[i] = word(m_file, place + kOutcomesIn + i).load(kRelaxed);
    for (std::size_t i = 0; i < out.durations.size(); ++i)
        out.durations[i] = word(m_file, place + kDurationsIn + i).load(kRelaxed);
    out.sum = std::chrono::nanoseconds(word(m_file, place + kSumIn).load(kRelaxed));
    return out;
}

Metrics::Workers Metrics::workers() const {
    Workers out;
    for (std::size_t i = kWorkersAt; i < kWorkersAt + kWorkers; ++i) {
        const std::uint64_t seen = word(m_file, i).load(kRelaxed);
        // Threads are never 0: such a word nobody has had.
        if (seen == 0 || (m_self != i && !m_file.is_held_elsewhere(i))) continue;
        ++out.running;
        out.threads += seen >> kThreadsShift;
        out.busy_threads += seen & 0xffff'ffff;
    }
    return out;
}

}  // namespace core::service
