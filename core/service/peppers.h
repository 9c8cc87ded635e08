// The peppers that agent keys and personal tokens are MACed with: the one of new keys and, while it
// is being replaced, the others. Thread-compatible: one object per request thread.
#pragma once

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/crypto/mac.h"
#include "core/identity/api_key.h"

#include <optional>
#include <utility>
#include <vector>

namespace core::service {

class Keyring;

class Peppers {
  public:
    // Copies the keys.
    explicit Peppers(const Keyring& keyring);

    // Of new keys.
    [[nodiscard]] const KeyId& id() const { return m_peppers.front().first; }

    // What is stored of a key.
    template <class Kind>
    [[nodiscard]] crypto::Digest mac(const identity::ApiKey<Kind>& key,
                                     const TenantId& tenant,
                                     const typename Kind::Holder& holder) {
        return key.mac(m_peppers.front().second, tenant, holder);
    }

    // Is `expected` the MAC of this key under `pepper`? Takes as long for a pepper that is not
    // known, which holds nothing.
    template <class Kind>
    [[nodiscard]] bool verify(const identity::ApiKey<Kind>& key,
                              const TenantId& tenant,
                              const typename Kind::Holder& holder,
                              const KeyId& pepper,
                              ByteView expected) {
        auto* known = find(pepper);
        const auto mac =
            key.mac(known == nullptr ? m_peppers.front().second : *known, tenant, holder);
        return constant_time_equal(expected, mac) && known != nullptr;
    }

  private:
    crypto::HmacKey* find(const KeyId& id);

    std::vector<std::pair<KeyId, crypto::HmacKey>> m_peppers;  // the one of new keys first
};

}  // namespace core::service
