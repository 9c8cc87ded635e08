#include "core/ctl/findings.h"

#include "core/http/address.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <sstream>

namespace core::ctl {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;

// Expiry is the database's business; logs of two hosts are read side by side.
constexpr milliseconds kFarApart{2000};
constexpr days kSoon{14};
constexpr std::int64_t kFewPartitions = 3;
constexpr std::uintmax_t kMiB = 1U << 20U;
// Below this nothing can be written for long, however large the disk is.
constexpr std::uintmax_t kNearlyNothing = 512 * kMiB;
constexpr std::uintmax_t kPlenty = 102400 * kMiB;
// Too few to say that all come from one place.
constexpr std::size_t kFewRequests = 100;

std::string in_units(std::uintmax_t bytes) {
    constexpr std::uintmax_t kGiB = 1024 * kMiB;
    if (bytes >= 10 * kGiB) return std::to_string(bytes / kGiB) + " GiB";
    return std::to_string(bytes / kMiB) + " MiB";
}

// "Nov 26 12:00:00 2027 GMT"
std::optional<std::chrono::sys_seconds> parse_openssl_time(const std::string& text) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), "%b %d %H:%M:%S %Y GMT", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

std::string octal(unsigned mode) {
    std::string text(8, '\0');
    const int size = std::snprintf(text.data(), text.size(), "%04o", mode);
    text.resize(static_cast<std::size_t>(std::max(size, 0)));
    return text;
}

bool is_everybody(const std::string& network) {
    return network.ends_with("/0");
}

// The value of `"name":"…"` in a line of JSON that nginx wrote.
std::string_view member_of(std::string_view line, std::string_view opening) {
    const auto begin = line.find(opening);
    if (begin == std::string_view::npos) return {};
    line.remove_prefix(begin + opening.size());
    return line.substr(0, line.find('"'));
}

}  // namespace

std::string_view to_string(Health health) {
    switch (health) {
        case Health::Fine:
            return "fine";
        case Health::Skipped:
            return "skipped";
        case Health::Warning:
            return "warning";
        case Health::Wrong:
            break;
    }
    return "wrong";
}

Finding judge_clock(bool synchronised, milliseconds database_ahead) {
    const auto apart = std::chrono::abs(database_ahead);
    if (apart > kFarApart)
        return {"clock",
                Health::Wrong,
                "the database's clock is " + std::to_string(apart.count() / 1000) + " s " +
                    (database_ahead.count() > 0 ? "ahead of" : "behind") + " this host's",
                "let both follow the same time servers: apt install systemd-timesyncd"};
    if (!synchronised)
        return {"clock",
                Health::Warning,
                "nothing keeps this host's clock right",
                "apt install systemd-timesyncd && timedatectl set-ntp true"};
    return {"clock", Health::Fine, "synchronised, and the database's is the same", {}};
}

std::optional<Validity> parse_validity(const std::string& text) {
    constexpr std::string_view kFrom = "notBefore=";
    constexpr std::string_view kUntil = "notAfter=";
    std::optional<std::chrono::sys_seconds> from;
    std::optional<std::chrono::sys_seconds> until;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(kFrom)) from = parse_openssl_time(line.substr(kFrom.size()));
        if (line.starts_with(kUntil)) until = parse_openssl_time(line.substr(kUntil.size()));
    }
    if (!from || !until) return std::nullopt;
    return Validity{*from, *until};
}

Finding judge_certificate(const std::string& file,
                          const Validity& validity,
                          std::chrono::sys_seconds now,
                          const std::string& reload) {
    const std::string remedy = "renew " + file + ", then: " + reload;
    if (now < validity.from)
        return {"certificate",
                Health::Wrong,
                file + " is not valid yet",
                "look at the clock, or take the certificate of before"};
    const auto left = validity.until - now;
    const auto full = std::chrono::duration_cast<days>(left).count();
    if (left <= std::chrono::seconds(0))
        return {"certificate", Health::Wrong, file + " has expired", remedy};
    const std::string text = file + " expires in " + std::to_string(full) + " days";
    if (left < kSoon) return {"certificate", Health::Warning, text, remedy};
    return {"certificate", Health::Fine, text, {}};
}

Finding judge_partitions(std::int64_t months_ahead) {
    const std::string text =
        "audit partitions for " + std::to_string(months_ahead) + " more months";
    if (months_ahead >= kFewPartitions) return {"partitions", Health::Fine, text, {}};
    return {"partitions",
            months_ahead == 0 ? Health::Wrong : Health::Warning,
            text,
            "secretstorectl maintain; then look why the timer does not: systemctl status "
            "secretstore-maintain.timer secretstore-maintain.service"};
}

Finding judge_backlog(std::int64_t granted) {
    const std::string text = "the kernel queues " + std::to_string(granted) +
                             " connections of a socket; ours asks for " +
                             std::to_string(kWantedBacklog);
    if (granted >= kWantedBacklog) return {"backlog", Health::Fine, text, {}};
    return {
        "backlog",
        Health::Warning,
        text,
        "echo net.core.somaxconn=" + std::to_string(kWantedBacklog) +
            " >/etc/sysctl.d/60-secretstore.conf && sysctl --system; sockets that are open take "
            "it over when the host starts next"};
}

Finding judge_space(const std::filesystem::path& folder, const Space& space) {
    const auto percent = space.size == 0 ? 0 : space.free / (space.size / 100 + 1);
    const std::string text = folder.string() + " has " + in_units(space.free) + " left, " +
                             std::to_string(percent) + " %";
    const std::string remedy =
        "make room: without it nothing can be recorded, and nothing is answered";
    if (space.free < kNearlyNothing || (percent < 5 && space.free < kPlenty))
        return {"disk", Health::Wrong, text, remedy};
    if (percent < 15 && space.free < kPlenty) return {"disk", Health::Warning, text, remedy};
    return {"disk", Health::Fine, text, {}};
}

std::vector<std::string> swap_devices(const std::string& proc_swaps) {
    std::vector<std::string> devices;
    std::istringstream lines(proc_swaps);
    std::string line;
    std::getline(lines, line);  // the head
    while (std::getline(lines, line)) {
        std::string device = line.substr(0, line.find_first_of(" \t"));
        if (!device.empty() && !device.starts_with("/dev/zram"))
            devices.push_back(std::move(device));
    }
    return devices;
}

Finding judge_swap(const std::vector<std::string>& plain, bool nginx_may_swap) {
    if (plain.empty()) return {"swap", Health::Fine, "none, or encrypted", {}};
    if (!nginx_may_swap)
        return {"swap",
                Health::Fine,
                plain.front() + " is not encrypted; neither workers nor nginx use it",
                {}};
    return {"swap",
            Health::Warning,
            plain.front() +
                " is not encrypted, and nginx, whose memory holds requests with secrets, "
                "may be swapped out",
            "give nginx the drop-in /usr/share/doc/agent-secret-store/examples/nginx.conf, or: "
            "swapoff --all, and out of /etc/fstab"};
}

std::optional<std::string> mend_access(const FileAccess& file, const WantedAccess& wanted) {
    const bool wrong_owner =
        file.owner != wanted.owner || (!wanted.group.empty() && file.group != wanted.group);
    const unsigned too_much = file.mode & ~wanted.mode;
    if (!wrong_owner && too_much == 0) return std::nullopt;
    std::string command;
    if (wrong_owner)
        command = "chown " + wanted.owner + (wanted.group.empty() ? "" : ":" + wanted.group) + " " +
                  file.path.string();
    if (too_much != 0)
        command += (command.empty() ? "chmod " : " && chmod ") + octal(file.mode & wanted.mode) +
                   " " + file.path.string();
    return command;
}

Clients count_clients(const std::string& log) {
    std::map<std::string_view, std::size_t> by_address;
    Clients clients;
    const std::string_view text(log);
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const auto address = member_of(text.substr(begin, end - begin), R"("client":")");
        begin = end + 1;
        if (address.empty()) continue;
        ++clients.requests;
        const std::size_t count = ++by_address[address];
        if (count <= clients.of_busiest) continue;
        clients.of_busiest = count;
        clients.busiest = address;
    }
    return clients;
}

Finding judge_real_ip(const std::vector<std::string>& trusted, const Clients& clients) {
    const auto everybody = std::find_if(trusted.begin(), trusted.end(), is_everybody);
    if (everybody != trusted.end())
        return {"realip",
                Health::Wrong,
                "set_real_ip_from " + *everybody + ": every client says itself where it comes from",
                "name the load balancer's addresses alone"};
    if (!trusted.empty())
        return {"realip", Health::Fine, "taken from " + trusted.front() + " alone", {}};
    const auto address = http::parse_address(clients.busiest);
    const bool inside = address && !http::is_public(*address) && clients.busiest != "127.0.0.1" &&
                        clients.busiest != "::1";
    // All but a few from one private address: that is no client.
    if (inside && clients.requests >= kFewRequests &&
        clients.of_busiest * 20 >= clients.requests * 19)
        return {"realip",
                Health::Warning,
                "nearly all requests come from " + clients.busiest +
                    ": where that is a load balancer, limits and IP lists see it for the clients",
                "/etc/nginx/snippets/secretstore-local-realip.conf: set_real_ip_from " +
                    clients.busiest + "; real_ip_header X-Forwarded-For;"};
    return {"realip", Health::Fine, "clients are who connects to nginx", {}};
}

}  // namespace core::ctl
