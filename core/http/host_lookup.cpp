#include "core/http/host_lookup.h"

#include "core/http/address.h"
#include "core/http/curl_handles.h"

#include <curl/curl.h>

#include <memory>

namespace core::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How soon a stop is noticed.
constexpr int kLongestPollMilliseconds = 200;

struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// Called for each address that the name has, by whoever would connect to it: looks, and refuses.
curl_socket_t look_at(void* context, curlsocktype, curl_sockaddr* address) {
    auto& place = *static_cast<Place*>(context);
    const auto bits = address_of(address->addr);
    if (bits && is_public(*bits))
        place = Place::Public;
    else if (place == Place::Unknown)
        place = Place::Private;
    return CURL_SOCKET_BAD;
}

// A transfer that ends when it would connect. It uses the resolver exactly as a delivery does.
Result<Easy> start(CURLM* multi, const std::string& host, milliseconds timeout, Place& place) {
    auto easy = create_easy();
    if (!easy) return easy;
    CURL* handle = easy->get();
    curl_easy_setopt(handle, CURLOPT_URL, ("https://" + host + "/").c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    // Every question anew: what was true a minute ago is nobody's answer.
    curl_easy_setopt(handle, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, look_at);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &place);
    curl_multi_add_handle(multi, handle);
    return easy;
}

}  // namespace

std::vector<Place> look_up(std::span<const std::string> hosts,
                           milliseconds timeout,
                           const std::stop_token& stop) {
    // Not moved from here on: transfers point into it.
    std::vector<Place> places(hosts.size(), Place::Unknown);
    const std::unique_ptr<CURLM, FreeMulti> multi(curl_multi_init());
    if (!multi) return places;
    std::vector<Result<Easy>> transfers;
    for (std::size_t i = 0; i < hosts.size(); ++i)
        transfers.push_back(start(multi.get(), hosts[i], timeout, places[i]));

    const auto deadline = steady_clock::now() + timeout;
    int running = 1;
    while (running > 0 && steady_clock::now() < deadline && !stop.stop_requested()) {
        if (curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
        if (running > 0)
            curl_multi_poll(multi.get(), nullptr, 0, kLongestPollMilliseconds, nullptr);
    }
    for (const auto& easy : transfers)
        if (easy) curl_multi_remove_handle(multi.get(), easy->get());
    return places;
}

}  // namespace core::http
