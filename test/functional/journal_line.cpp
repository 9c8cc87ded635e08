// Writes one line to the log, as a worker does when a request fails. What becomes of it depends on
// where standard error leads: functional/journal.test.mjs.
#include "core/base/ids.h"
#include "core/base/log.h"

int main() {
    const auto request_id = core::RequestId::parse("5a9f2c10d7b84e6f9a1b2c3d4e5f6071");
    const auto tenant = core::TenantId::parse("0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b");
    if (!request_id || !tenant) return 1;
    core::log::error("request_failed",
                     {{"request_id", *request_id},
                      {"tenant", *tenant},
                      {"code", core::ErrorCode::StoreUnavailable},
                      {"detail", core::log::quoted("first line\nPRIORITY=0\nx")}});
    return 0;
}
