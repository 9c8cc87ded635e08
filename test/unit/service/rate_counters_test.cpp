// The file in which all workers of a host count.
#include "core/service/rate_counters.h"

#include "test/unit/service/limits_file.h"

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(rate_counters)

using core::ErrorCode;
using core::identity::IpAddress;
using core::service::RateCounters;
using core::service::window_key;

namespace {

constexpr std::chrono::milliseconds kNow{5'000'000};

std::uint64_t key_of(const char* address) {
    return window_key(*IpAddress::parse(address));
}

bool is_refused(const std::filesystem::path& path) {
    const auto counters = RateCounters::open(path);
    return !counters && counters.error().code == ErrorCode::ConfigInvalid &&
           counters.error().public_message.find(path.string()) != std::string::npos;
}

void write(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    std::filesystem::permissions(
        path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_file_is_for_its_owner_alone) {
    const LimitsFile file;

    BOOST_REQUIRE(RateCounters::open(file.path()).has_value());

    struct stat status {};
    BOOST_REQUIRE(::stat(file.path().c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777) == 0600);
    // All of it is there: a full disk can't stop a worker later.
    BOOST_TEST(status.st_blocks * 512 >= status.st_size);
}

BOOST_AUTO_TEST_CASE(whoever_opens_it_sees_what_others_counted) {
    const LimitsFile file;
    auto mine = RateCounters::open(file.path());
    auto theirs = RateCounters::open(file.path());
    BOOST_REQUIRE(mine && theirs);

    mine->tenants().count(7, 10, kNow);
    mine->addresses().count(7, 10, kNow);
    mine->addresses().count(7, 10, kNow);

    BOOST_TEST(theirs->tenants().look(7, 10, kNow).counted == 1);
    BOOST_TEST(theirs->addresses().look(7, 10, kNow).counted == 2);
}

BOOST_AUTO_TEST_CASE(many_that_make_it_at_once_make_one) {
    const LimitsFile file;
    std::atomic<int> opened{0};
    constexpr std::size_t kThreads = 16;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (std::size_t i = 0; i < kThreads; ++i)
        threads.emplace_back([&] {
            auto counters = RateCounters::open(file.path());
            if (!counters) return;
            counters->tenants().count(7, 100, kNow);
            ++opened;
        });
    for (auto& thread : threads)
        thread.join();

    auto counters = RateCounters::open(file.path());
    BOOST_REQUIRE(counters.has_value());
    BOOST_TEST(opened == 16);
    BOOST_TEST(counters->tenants().look(7, 100, kNow).counted == 16);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_something_else_is_left_alone) {
    const LimitsFile file;
    write(file.path(), "something that somebody needs");

    BOOST_TEST(is_refused(file.path()));
    BOOST_TEST(std::filesystem::file_size(file.path()) == 29);
}

BOOST_AUTO_TEST_CASE(a_file_of_another_format_is_refused) {
    const LimitsFile file;
    BOOST_REQUIRE(RateCounters::open(file.path()).has_value());
    std::fstream(file.path(), std::ios::in | std::ios::out | std::ios::binary) << "OTHER002";

    BOOST_TEST(is_refused(file.path()));
}

BOOST_AUTO_TEST_CASE(a_file_that_others_may_open_is_refused) {
    const LimitsFile file;
    BOOST_REQUIRE(RateCounters::open(file.path()).has_value());
    std::filesystem::permissions(
        file.path(), std::filesystem::perms::others_write, std::filesystem::perm_options::add);

    BOOST_TEST(is_refused(file.path()));
}

BOOST_AUTO_TEST_CASE(a_link_is_not_followed) {
    const LimitsFile target;
    const LimitsFile link;
    std::filesystem::create_symlink(target.path(), link.path());

    BOOST_TEST(is_refused(link.path()));
    BOOST_TEST(!std::filesystem::exists(target.path()));
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_the_operators_to_make) {
    BOOST_TEST(is_refused("/nonexistent/limits"));
}

BOOST_AUTO_TEST_CASE(an_ipv6_client_is_its_64_bits_of_network) {
    BOOST_TEST(key_of("2001:db8:1:2::1") == key_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    BOOST_TEST(key_of("2001:db8:1:2::1") != key_of("2001:db8:1:3::1"));
}

BOOST_AUTO_TEST_CASE(an_ipv4_client_is_its_address_however_it_is_written) {
    BOOST_TEST(key_of("192.0.2.1") == key_of("::ffff:192.0.2.1"));
    BOOST_TEST(key_of("192.0.2.1") != key_of("192.0.2.2"));
    BOOST_TEST(key_of("0.0.0.0") != 0U);
    BOOST_TEST(key_of("::1") != 0U);
}

BOOST_AUTO_TEST_SUITE_END()
