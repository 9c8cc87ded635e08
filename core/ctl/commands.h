// The verbs of secretstorectl (operations.md). Each does one thing over the same services and
// stores as the workers, prints its result on stdout and gives an error to main, which turns it
// into a line on stderr and an exit code.
#pragma once

#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/config/config.h"
#include "core/crypto/key_shares.h"
#include "core/ctl/credentials.h"
#include "core/service/key_rotation.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace core::ctl {

enum class Output { Text, Json };

// Exit codes that scripts can rely on (operations.md, "Configuration").
enum class ExitCode {
    Ok = 0,
    Failure = 1,
    Usage = 2,
    Pending = 3,
    NotFound = 4,
    Denied = 5,
    Configuration = 78,
};
ExitCode exit_code_of(const Error& error);

Result<void> config_check(const config::Config& config);
Result<void> config_dump(const config::Config& config);
// Every key with its default and what it is for. `form`: yaml or manual.
Result<ExitCode> config_reference(const std::string& form);

// The database, its roles, and who of the system's users may be which role (postgres_host.h).
Result<void> db_init(const config::Config& config);
Result<void> db_migrate(const config::Config& config);
// Pending where a migration has not been applied.
Result<ExitCode> db_status(const config::Config& config, Output output);
// The SQL of the batched read, for plans and benchmarks.
Result<void> db_print_read_statement();

Result<void> root_key_generate(const config::Config& config);
// Its shares (crypto/key_shares.h), a file each, in a folder that is not there yet.
Result<void> root_key_split(const config::Config& config,
                            const std::filesystem::path& target,
                            const crypto::ShareCount& count);
// The root key file that shares give.
Result<ExitCode> root_key_join(const std::vector<std::string>& shares,
                               const std::filesystem::path& target);
// After a restore that was made with PostgreSQL's own means: ends every scoped token of before.
Result<void> root_key_raise_epoch(const config::Config& config);

Result<void> root_key_status(const config::Config& config, Output output);
// The steps of a rotation, in this order; each is harmless when repeated. Between begin and run,
// and after commit, the workers are restarted one after another.
Result<void> root_key_rotate_begin(const config::Config& config);
Result<void> root_key_rotate_run(const config::Config& config);
Result<void> root_key_rotate_commit(const config::Config& config);
// Back to the present key, at any time before commit.
Result<void> root_key_rotate_abort(const config::Config& config);

// A new KEK for a tenant, by its id as text, or for all where that is empty.
Result<void> kek_rotate(const config::Config& config, const std::string& tenant);

// Of the keys that sign scoped tokens, or of the peppers of agent keys and personal tokens.
enum class ServiceKeyStep { Begin, Activate, Retire };
Result<void> service_key_list(const config::Config& config,
                              service::ServiceKeyRotation::Kind kind,
                              Output output);
Result<void> service_key_rotate(const config::Config& config,
                                service::ServiceKeyRotation::Kind kind,
                                ServiceKeyStep step);
// Its four lines, to stdout.
Result<void> root_key_export(const config::Config& config);
// Makes the credential of this host of such lines in a file, never over one that is there.
Result<ExitCode> root_key_import(const std::filesystem::path& file, CredentialForm form);

// A folder that is not there yet, with the whole database as of one moment, while workers serve;
// never the root key.
Result<void> backup(const config::Config& config,
                    const std::filesystem::path& target,
                    Output output);
// Restores a backup into a scratch cluster below `place` (/var/tmp where empty), compares it with
// what was noted when it was made, opens a sample of every tenant's values, and prints a verdict:
// Failure where it is bad.
Result<ExitCode> backup_verify(const config::Config& config,
                               const std::filesystem::path& folder,
                               const std::filesystem::path& place);
enum class Acknowledged { No, Yes };
// Into the configured database, which must be empty. Says what works again; unless that was
// acknowledged, nothing is done. Raises the token epoch first.
Result<ExitCode> restore(const config::Config& config,
                         const std::filesystem::path& folder,
                         Acknowledged acknowledged);

struct NewTenant {
    std::string name;
    Plan plan = Plan::Free;
    std::string owner_email;
};

struct InitRequest {
    // Only registers the root key and makes the keys that are missing: for a database and a root
    // key file that somebody else prepared.
    bool keys_only = false;
    CredentialForm form = CredentialForm::Encrypted;
    NewTenant tenant;  // asked for, at a terminal, where it is empty and there is none yet
    int workers = 0;   // 0: as many as there are, or one a core
    bool start = true;
};
// From an installed package to a running store: roles, rules and schema of the database, root key,
// keys, first tenant, units. Shows the root key where it made one. Harmless when repeated.
Result<void> init(const config::Config& config, const InitRequest& request);

// Workers, those of billing and egress, one after another: what runs, and what failed though it is
// enabled. The first that does not come back ends it. None at all where they would not find the
// database or not work with its schema. Pending where nothing is to be restarted.
Result<ExitCode> restart(const config::Config& config);
// Pending where nothing is served.
Result<ExitCode> status(const config::Config& config, Output output);
// One line and an exit code as Nagios wants them: 0 ok, 1 warning, 2 critical, 3 unknown.
Result<ExitCode> check(const config::Config& config);
// Looks at everything around the store that goes wrong in time, and says how each is mended.
// Failure where something is wrong, Pending where something will be. As root it sees all of it.
Result<ExitCode> doctor(const config::Config& config, Output output);

Result<void> tenant_create(const config::Config& config, const NewTenant& tenant, Output output);
Result<void> tenant_list(const config::Config& config, Output output);

struct PlanChange {
    std::string tenant;
    Plan plan = Plan::Free;
    // Of this tenant alone: a number, or unlimited. Empty for the plan's own.
    std::string requests_per_minute;
};
Result<void> tenant_plan(const config::Config& config, const PlanChange& change);
// Or resume: its people, agents and tokens are refused, and nothing of it is lost.
Result<void> tenant_suspend(const config::Config& config,
                            const std::string& tenant,
                            bool is_suspended);

// nginx's share of the limits, for its http{} or for the site's server{}, on stdout.
enum class NginxPart { Zones, Limits };
Result<void> nginx_limits(const config::Config& config, NginxPart part);

struct UserTokenRequest {
    std::string email;
    std::string tenant;
    std::string ttl = "1h";
};
// The token alone on stdout.
Result<void> user_token(const config::Config& config, const UserTokenRequest& request);

struct Invitation {
    std::string email;
    std::string tenant;
    std::string role = "viewer";
};
// The invitation token is shown once; alone on stdout where JSON is not asked for.
Result<void> user_invite(const config::Config& config, const Invitation& wanted, Output output);
// Members, and who is invited.
Result<void> user_list(const config::Config& config, const std::string& tenant, Output output);

struct AgentRequest {
    std::string name;
    std::string tenant;
    std::string description;
    std::vector<std::string> namespaces;
    std::vector<std::string> scopes;
};
Result<void> agent_create(const config::Config& config, const AgentRequest& request, Output output);
// `tenant`: its id as text.
Result<void> agent_list(const config::Config& config, const std::string& tenant, Output output);

// By id, or by a name that is its own.
Result<void> agent_revoke(const config::Config& config,
                          const std::string& tenant,
                          const std::string& agent);

Result<void> token_list(const config::Config& config, const std::string& tenant, Output output);
Result<void> token_revoke(const config::Config& config,
                          const std::string& tenant,
                          const std::string& token);

struct ApprovalChoice {
    std::string tenant;
    std::string approval;
    std::string status = "pending";  // of those to list
    std::string reason;              // empty: none
};
Result<void> approval_list(const config::Config& config,
                           const ApprovalChoice& choice,
                           Output output);
// As an owner's decision.
Result<void> approval_approve(const config::Config& config,
                              const ApprovalChoice& choice,
                              Output output);
Result<void> approval_deny(const config::Config& config,
                           const ApprovalChoice& choice,
                           Output output);

struct AuditTail {
    std::string tenant;
    std::int64_t lines = 20;  // 1 to 200
    bool follow = false;      // until it is interrupted
};
// The newest events, oldest first.
Result<void> audit_tail(const config::Config& config, const AuditTail& wanted, Output output);
// All events, newest first, in memory that does not grow. `format`: csv or jsonl.
Result<void> audit_export(const config::Config& config,
                          const std::string& tenant,
                          const std::string& format);

// Writes the key that secretstore-egress is given instead of the root key into a file of its own
// (0400), never over one.
Result<void> egress_key_export(const config::Config& config, const std::string& file);

Result<void> webhook_list(const config::Config& config, const std::string& tenant, Output output);
// Sends a message of its own to one receiver, waits for at most 30 s and prints what became of it:
// Ok where it was delivered, Pending where nobody tried (egress is not running).
Result<ExitCode> webhook_test(const config::Config& config,
                              const std::string& tenant,
                              const std::string& webhook,
                              Output output);
Result<ExitCode> mail_test(const config::Config& config,
                           const std::string& tenant,
                           const std::string& address,
                           Output output);

// What the timers call: the next audit partitions; approvals that nobody decided in time; scoped
// tokens, personal tokens and invitations that have expired; requests that no longer come again;
// the counts of the audit log; secrets that expire soon; old messages; and audit events that are
// older than their tenants' plans keep. One at a time, on however many hosts.
// Errors, unless it is to be skipped then: FailedPrecondition while it runs already.
enum class IfRunning { Complain, Skip };
Result<ExitCode> maintain(const config::Config& config, IfRunning if_running);
// Whether the audit log has what maintenance counted; of all tenants where none is named. Failure
// where it has not.
Result<ExitCode> audit_verify(const config::Config& config, const std::string& tenant);

}  // namespace core::ctl
