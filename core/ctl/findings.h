// What `secretstorectl doctor` finds. Each judgement takes what was read on the host and says what
// it means and how it is mended; reading is doctor.cpp's. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::ctl {

// From the best to the worst. Skipped: it could not be looked at here.
enum class Health { Fine, Skipped, Warning, Wrong };
// fine, skipped, warning, wrong.
std::string_view to_string(Health health);

struct Finding {
    std::string check;
    Health health = Health::Fine;
    std::string text;
    std::string remedy;  // what to do; empty where there is nothing
};

// `synchronised`: the kernel says that something keeps its clock right. `database_ahead`: how far
// the database's clock is before this host's.
Finding judge_clock(bool synchronised, std::chrono::milliseconds database_ahead);

// When a certificate holds.
struct Validity {
    std::chrono::sys_seconds from;
    std::chrono::sys_seconds until;
};
// What `openssl x509 -noout -dates` prints. Nothing on anything else.
std::optional<Validity> parse_validity(const std::string& text);
// `reload`: the command after which a new one is used.
Finding judge_certificate(const std::string& file,
                          const Validity& validity,
                          std::chrono::sys_seconds now,
                          const std::string& reload);

// Audit partitions that are there for the months after this one.
Finding judge_partitions(std::int64_t months_ahead);

// The longest queue of connections that the kernel grants a socket, and what ours asks for.
inline constexpr std::int64_t kWantedBacklog = 4096;
Finding judge_backlog(std::int64_t granted);

struct Space {
    std::uintmax_t free = 0;  // bytes
    std::uintmax_t size = 0;
};
Finding judge_space(const std::filesystem::path& folder, const Space& space);

// Of /proc/swaps. What is compressed into memory (zram) is no swap here.
std::vector<std::string> swap_devices(const std::string& proc_swaps);
// `plain`: devices that are not encrypted. Sealed values may be on them, the requests in nginx's
// memory may not.
Finding judge_swap(const std::vector<std::string>& plain, bool nginx_may_swap);

// What may be seen and changed by whom.
struct FileAccess {
    std::filesystem::path path;
    unsigned mode = 0;  // the permission bits
    std::string owner;
    std::string group;
};
// What it should be at most.
struct WantedAccess {
    unsigned mode = 0;
    std::string owner = "root";
    std::string group;  // empty: any
};
// What is wrong with it, as a command that mends it; nothing where it is fine.
std::optional<std::string> mend_access(const FileAccess& file, const WantedAccess& wanted);

// Who asks, by nginx's access log.
struct Clients {
    std::size_t requests = 0;
    std::string busiest;  // address
    std::size_t of_busiest = 0;
};
// `log`: lines of the site's access log, of which the first may be cut.
Clients count_clients(const std::string& log);
// `trusted`: what set_real_ip_from names.
Finding judge_real_ip(const std::vector<std::string>& trusted, const Clients& clients);

}  // namespace core::ctl
