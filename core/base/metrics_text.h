// The text format in which Prometheus reads metrics (exposition format 0.0.4), written line by
// line. Thread-compatible.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace core {

struct MetricLabel {
    std::string_view name;
    std::string_view value;  // any text: it is escaped
};

class MetricsText {
  public:
    enum class Kind { Counter, Gauge, Histogram };
    using Labels = std::initializer_list<MetricLabel>;

    static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

    // Begins a family: all samples behind it are of that name. Names and help are ours, and plain.
    void family(std::string_view name, Kind kind, std::string_view help);

    void sample(Labels labels, std::uint64_t value);
    void sample(std::uint64_t value) { sample({}, value); }
    // Of a gauge; not below zero where a clock was set back.
    void sample(Labels labels, std::chrono::seconds value);
    void sample(std::chrono::seconds value) { sample({}, value); }

    // Of a histogram: how many took at most `bound`, then all of them, and what they took together.
    void bucket(Labels labels, std::chrono::microseconds bound, std::uint64_t count);
    void total(Labels labels, std::uint64_t count, std::chrono::nanoseconds sum);

    [[nodiscard]] std::string take() && { return std::move(m_text); }

  private:
    void line(std::string_view suffix,
              Labels labels,
              std::string_view bound,
              std::string_view value);

    std::string m_name;
    std::string m_text;
};

}  // namespace core
