// Addresses of webhooks. Input: a URL. Oracles: what is taken is read again as the same; and the C
// library, which resolves names for libcurl in the end, knows no way to read a host as an address
// that is not public, unless the host was found to be private.
#include "core/http/address.h"
#include "core/http/https_url.h"
#include "core/service/host_check.h"
#include "test/fuzz/fuzz.h"

#include <netdb.h>
#include <sys/socket.h>

#include <memory>
#include <string>

namespace {

struct Free {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

// The addresses that `host` stands for without asking anybody: 127.1, 0x7f000001, ::1 and the like.
std::unique_ptr<addrinfo, Free> numeric_addresses(const std::string& host) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return nullptr;
    return std::unique_ptr<addrinfo, Free>(found);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of(data, size);
    const auto url = core::http::HttpsUrl::parse(text);
    if (!url) return 0;

    fuzz::require(url->text() == text, "the text stays as it was given");
    fuzz::require(!url->host().empty(), "there is a host");
    const auto again = core::http::HttpsUrl::parse(url->text());
    fuzz::require(again && again->host() == url->host() && again->path() == url->path(),
                  "the same text is the same address");
    const auto addresses = numeric_addresses(url->host());
    for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
        const auto bits = core::http::address_of(*one->ai_addr);
        fuzz::require(
            !bits || core::http::is_public(*bits) || core::service::is_private_host(url->host()),
            "a host that is a private address is found out");
    }
    return 0;
}
