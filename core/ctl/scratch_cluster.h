// A PostgreSQL cluster for one purpose, gone with this object: where a backup is restored to see
// whether it can be. Reached by its own socket alone, in a folder that nobody else can enter. Needs
// the server's programs (package postgresql-15) and, called by root, the system user `postgres`,
// for PostgreSQL refuses root.
#pragma once

#include "core/base/result.h"
#include "core/config/config.h"
#include "core/store/endpoint.h"

#include <filesystem>
#include <string>
#include <vector>

namespace core::ctl {

class ScratchCluster {
  public:
    // In a folder of its own below `place`, with the roles of sql/roles.sql and an empty database.
    // Errors: ConfigInvalid, with PostgreSQL's words; Internal.
    static Result<ScratchCluster> start(const config::Config& config,
                                        const std::filesystem::path& place);

    ScratchCluster(ScratchCluster&& other) noexcept;
    ScratchCluster& operator=(ScratchCluster&&) = delete;
    ScratchCluster(const ScratchCluster&) = delete;
    ScratchCluster& operator=(const ScratchCluster&) = delete;
    ~ScratchCluster();

    // Every role is let in.
    [[nodiscard]] const store::Endpoint& endpoint() const { return m_endpoint; }

  private:
    ScratchCluster(std::filesystem::path folder, store::Endpoint endpoint)
        : m_folder(std::move(folder)), m_endpoint(std::move(endpoint)) {}

    std::filesystem::path m_folder;
    store::Endpoint m_endpoint;
};

}  // namespace core::ctl
