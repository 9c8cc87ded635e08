#include "core/service/peppers.h"

#include "core/service/keyring.h"

#include <algorithm>

namespace core::service {

Peppers::Peppers(const Keyring& keyring) : m_peppers(keyring.peppers()) {}

crypto::HmacKey* Peppers::find(const KeyId& id) {
    const auto found = std::find_if(
        m_peppers.begin(), m_peppers.end(), [&](const auto& pepper) { return pepper.first == id; });
    return found == m_peppers.end() ? nullptr : &found->second;
}

}  // namespace core::service
