// IP lists. Input: an entry of a list and a client's address, one a line. Oracles: canonical forms
// are read back as themselves, and membership is what arithmetic over 128 bits says.
#include "core/identity/ip_allowlist.h"
#include "test/fuzz/fuzz.h"

#include <arpa/inet.h>

#include <array>
#include <optional>
#include <string>

namespace {

using core::identity::IpAddress;
using core::identity::IpAllowlist;
__extension__ using Number = unsigned __int128;

struct Parsed {
    bool v4 = false;
    Number value = 0;
};

// Of canonical text only.
Parsed number_of(const std::string& text) {
    std::array<unsigned char, 16> bytes{};
    Parsed out;
    out.v4 = text.find(':') == std::string::npos;
    fuzz::require(inet_pton(out.v4 ? AF_INET : AF_INET6, text.c_str(), bytes.data()) == 1,
                  "canonical text is an address");
    for (std::size_t i = 0; i < (out.v4 ? 4U : 16U); ++i)
        out.value = (out.value << 8U) | bytes[i];
    return out;
}

bool reference_contains(const std::string& entry, const std::string& address) {
    const auto slash = entry.find('/');
    const Parsed network = number_of(entry.substr(0, slash));
    const Parsed client = number_of(address);
    const unsigned width = network.v4 ? 32 : 128;
    const unsigned length = slash == std::string::npos
                                ? width
                                : static_cast<unsigned>(std::stoul(entry.substr(slash + 1)));
    fuzz::require(length <= width, "a canonical prefix is not too long");
    if (network.v4 != client.v4) return false;
    const unsigned shift = width - length;
    return shift == 128 || (network.value >> shift) == (client.value >> shift);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto rest = fuzz::text_of(data, size);
    const std::string entry(fuzz::take_line(rest));

    const auto address = IpAddress::parse(rest);
    if (address) {
        fuzz::require(rest.find_first_of(std::string_view("\0 %/[]", 6)) == std::string_view::npos,
                      "an address stands alone");
        const auto again = IpAddress::parse(address->text());
        fuzz::require(again && again->text() == address->text(), "canonical text stays");
        fuzz::require(again->bits() == address->bits(), "canonical text is the same address");
    }

    const std::array entries{entry};
    const auto list = IpAllowlist::parse(entries);
    if (!list) return 0;
    fuzz::require(list->entries().size() == 1, "one entry");
    const auto again = IpAllowlist::parse(list->entries());
    fuzz::require(again && again->entries() == list->entries(), "canonical entries stay");
    const std::string& canonical = list->entries().front();
    const auto base = IpAddress::parse(canonical.substr(0, canonical.find('/')));
    fuzz::require(base && list->contains(*base), "a range contains its first address");
    if (address)
        fuzz::require(list->contains(*address) == reference_contains(canonical, address->text()),
                      "membership");
    return 0;
}
