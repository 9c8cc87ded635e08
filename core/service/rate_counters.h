// The one file in which all workers of a host count: requests by tenant, and failed authentications
// by client address. Thread-safe.
//
//     word 0       which format this is
//     words 1..7   zero
//     then         131,072 slots for tenants, 65,536 for addresses: window_table.h
#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/shared_file.h"
#include "core/identity/ip_allowlist.h"
#include "core/service/window_table.h"

#include <cstdint>
#include <filesystem>
#include <utility>

namespace core::service {

class RateCounters {
  public:
    // Opens the file, or makes it. Errors: ConfigInvalid.
    static Result<RateCounters> open(const std::filesystem::path& file);

    WindowTable& tenants() { return m_tenants; }
    WindowTable& addresses() { return m_addresses; }

  private:
    explicit RateCounters(SharedFile file);

    SharedFile m_file;
    WindowTable m_tenants;
    WindowTable m_addresses;
};

// Whose slot it is. Ids of tenants are random in these 64 bits: that any two of 65,537 tenants have
// the same, and would share a window, has a probability of 5 in 10^10.
std::uint64_t window_key(const TenantId& tenant);
// An IPv4 address, or the /64 of an IPv6 address: who has one address of that has all of them.
std::uint64_t window_key(const identity::IpAddress& address);

}  // namespace core::service
