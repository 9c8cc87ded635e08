#include "core/base/log.h"

#include "core/base/bytes.h"
#include "core/base/clock.h"

// Where in the source a line is written is the same for all of them: this file.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

namespace core::log {
namespace {

std::atomic<Level> g_level{Level::Info};

std::string_view name_of(Level level) {
    switch (level) {
        case Level::Error:
            return "error";
        case Level::Warning:
            return "warning";
        case Level::Info:
            return "info";
        case Level::Debug:
            return "debug";
    }
    return "unknown";
}

int syslog_priority(Level level) {
    switch (level) {
        case Level::Error:
            return LOG_ERR;
        case Level::Warning:
            return LOG_WARNING;
        case Level::Info:
            return LOG_INFO;
        case Level::Debug:
            return LOG_DEBUG;
    }
    return LOG_INFO;
}

bool under_journal() {
    static const bool connected = is_journal_stream(std::getenv("JOURNAL_STREAM"), STDERR_FILENO);
    return connected;
}

std::string logfmt(Level level, std::string_view event, std::initializer_list<Field> fields) {
    std::string line = "time=" + format_rfc3339(SystemClock{}.now());
    line.append(" level=").append(name_of(level)).append(" event=").append(event);
    for (const auto& field : fields) {
        const bool plain = !field.value().empty() && field.value().find(' ') == std::string::npos;
        line.append(" ").append(field.name()).append("=");
        if (plain)
            line.append(field.value());
        else
            line.append("\"").append(field.value()).append("\"");
    }
    line.push_back('\n');
    return line;
}

void send_to_journal(Level level, std::string_view event, std::initializer_list<Field> fields) {
    std::vector<std::string> entries;
    entries.reserve(fields.size() + 4);
    std::string message(event);
    for (const auto& field : fields)
        message.append(" ").append(field.name()).append("=").append(field.value());
    entries.push_back("MESSAGE=" + message);
    entries.push_back("PRIORITY=" + std::to_string(syslog_priority(level)));
    entries.push_back("SYSLOG_IDENTIFIER=" + std::string(program_invocation_short_name));
    entries.push_back("SECRETSTORE_EVENT=" + std::string(event));
    for (const auto& field : fields) {
        std::string name = "SECRETSTORE_" + std::string(field.name());
        std::transform(name.begin(), name.end(), name.begin(), [](char c) {
            return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        });
        entries.push_back(name + "=" + field.value());
    }
    std::vector<iovec> parts;
    parts.reserve(entries.size());
    for (auto& entry : entries)
        parts.push_back({entry.data(), entry.size()});
    sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace

bool is_journal_stream(const char* variable, int descriptor) {
    struct stat status {};
    return variable != nullptr && ::fstat(descriptor, &status) == 0 &&
           std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == variable;
}

Quoted quoted(std::string_view text) {
    constexpr std::size_t kLongest = 200;
    Quoted out;
    for (const char c : text.substr(0, kLongest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.m_text.push_back('\\');
            out.m_text.push_back(c);
        } else if (byte >= 0x20 && byte < 0x7f) {
            out.m_text.push_back(c);
        } else {
            out.m_text += "\\x" + to_hex(std::array{byte});
        }
    }
    if (text.size() > kLongest) out.m_text += "...";
    return out;
}

void set_level(Level level) {
    g_level.store(level, std::memory_order_relaxed);
}
Level level() {
    return g_level.load(std::memory_order_relaxed);
}

void write(Level level, Literal event, std::initializer_list<Field> fields) {
    if (level > log::level()) return;
    if (under_journal()) {
        send_to_journal(level, event.text(), fields);
        return;
    }
    const std::string line = logfmt(level, event.text(), fields);
    // One write per line: lines of several threads and workers do not mix. There is nobody to tell
    // when stderr is gone.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace core::log
