// The pool of request threads against a real socket: requests, bodies and answers over FastCGI,
// and how it ends. Signals come through a pipe that looks like a signalfd.
#include "fcgi/accept_loop.h"

#include "core/base/bytes.h"
#include "core/base/log.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace accept_loop_test {

namespace data = boost::unit_test::data;
using core::daemon::Descriptor;
using fcgi::AcceptLoop;
using fcgi::HttpResponse;
using fcgi::IncomingRequest;

namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// ---- the least of a FastCGI client (FastCGI specification 1.0, §3) -----------------------------

enum class Record : char { Begin = 1, End = 3, Names = 4, Input = 5, Output = 6 };

std::string record(Record type, std::string_view content) {
    std::string out{'\x01', static_cast<char>(type), '\x00', '\x01'};
    out.push_back(static_cast<char>(content.size() >> 8U));
    out.push_back(static_cast<char>(content.size() & 0xffU));
    out.append(2, '\0');
    return out.append(content);
}

std::string begin_record(bool keep_connection) {
    std::string content(8, '\0');
    content[1] = 1;  // responder
    content[2] = keep_connection ? 1 : 0;
    return record(Record::Begin, content);
}

std::string request_records(const Parameters& parameters,
                            std::string_view body,
                            bool keep = false) {
    std::string names;
    for (const auto& [name, value] : parameters) {
        names.push_back(static_cast<char>(name.size()));
        names.push_back(static_cast<char>(value.size()));
        names.append(name).append(value);
    }
    std::string out = begin_record(keep) + record(Record::Names, names) + record(Record::Names, {});
    for (; !body.empty(); body.remove_prefix(std::min<std::size_t>(body.size(), 32768)))
        out += record(Record::Input, body.substr(0, 32768));
    return out + record(Record::Input, {});
}

void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

// Until the server closes; the content of all output records.
std::string read_answer(int socket) {
    std::string raw;
    std::array<char, 65536> buffer{};
    for (;;) {
        const auto count = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (count <= 0) break;
        raw.append(buffer.data(), static_cast<std::size_t>(count));
    }
    std::string out;
    for (std::size_t at = 0; at + 8 <= raw.size();) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(raw[at + i]); };
        const std::size_t length = byte(4) * 256U + byte(5);
        if (byte(1) == static_cast<unsigned char>(Record::Output)) out.append(raw, at + 8, length);
        at += 8 + length + byte(6);
    }
    return out;
}

// ---- the pool under test -----------------------------------------------------------------------

struct Script {
    std::atomic<int> served{0};
    std::atomic<bool> doubtful{false};
    std::promise<void> entered;
    std::promise<void> may_answer;
};

// Answers with the method, the target, the credential and the body; "/slow" waits to be told.
class EchoHandler final : public fcgi::RequestHandler {
  public:
    explicit EchoHandler(Script& script) : m_script(script) {}

    HttpResponse handle(const IncomingRequest& incoming, fcgi::BodySource& body) override {
        if (incoming.target == "/slow") {
            m_script.entered.set_value();
            m_script.may_answer.get_future().wait();
        }
        ++m_script.served;
        std::string text(incoming.method);
        text.append(" ").append(incoming.target);
        text.append(" ").append(incoming.authorization.value_or("(none)"));
        if (incoming.target == "/unread") return answer(text);
        if (!incoming.content_length.empty()) {
            const auto bytes = body.read(std::stoul(std::string(incoming.content_length)));
            text.append(" ").append(bytes ? core::as_text(bytes->expose()) : "(short)");
        }
        return answer(text);
    }
    [[nodiscard]] bool is_doubtful() const override { return m_script.doubtful; }

  private:
    static HttpResponse answer(const std::string& text) {
        return {.status = fcgi::Status::Ok, .body = core::Body::copy_of(text), .headers = {}};
    }
    Script& m_script;
};

class Pool {
  public:
    explicit Pool(std::size_t threads) {
        core::log::set_level(core::log::Level::Error);
        std::array<int, 2> pipe{};
        BOOST_REQUIRE(::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        m_signals = Descriptor(pipe[0]);
        m_tell = Descriptor(pipe[1]);
        m_listening = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
        // An abstract address of the kernel's choice: no file, no collision.
        m_address.sun_family = AF_UNIX;
        BOOST_REQUIRE(bind_to(sizeof(sa_family_t)) == 0);
        m_length = sizeof m_address;
        ::getsockname(m_listening.get(), address(), &m_length);
        BOOST_REQUIRE(::listen(m_listening.get(), 64) == 0);

        std::vector<std::unique_ptr<fcgi::RequestHandler>> handlers;
        for (std::size_t i = 0; i < threads; ++i)
            handlers.push_back(std::make_unique<EchoHandler>(script));
        m_loop = std::make_unique<AcceptLoop>(m_listening.get(), std::move(handlers));
        m_result = std::async(std::launch::async, [this] {
            return m_loop->run(m_signals, [this] { reloaded.set_value(); }).has_value();
        });
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    Pool(Pool&&) = delete;
    Pool& operator=(Pool&&) = delete;
    ~Pool() {
        if (m_result.valid()) end();
    }

    void signal(int number) {
        signalfd_siginfo info{};
        info.ssi_signo = static_cast<std::uint32_t>(number);
        BOOST_REQUIRE(::write(m_tell.get(), &info, sizeof info) == sizeof info);
    }

    // Did it end because it was asked to?
    bool end() {
        signal(SIGTERM);
        return m_result.get();
    }
    std::future<bool>& result() { return m_result; }

    // Called by several threads, where Boost's macros must not stand: a client that could not
    // connect gets no answer.
    Descriptor connect() {
        Descriptor client(::socket(AF_UNIX, SOCK_STREAM, 0));
        if (::connect(client.get(), address(), m_length) != 0) return {};
        return client;
    }

    std::string ask(const Parameters& parameters, std::string_view body = {}, bool keep = false) {
        const Descriptor client = connect();
        send_all(client.get(), request_records(parameters, body, keep));
        return read_answer(client.get());
    }

    Script script;
    std::promise<void> reloaded;

  private:
    sockaddr* address() { return reinterpret_cast<sockaddr*>(&m_address); }
    int bind_to(socklen_t length) { return ::bind(m_listening.get(), address(), length); }

    Descriptor m_signals;
    Descriptor m_tell;
    Descriptor m_listening;
    sockaddr_un m_address{};
    socklen_t m_length = 0;
    std::unique_ptr<AcceptLoop> m_loop;
    std::future<bool> m_result;
};

Parameters get(std::string target) {
    return {{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", std::move(target)}};
}

Parameters put(std::string target, std::size_t size) {
    return {{"REQUEST_METHOD", "PUT"},
            {"REQUEST_URI", std::move(target)},
            {"CONTENT_LENGTH", std::to_string(size)}};
}

bool ends_with(const std::string& text, std::string_view end) {
    return std::string_view(text).ends_with(end);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(accept_loop, *boost::unit_test::timeout(60))

BOOST_AUTO_TEST_CASE(a_request_is_answered) {
    Pool pool(2);

    const std::string answer = pool.ask(get("/a%2Fb?c"));

    BOOST_TEST(answer ==
               "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n"
               "GET /a%2Fb?c (none)");
}

BOOST_AUTO_TEST_CASE(the_credential_is_a_parameter_of_its_own) {
    Pool pool(1);
    auto parameters = get("/");
    parameters.emplace_back("HTTP_AUTHORIZATION", "Bearer x");

    BOOST_TEST(ends_with(pool.ask(parameters), "GET / Bearer x"));
}

BOOST_DATA_TEST_CASE(a_body_arrives_whole, data::make({1, 100, 8191, 8192, 8193, 1048576}), size) {
    Pool pool(1);
    std::string body;
    for (int i = 0; i < size; ++i)
        body.push_back(static_cast<char>('a' + i % 23));

    const std::string answer = pool.ask(put("/", body.size()), body);

    BOOST_TEST(ends_with(answer, "PUT / (none) " + body));
}

BOOST_AUTO_TEST_CASE(a_body_that_is_shorter_than_announced_is_noticed) {
    Pool pool(1);

    BOOST_TEST(ends_with(pool.ask(put("/", 10), "short"), "PUT / (none) (short)"));
}

BOOST_AUTO_TEST_CASE(more_body_than_announced_is_left_out) {
    Pool pool(1);

    BOOST_TEST(ends_with(pool.ask(put("/", 3), "abcdef"), "PUT / (none) abc"));
}

BOOST_AUTO_TEST_CASE(a_body_that_nobody_reads_does_not_spoil_the_answer) {
    Pool pool(1);
    const std::string body(1048576, 'v');

    BOOST_TEST(ends_with(pool.ask(put("/unread", body.size()), body), "PUT /unread (none)"));
}

BOOST_AUTO_TEST_CASE(a_connection_that_asks_to_be_kept_is_closed_all_the_same) {
    Pool pool(1);

    // read_answer() returns at the end of the connection only.
    BOOST_TEST(ends_with(pool.ask(get("/"), {}, /*keep=*/true), "GET / (none)"));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_fastcgi_do_not_stop_the_thread) {
    Pool pool(1);
    {
        const Descriptor client = pool.connect();
        send_all(client.get(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        ::shutdown(client.get(), SHUT_WR);
        BOOST_TEST(read_answer(client.get()).empty());
    }

    BOOST_TEST(ends_with(pool.ask(get("/")), "GET / (none)"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_goes_away_at_once_does_not_stop_the_thread) {
    Pool pool(1);
    pool.connect();

    BOOST_TEST(ends_with(pool.ask(get("/")), "GET / (none)"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_its_answer_does_not_stop_the_thread) {
    Pool pool(1);
    const std::string body(1048576, 'v');
    {
        const Descriptor client = pool.connect();
        send_all(client.get(), request_records(put("/", body.size()), body));
    }

    BOOST_TEST(ends_with(pool.ask(get("/")), "GET / (none)"));
}

BOOST_AUTO_TEST_CASE(many_clients_at_once_get_each_its_own_answer) {
    Pool pool(4);
    std::vector<std::future<bool>> clients;
    clients.reserve(8);
    for (int client = 0; client < 8; ++client) {
        clients.push_back(std::async(std::launch::async, [&pool, client] {
            bool right = true;
            for (int i = 0; i < 50; ++i) {
                const std::string target = "/" + std::to_string(client) + "/" + std::to_string(i);
                right = ends_with(pool.ask(get(target)), "GET " + target + " (none)") && right;
            }
            return right;
        }));
    }

    bool all = true;
    for (auto& client : clients)
        all = client.get() && all;

    BOOST_TEST(all);
    BOOST_TEST(pool.script.served == 400);
}

BOOST_AUTO_TEST_CASE(asked_to_leave_it_ends) {
    Pool pool(4);

    BOOST_TEST(pool.end());
}

BOOST_AUTO_TEST_CASE(a_request_under_way_is_answered_before_it_leaves) {
    Pool pool(2);
    const Descriptor client = pool.connect();
    send_all(client.get(), request_records(get("/slow"), {}));
    pool.script.entered.get_future().wait();

    pool.signal(SIGTERM);
    const auto waiting = pool.result().wait_for(std::chrono::milliseconds(100));
    pool.script.may_answer.set_value();

    BOOST_TEST((waiting == std::future_status::timeout));
    BOOST_TEST(ends_with(read_answer(client.get()), "GET /slow (none)"));
    BOOST_TEST(pool.result().get());
}

BOOST_AUTO_TEST_CASE(sighup_reloads_and_goes_on) {
    Pool pool(1);

    pool.signal(SIGHUP);
    pool.reloaded.get_future().wait();

    BOOST_TEST(ends_with(pool.ask(get("/")), "GET / (none)"));
}

BOOST_AUTO_TEST_CASE(a_doubtful_handler_ends_the_pool_after_its_answer) {
    Pool pool(2);
    pool.script.doubtful = true;

    const std::string answer = pool.ask(get("/"));

    BOOST_TEST(ends_with(answer, "GET / (none)"));
    BOOST_TEST(!pool.result().get());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace accept_loop_test
