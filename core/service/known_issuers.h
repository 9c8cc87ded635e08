// The issuers whose user tokens are believed, with the keys that they have now, as one request
// thread knows them. secretstore-egress fetches keys into the database; this looks there when it
// has not looked for 10 s, and for a kid that it does not know once a second. Only people's
// requests come here: agents and their tokens cost no look.
//
// Thread-compatible: one object per request thread.
#pragma once

#include "core/base/result.h"
#include "core/identity/id_token.h"
#include "core/identity/jose.h"
#include "core/store/key_set_store.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

struct KeylessRuntime;

class KnownIssuers {
  public:
    // `runtime` must outlive this object.
    explicit KnownIssuers(const KeylessRuntime& runtime);

    // Errors: Unauthorized (an unknown kid included, for which a fetch is then asked for);
    // IssuerUnavailable where all holds, but under keys that could not be fetched again for 24 h;
    // StoreUnavailable.
    Result<identity::IdTokenClaims> verify(const identity::Jws& jws);

  private:
    using Time = std::chrono::steady_clock::time_point;

    Result<void> look_where_due(std::string_view kid);
    Result<void> look();
    void ask_for_fetch();
    void parse_all();
    [[nodiscard]] bool knows(std::string_view kid) const;
    [[nodiscard]] bool is_stale(std::string_view issuer) const;

    const KeylessRuntime& m_runtime;
    std::vector<std::string> m_names;
    std::vector<store::KeySetStored> m_stored;  // as it was at the last look
    std::vector<identity::IssuerKeys> m_keys;   // the same, parsed
    std::optional<Time> m_looked_at;
    std::optional<Time> m_asked_at;
};

}  // namespace core::service
