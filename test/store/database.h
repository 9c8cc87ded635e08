// What store tests stand on: a migrated database of the throw-away cluster, a superuser's
// connection to look behind the walls, and rows of a tenant of one's own for each test.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/store/connection.h"
#include "core/store/endpoint.h"
#include "core/store/read_batcher.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace store_test {

// Where the migrations of this tree are.
std::filesystem::path migrations_directory();

// Raw SQL as a database user, one text a cell; for arranging and for looking, not for what is
// tested. Aborts the test case on an SQL error unless it is asked for.
class Psql {
  public:
    explicit Psql(const std::string& user = "postgres",
                  const std::string& database = "secretstore");
    ~Psql();
    Psql(const Psql&) = delete;
    Psql& operator=(const Psql&) = delete;
    Psql(Psql&&) = delete;
    Psql& operator=(Psql&&) = delete;

    // All cells, row by row. An SQL error fails the test.
    std::vector<std::string> query(const std::string& sql);
    // The first cell.
    std::string value(const std::string& sql) { return query(sql).at(0); }
    // The SQLSTATE of a statement that must fail; empty where it does not.
    std::string sqlstate_of(const std::string& sql);

  private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

// The migrated database of this process.
core::store::Endpoint endpoint(const std::string& database = "secretstore");
// A database of its own, empty, for tests of migrations. Named once per call.
std::string create_empty_database();

// A tenant with an agent, a token and a secret with one version, as rows.
struct Rows {
    Rows();

    core::TenantId tenant;
    core::AgentId agent;
    core::TokenId token;
    core::SecretId secret;
    core::KeyId kek;

    // A read of secret app/KEY with that token, allowed everything.
    [[nodiscard]] core::store::ReadQuery query() const;
    // How many audit rows this tenant has of that type.
    [[nodiscard]] long audit_count(const std::string& event_type) const;
};

// Ids that differ from call to call.
core::UuidBytes fresh_uuid();

}  // namespace store_test
