// Where the operator's command finds the root key, and keeps the one that will follow it while it
// is being replaced: beside its file, or as a credential of its own that a drop-in gives to the
// workers. Thread-compatible.
#pragma once

#include "core/base/result.h"
#include "core/config/config.h"
#include "core/ctl/credentials.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>

namespace core::ctl {

class RootKeyPlace {
  public:
    // Errors: no_root_key().
    static Result<RootKeyPlace> find(const config::Config& config);

    // Makes a new root key, with the token epoch of the present one, unless one that was begun is
    // there. Errors of all these: ConfigInvalid, Internal.
    Result<void> add_successor(std::uint32_t token_epoch);
    // The successor is the root key from now on; the old one is gone.
    Result<void> put_successor_in_place();
    // The successor is gone.
    Result<void> remove_successor();

    // Where it lies, for messages.
    [[nodiscard]] std::filesystem::path successor() const;

  private:
    using Place = std::variant<std::filesystem::path, Credential>;
    explicit RootKeyPlace(Place place) : m_place(std::move(place)) {}

    Place m_place;
};

}  // namespace core::ctl
