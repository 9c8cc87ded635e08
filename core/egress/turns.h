// Who looks for work among threads that all could. Of those that have nothing to do one looks twice
// a second, whoever finds something calls another: so idle threads cost nothing, and as many work
// as there is work. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace core::egress {

class Turns {
  public:
    // Returns when it is this thread's turn to look, or a stop was requested.
    void wait(const std::stop_token& stop);
    // Something was found: there may be more for another.
    void call_another();

  private:
    std::mutex m_mutex;
    std::condition_variable_any m_changed;
    bool m_somebody_looks = false;
    std::uint64_t m_calls = 0;
};

}  // namespace core::egress
