// Reads batched by themselves (architecture.md §2). Request threads put their query into a queue
// and wait; one database thread takes all that is queued, runs it as ONE statement in one
// transaction, and wakes them when that is committed. While a commit runs the next batch gathers:
// there is no timer, and a lone request goes at once. Thread-safe.
//
// Everything that a read depends on is decided in that statement, and its audit event, refusals
// included, is written by it: whoever gets an answer is on record.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/endpoint.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace core::store {

// One read. All text has been validated: UTF-8 without NUL, a path of the grammar, an address.
struct ReadQuery {
    TenantId tenant;
    TokenId token;
    AgentId agent;
    std::string name_space;
    std::string key;
    std::optional<std::int64_t> version;  // nothing: the newest
    std::int64_t max_tier = 0;            // what the token was approved for
    std::int64_t agent_limits = 0;        // version of the agent's limits that were checked
    // Version of the tenant's plan that the request was judged by; nothing: any will do.
    std::optional<std::int64_t> plan_version;
    // A refusal that was decided already and is only to be recorded: the reason.
    std::optional<std::string> refusal;
    // A missing secret may be a namespace instead: MayList is answered and nothing recorded.
    bool may_list = false;
    AuditEventId event;
    std::string ip_address;
    std::string user_agent;
    std::string request_id;
};

// Numbered as in statements.cpp.
enum class ReadOutcome : std::uint8_t {
    Ok = 0,
    Refused = 1,  // the query's own refusal
    TokenRevoked = 2,
    TokenExpired = 3,
    AgentInactive = 4,
    AddressNotAllowed = 5,
    LimitsChanged = 6,  // not recorded
    MayList = 7,        // not recorded
    NotFound = 8,
    ApprovalNeeded = 9,
    VersionNotFound = 10,
    Expired = 11,
    PlanChanged = 12,  // not recorded
};

// What is not recorded is judged again by the caller.
constexpr bool is_recorded(ReadOutcome outcome) {
    return outcome != ReadOutcome::LimitsChanged && outcome != ReadOutcome::MayList &&
           outcome != ReadOutcome::PlanChanged;
}

// The word that the audit log says for a refusal; the same as in statements.cpp.
std::string_view reason_of(ReadOutcome outcome);

// Boxes and attributes are set where the outcome is Ok.
struct ReadRow {
    ReadOutcome outcome = ReadOutcome::Refused;
    SecretId secret;
    std::string type;
    std::int64_t tier = 0;
    std::optional<std::string> metadata;
    std::int64_t current_version = 0;
    Timestamp created_at;
    Timestamp updated_at;
    std::int64_t version = 0;
    KeyId kek;
    std::int64_t version_tier = 0;
    std::optional<Timestamp> expires_at;  // of this version
    Bytes dek_box;
    Bytes value_box;
};

// The statement for any number of queries, and its rows; what the batcher and the reads that may
// not ride in a batch share.
Parameters read_parameters(std::span<const ReadQuery* const> queries);
std::vector<ReadRow> read_rows(const ResultSet& results);

class ReadBatcher {
  public:
    // Starts the database thread, with a connection of role secretstore_reader. `max_batch` is 1
    // to 64; 1 runs each read alone.
    ReadBatcher(Endpoint endpoint, std::size_t max_batch);
    ReadBatcher(const ReadBatcher&) = delete;
    ReadBatcher& operator=(const ReadBatcher&) = delete;
    ReadBatcher(ReadBatcher&&) = delete;
    ReadBatcher& operator=(ReadBatcher&&) = delete;
    // Reads under way are answered first.
    ~ReadBatcher();

    // Blocks until the read is committed. Errors: StoreUnavailable (nothing is known to be
    // recorded, and nothing may be answered), Internal.
    Result<ReadRow> read(const ReadQuery& query);

  private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace core::store
