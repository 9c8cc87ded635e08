#include "core/egress/turns.h"

#include "core/egress/job.h"

#include <chrono>

namespace core::egress {
namespace {

// Nobody waits for longer than the watchdog would find strange.
constexpr std::chrono::seconds kLongestWait{20};

}  // namespace

void Turns::wait(const std::stop_token& stop) {
    std::unique_lock lock(m_mutex);
    const bool looks = !m_somebody_looks;
    if (looks) m_somebody_looks = true;
    const bool called = m_changed.wait_for(
        lock, stop, looks ? std::chrono::milliseconds(kBetweenLooks) : kLongestWait, [this] {
            return m_calls > 0;
        });
    if (called) --m_calls;
    if (looks) m_somebody_looks = false;
}

void Turns::call_another() {
    {
        const std::lock_guard lock(m_mutex);
        m_calls = 1;
    }
    m_changed.notify_one();
}

}  // namespace core::egress
