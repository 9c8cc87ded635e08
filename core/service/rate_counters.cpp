#include "core/service/rate_counters.h"

#include <atomic>
#include <functional>

namespace core::service {
namespace {

constexpr std::uint64_t kFormat = 0x3130'5354'494d'494c;  // "LIMITS01"
constexpr std::size_t kHeaderWords = 8;
constexpr std::size_t kTenantSlots = 131'072;
constexpr std::size_t kAddressSlots = 65'536;
constexpr std::size_t kWordsPerSlot = 2;
constexpr std::size_t kWords = kHeaderWords + kWordsPerSlot * (kTenantSlots + kAddressSlots);

// Of tenants there are as many as there are: as long as there is a free slot near enough, it is
// found, and with half of them taken the farthest is some 60 places away.
constexpr std::size_t kTenantPlaces = 1024;
// Strangers bring addresses without end, and what the table says of one is asked with every
// request: few places, one cache line after another.
constexpr std::size_t kAddressPlaces = 16;

// True where the file is of this format, or is new and becomes so.
bool has_format(std::uint64_t& word) {
    std::uint64_t found = 0;
    return std::atomic_ref<std::uint64_t>(word).compare_exchange_strong(found, kFormat) ||
           found == kFormat;
}

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value << 8U | bytes[i];
    return value;
}

}  // namespace

RateCounters::RateCounters(SharedFile file)
    : m_file(std::move(file)),
      m_tenants(m_file.words().subspan(kHeaderWords, kWordsPerSlot * kTenantSlots), kTenantPlaces),
      m_addresses(m_file.words().subspan(kHeaderWords + kWordsPerSlot * kTenantSlots),
                  kAddressPlaces) {}

Result<RateCounters> RateCounters::open(const std::filesystem::path& file) {
    auto shared = SharedFile::open(file, kWords);
    if (!shared) return failure(std::move(shared));
    if (!has_format(shared->words().front()))
        return failure(ErrorCode::ConfigInvalid,
                       "The file " + file.string() +
                           " (rate_limit.file) is of another format than this release's; remove it "
                           "while no worker runs");
    return RateCounters(std::move(*shared));
}

std::uint64_t window_key(const TenantId& tenant) {
    const std::uint64_t key = std::hash<TenantId>{}(tenant);
    return key == 0 ? 1 : key;
}

std::uint64_t window_key(const identity::IpAddress& address) {
    constexpr std::size_t kV4At = 12;
    // Of no /64 that anybody has (RFC 4291 reserves 0000::/8).
    constexpr std::uint64_t kV4 = 0x0000'ffff'0000'0000;
    const auto& bits = address.bits();
    if (address.is_v4()) return kV4 | big_endian(&bits[kV4At], 4);
    const std::uint64_t network = big_endian(bits.data(), 8);
    return network == 0 ? 1 : network;  // ::1
}

}  // namespace core::service
