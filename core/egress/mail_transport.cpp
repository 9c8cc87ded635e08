#include "core/egress/mail_transport.h"

#include "core/daemon/descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace core::egress {
namespace {

using daemon::Descriptor;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kSendmailTimeout{25};
// How soon a stop is noticed.
constexpr int kPollMilliseconds = 200;

MailOutcome failed(std::string word, std::string detail = {}) {
    return {.status = {}, .error = std::move(word), .is_final = false, .detail = std::move(detail)};
}

std::string_view word_of(http::SmtpFault fault) {
    switch (fault) {
        case http::SmtpFault::Unreachable:
            return "unreachable";
        case http::SmtpFault::Tls:
            return "tls";
        case http::SmtpFault::SignIn:
            return "sign_in";
        case http::SmtpFault::Refused:
            return "refused";
        case http::SmtpFault::TimedOut:
            return "timeout";
        case http::SmtpFault::Stopped:
            return "interrupted";
        case http::SmtpFault::Failed:
            return "failed";
    }
    return "failed";
}

// ---- sendmail ----------------------------------------------------------------------------------

std::string with_local_line_ends(std::string_view message) {
    std::string out;
    out.reserve(message.size());
    for (const char c : message)
        if (c != '\r') out += c;
    return out;
}

// Readable when the process has ended. (The header of glibc 2.36 declares its function for C only.)
Descriptor open_handle(pid_t pid) {
    return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

// A child with one end of a pipe as its stdin; killed and buried where it is still there.
class Child {
  public:
    // Nothing where it could not be started: errno says why.
    static std::optional<Child> start(const std::filesystem::path& program,
                                      const std::string& from,
                                      const std::string& to);
    Child(Child&& other) noexcept
        : m_pid(std::exchange(other.m_pid, -1)),
          m_handle(std::move(other.m_handle)),
          m_stdin(std::move(other.m_stdin)) {}
    Child& operator=(Child&&) = delete;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (m_pid < 0) return;
        ::kill(m_pid, SIGKILL);
        static_cast<void>(wait());
    }

    // Writes all of `text` and closes its stdin. False at the deadline, at a stop, or where the
    // child no longer reads.
    bool feed(std::string_view text,
              steady_clock::time_point deadline,
              const std::stop_token& stop);
    // Its exit code; nothing at the deadline, at a stop, or where a signal ended it.
    std::optional<int> await_exit(steady_clock::time_point deadline, const std::stop_token& stop);

  private:
    Child(pid_t pid, Descriptor handle, Descriptor input)
        : m_pid(pid), m_handle(std::move(handle)), m_stdin(std::move(input)) {}
    int wait() {
        int status = 0;
        while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {
        }
        m_pid = -1;
        return status;
    }
    static bool ready(const Descriptor& descriptor,
                      short events,
                      steady_clock::time_point deadline,
                      const std::stop_token& stop);

    pid_t m_pid;
    Descriptor m_handle;
    Descriptor m_stdin;
};

std::optional<Child> Child::start(const std::filesystem::path& program,
                                  const std::string& from,
                                  const std::string& to) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    ::fcntl(writing.get(), F_SETFL, O_NONBLOCK);

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (::posix_spawn_file_actions_init(&actions) != 0) return std::nullopt;
    if (::posix_spawnattr_init(&attributes) != 0) {
        ::posix_spawn_file_actions_destroy(&actions);
        return std::nullopt;
    }
    ::posix_spawn_file_actions_adddup2(&actions, reading.get(), STDIN_FILENO);
    // All signals are blocked here; a program expects them as it finds them in a shell.
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    std::string name = program.string();
    std::array<std::string, 6> words{name, "-i", "-f", from, "--", to};
    std::array<char*, 7> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i)
        arguments[i] = words[i].data();
    std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    std::array<char*, 2> environment{path.data(), nullptr};
    pid_t pid = -1;
    const int error = ::posix_spawn(
        &pid, name.c_str(), &actions, &attributes, arguments.data(), environment.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    errno = error;
    if (error != 0) return std::nullopt;
    return Child(pid, open_handle(pid), std::move(writing));
}

bool Child::ready(const Descriptor& descriptor,
                  short events,
                  steady_clock::time_point deadline,
                  const std::stop_token& stop) {
    while (steady_clock::now() < deadline && !stop.stop_requested()) {
        pollfd waiting{descriptor.get(), events, 0};
        if (::poll(&waiting, 1, kPollMilliseconds) > 0) return true;
    }
    return false;
}

bool Child::feed(std::string_view text,
                 steady_clock::time_point deadline,
                 const std::stop_token& stop) {
    while (!text.empty()) {
        if (!ready(m_stdin, POLLOUT, deadline, stop)) return false;
        const auto written = ::write(m_stdin.get(), text.data(), text.size());
        if (written < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    m_stdin = Descriptor();
    return true;
}

std::optional<int> Child::await_exit(steady_clock::time_point deadline,
                                     const std::stop_token& stop) {
    if (!m_handle.is_open() || !ready(m_handle, POLLIN, deadline, stop)) return std::nullopt;
    const int status = wait();
    if (!WIFEXITED(status)) return std::nullopt;
    return WEXITSTATUS(status);
}

}  // namespace

MailOutcome SmtpTransport::send(const std::string& from,
                                const std::string& to,
                                std::string_view message,
                                const std::stop_token& stop) {
    const auto sent = m_client.send(from, to, message, stop);
    if (sent) return {.status = *sent, .error = {}, .is_final = false, .detail = {}};
    const auto& why = sent.error();
    MailOutcome outcome = failed(std::string(word_of(why.fault)), why.detail);
    if (why.status != 0) outcome.status = why.status;
    // RFC 5321 §4.2.1: 5yz is an answer for good, 4yz one for now.
    outcome.is_final = why.fault == http::SmtpFault::Refused && why.status >= 500;
    return outcome;
}

MailOutcome SendmailTransport::send(const std::string& from,
                                    const std::string& to,
                                    std::string_view message,
                                    const std::stop_token& stop) {
    const auto deadline = steady_clock::now() + kSendmailTimeout;
    auto child = Child::start(m_program, from, to);
    if (!child) return failed("failed", std::error_code(errno, std::generic_category()).message());
    const bool fed = child->feed(with_local_line_ends(message), deadline, stop);
    // Its exit code says more than that it stopped reading.
    const auto code =
        child->await_exit(fed ? deadline : steady_clock::now() + std::chrono::seconds(1), stop);
    if (!code) return failed(stop.stop_requested() ? "interrupted" : "timeout");
    if (*code == EX_OK && fed)
        return {.status = *code, .error = {}, .is_final = false, .detail = {}};
    MailOutcome outcome = failed("refused");
    outcome.status = *code;
    outcome.is_final = *code == EX_NOUSER || *code == EX_DATAERR || *code == EX_USAGE;
    return outcome;
}

}  // namespace core::egress
