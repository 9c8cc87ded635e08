#include "core/service/services.h"

#include "core/store/connection_pool.h"

namespace core::service {

Services::Services(const Runtime& shared)
    : runtime(shared),
      authenticator(shared),
      rate_limits(shared),
      agents(shared),
      tokens(shared),
      approvals(shared),
      approval_policies(shared),
      secrets(shared),
      secret_changes(shared),
      audit(shared),
      profile(shared),
      members(shared),
      personal_tokens(shared),
      webhooks(shared),
      deliveries(shared),
      monitoring(shared) {}

Result<void> Services::check_health() {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    const auto answer = (*connection)->run(store::Statement::Ping, {});
    if (!answer) return tl::unexpected(store::to_error(answer.error()));
    return {};
}

}  // namespace core::service
