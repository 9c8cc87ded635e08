// The store's site, as nginx itself prints its configuration (`nginx -T`). Pure.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace core::ctl {

struct NginxSite {
    std::vector<std::filesystem::path> certificates;
    std::vector<std::filesystem::path> certificate_keys;
    std::filesystem::path access_log;  // empty where there is none
    // What set_real_ip_from names, wherever it stands.
    std::vector<std::string> trusted_proxies;

    [[nodiscard]] bool is_there() const { return !certificates.empty(); }
};

// Files that don't speak of the store are other sites', which are nobody's business here.
NginxSite parse_site(const std::string& printed);

}  // namespace core::ctl
