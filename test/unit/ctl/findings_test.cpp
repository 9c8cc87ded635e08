#include "core/ctl/findings.h"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(findings)

using core::ctl::count_clients;
using core::ctl::Finding;
using core::ctl::Health;
using core::ctl::judge_backlog;
using core::ctl::judge_certificate;
using core::ctl::judge_clock;
using core::ctl::judge_partitions;
using core::ctl::judge_real_ip;
using core::ctl::judge_space;
using core::ctl::judge_swap;
using core::ctl::mend_access;
using core::ctl::parse_validity;
using core::ctl::swap_devices;
using namespace std::chrono_literals;
using std::chrono::days;

namespace {

constexpr std::uintmax_t kGiB = 1ULL << 30U;
constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1'700'000'000)};

Health health_of_certificate(std::chrono::seconds from, std::chrono::seconds until) {
    return judge_certificate("site.pem", {kNow + from, kNow + until}, kNow, "reload").health;
}

Health health_of_space(std::uintmax_t free, std::uintmax_t size) {
    return judge_space("/var/lib/postgresql", {free, size}).health;
}

// Lines of nginx's access log, `count` of them from `address`.
std::string lines_from(const std::string& address, int count) {
    std::string lines;
    for (int i = 0; i < count; ++i)
        lines += R"({"request_id":"x","client":")" + address +
                 R"(","method":"GET"})"
                 "\n";
    return lines;
}

Health health_of_clients(const std::string& log) {
    return judge_real_ip({}, count_clients(log)).health;
}

}  // namespace

BOOST_AUTO_TEST_CASE(whatever_is_not_fine_says_how_it_is_mended) {
    const std::vector<Finding> bad{judge_clock(false, 0ms),
                                   judge_clock(true, 5s),
                                   judge_certificate("a", {kNow - 1h, kNow}, kNow, "reload"),
                                   judge_certificate("a", {kNow + 1h, kNow + 2h}, kNow, "reload"),
                                   judge_partitions(0),
                                   judge_backlog(128),
                                   judge_space("/", {0, kGiB}),
                                   judge_swap({"/dev/sda2"}, true),
                                   judge_real_ip({"0.0.0.0/0"}, {}),
                                   judge_real_ip({}, count_clients(lines_from("10.0.0.9", 200)))};

    for (const auto& finding : bad) {
        BOOST_TEST_CONTEXT(finding.check << ": " << finding.text) {
            BOOST_TEST((finding.health > Health::Skipped));
            BOOST_TEST(!finding.remedy.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_clock_that_nobody_keeps_right_is_a_warning) {
    BOOST_TEST((judge_clock(false, 0ms).health == Health::Warning));
    BOOST_TEST((judge_clock(true, 300ms).health == Health::Fine));
}

BOOST_AUTO_TEST_CASE(a_database_that_lives_in_another_time_is_wrong_either_way) {
    BOOST_TEST((judge_clock(true, 2001ms).health == Health::Wrong));
    BOOST_TEST((judge_clock(true, -2001ms).health == Health::Wrong));
    BOOST_TEST(judge_clock(true, -5s).text.find("5 s behind") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_dates_of_a_certificate_are_read_as_openssl_prints_them) {
    const auto validity =
        parse_validity("notBefore=Nov  6 12:00:00 2023 GMT\nnotAfter=Jan 15 08:30:01 2024 GMT\n");

    BOOST_REQUIRE(validity.has_value());
    BOOST_TEST(validity->from.time_since_epoch().count() == 1699272000);
    BOOST_TEST(validity->until.time_since_epoch().count() == 1705307401);
}

BOOST_AUTO_TEST_CASE(what_openssl_does_not_print_is_no_date) {
    BOOST_TEST(!parse_validity("").has_value());
    BOOST_TEST(!parse_validity("notBefore=Nov  6 12:00:00 2023 GMT\n").has_value());
    BOOST_TEST(!parse_validity("notBefore=x\nnotAfter=y\n").has_value());
}

BOOST_AUTO_TEST_CASE(a_certificate_is_a_warning_two_weeks_before_its_end) {
    BOOST_TEST((health_of_certificate(-1h, days(15)) == Health::Fine));
    BOOST_TEST((health_of_certificate(-1h, days(13)) == Health::Warning));
    BOOST_TEST((health_of_certificate(-1h, 0s) == Health::Wrong));
    BOOST_TEST((health_of_certificate(1s, days(90)) == Health::Wrong));
}

BOOST_AUTO_TEST_CASE(partitions_run_out_with_a_warning) {
    BOOST_TEST((judge_partitions(12).health == Health::Fine));
    BOOST_TEST((judge_partitions(3).health == Health::Fine));
    BOOST_TEST((judge_partitions(2).health == Health::Warning));
    BOOST_TEST((judge_partitions(0).health == Health::Wrong));
}

BOOST_AUTO_TEST_CASE(a_kernel_that_grants_less_of_a_queue_than_ours_asks_for_is_a_warning) {
    BOOST_TEST((judge_backlog(4096).health == Health::Fine));
    BOOST_TEST((judge_backlog(4095).health == Health::Warning));
}

BOOST_AUTO_TEST_CASE(a_disk_is_judged_by_its_share_and_by_what_is_left) {
    BOOST_TEST((health_of_space(50 * kGiB, 100 * kGiB) == Health::Fine));
    BOOST_TEST((health_of_space(10 * kGiB, 100 * kGiB) == Health::Warning));
    BOOST_TEST((health_of_space(4 * kGiB, 100 * kGiB) == Health::Wrong));
    BOOST_TEST((health_of_space(400ULL << 20U, 500ULL << 20U) == Health::Wrong));
    // 2 % of a very large disk last.
    BOOST_TEST((health_of_space(200 * kGiB, 10'000 * kGiB) == Health::Fine));
    BOOST_TEST((health_of_space(0, 0) == Health::Wrong));
}

BOOST_AUTO_TEST_CASE(memory_that_is_compressed_in_memory_is_no_swap) {
    const auto devices = swap_devices(
        "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
        "/dev/zram0                              partition\t4194300\t\t0\t\t100\n"
        "/dev/sda2                               partition\t998396\t\t0\t\t-2\n"
        "/swapfile                               file\t\t998396\t\t0\t\t-3\n");

    BOOST_TEST(devices == (std::vector<std::string>{"/dev/sda2", "/swapfile"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(plain_swap_is_a_warning_where_nginx_may_use_it) {
    BOOST_TEST((judge_swap({}, true).health == Health::Fine));
    BOOST_TEST((judge_swap({"/dev/sda2"}, false).health == Health::Fine));
    BOOST_TEST((judge_swap({"/dev/sda2"}, true).health == Health::Warning));
}

BOOST_AUTO_TEST_CASE(a_file_may_be_less_open_than_wanted) {
    BOOST_TEST(!mend_access({"/k", 0400, "root", "root"}, {0640, "root", {}}).has_value());
    BOOST_TEST(!mend_access({"/k", 0640, "root", "ssl-cert"}, {0640, "root", {}}).has_value());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_too_open_is_closed_and_nothing_else_changes) {
    BOOST_TEST(mend_access({"/k", 0644, "root", "root"}, {0400, "root", {}}).value() ==
               "chmod 0400 /k");
    BOOST_TEST(mend_access({"/k", 0604, "root", "root"}, {0640, "root", {}}).value() ==
               "chmod 0600 /k");
}

BOOST_AUTO_TEST_CASE(a_file_of_somebody_else_is_given_back) {
    BOOST_TEST(mend_access({"/c", 0640, "bob", "bob"}, {0640, "root", "secretstore"}).value() ==
               "chown root:secretstore /c");
    BOOST_TEST(mend_access({"/c", 0666, "bob", "root"}, {0640, "root", {}}).value() ==
               "chown root /c && chmod 0640 /c");
}

BOOST_AUTO_TEST_CASE(clients_are_counted_by_their_addresses) {
    const auto clients = count_clients("lf-a-line\"}\n" + lines_from("203.0.113.7", 3) +
                                       lines_from("198.51.100.1", 2));

    BOOST_TEST(clients.requests == 5U);
    BOOST_TEST(clients.busiest == "203.0.113.7");
    BOOST_TEST(clients.of_busiest == 3U);
}

BOOST_AUTO_TEST_CASE(a_load_balancer_that_stands_for_its_clients_is_noticed) {
    BOOST_TEST((health_of_clients(lines_from("10.0.0.9", 200)) == Health::Warning));
    BOOST_TEST((health_of_clients(lines_from("10.0.0.9", 190) + lines_from("8.8.8.8", 9)) ==
                Health::Warning));
}

BOOST_AUTO_TEST_CASE(a_busy_client_is_no_load_balancer) {
    BOOST_TEST((health_of_clients(lines_from("8.8.8.8", 200)) == Health::Fine));
    BOOST_TEST((health_of_clients(lines_from("10.0.0.9", 99)) == Health::Fine));
    BOOST_TEST((health_of_clients(lines_from("10.0.0.9", 100) + lines_from("8.8.8.8", 50)) ==
                Health::Fine));
    BOOST_TEST((health_of_clients(lines_from("127.0.0.1", 200)) == Health::Fine));
}

BOOST_AUTO_TEST_CASE(believing_every_client_about_its_address_is_wrong) {
    BOOST_TEST((judge_real_ip({"10.0.0.9", "::/0"}, {}).health == Health::Wrong));
    BOOST_TEST((judge_real_ip({"10.0.0.9"}, count_clients(lines_from("10.0.0.9", 200))).health ==
                Health::Fine));
}

BOOST_AUTO_TEST_SUITE_END()
