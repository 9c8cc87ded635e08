#include "core/base/metrics_text.h"

#include <algorithm>

namespace core {
namespace {

std::string_view name_of(MetricsText::Kind kind) {
    switch (kind) {
        case MetricsText::Kind::Counter:
            return "counter";
        case MetricsText::Kind::Gauge:
            return "gauge";
        case MetricsText::Kind::Histogram:
            return "histogram";
    }
    return "untyped";
}

void append_escaped(std::string& out, std::string_view value) {
    for (const char c : value) {
        if (c == '\\' || c == '"') out.push_back('\\');
        if (c == '\n')
            out.append("\\n");
        else
            out.push_back(c);
    }
}

// Seconds as the shortest decimal that is exactly this many billionths.
std::string seconds_text(std::chrono::nanoseconds time) {
    constexpr std::int64_t kPerSecond = 1'000'000'000;
    std::string fraction = std::to_string(kPerSecond + time.count() % kPerSecond).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    const std::string whole = std::to_string(time.count() / kPerSecond);
    return fraction.empty() ? whole : whole + "." + fraction;
}

}  // namespace

void MetricsText::family(std::string_view name, Kind kind, std::string_view help) {
    m_name = name;
    m_text.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ");
    m_text.append(name).append(" ").append(name_of(kind)).append("\n");
}

void MetricsText::line(std::string_view suffix,
                       Labels labels,
                       std::string_view bound,
                       std::string_view value) {
    m_text.append(m_name).append(suffix);
    char before = '{';
    for (const auto& label : labels) {
        m_text.push_back(before);
        m_text.append(label.name).append("=\"");
        append_escaped(m_text, label.value);
        m_text.push_back('"');
        before = ',';
    }
    if (!bound.empty()) {
        m_text.push_back(before);
        m_text.append("le=\"").append(bound).append("\"");
        before = ',';
    }
    m_text.append(before == '{' ? " " : "} ").append(value).append("\n");
}

void MetricsText::sample(Labels labels, std::uint64_t value) {
    line({}, labels, {}, std::to_string(value));
}

void MetricsText::sample(Labels labels, std::chrono::seconds value) {
    line({}, labels, {}, std::to_string(std::max<std::int64_t>(value.count(), 0)));
}

void MetricsText::bucket(Labels labels, std::chrono::microseconds bound, std::uint64_t count) {
    line("_bucket", labels, seconds_text(bound), std::to_string(count));
}

void MetricsText::total(Labels labels, std::uint64_t count, std::chrono::nanoseconds sum) {
    line("_bucket", labels, "+Inf", std::to_string(count));
    line("_sum", labels, {}, seconds_text(sum));
    line("_count", labels, {}, std::to_string(count));
}

}  // namespace core
