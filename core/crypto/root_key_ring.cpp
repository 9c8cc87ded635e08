#include "core/crypto/root_key_ring.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace core::crypto {

std::uint32_t RootKeyRing::token_epoch() const {
    if (m_next == nullptr) return m_current->token_epoch();
    return std::max(m_current->token_epoch(), m_next->token_epoch());
}

bool RootKeyRing::holds(const KeyId& id) const {
    return m_current->holds(id) || (m_next != nullptr && m_next->holds(id));
}

BoxKey RootKeyRing::key_for(const BoxHeader& header, ByteView context) const {
    const bool is_next = m_next != nullptr && m_next->holds(key_id_of(header));
    return (is_next ? *m_next : *m_current).key_for(header, context);
}

std::filesystem::path next_root_key_file(const std::filesystem::path& path) {
    return path.string() + "-next";
}

Result<std::unique_ptr<RootKeyRing>> load_root_key_ring(const std::filesystem::path& path) {
    auto current = load_root_key_file(path);
    if (!current) return failure(std::move(current));
    const auto next_path = next_root_key_file(path);
    std::error_code error;
    // symlink_status: a link, even one that leads nowhere, is for the loader to refuse.
    if (!std::filesystem::exists(std::filesystem::symlink_status(next_path, error)))
        return std::make_unique<RootKeyRing>(std::move(*current), nullptr);
    auto next = load_root_key_file(next_path);
    if (!next) return failure(std::move(next));
    // The rotation had nothing left to do but to remove it.
    if ((*next)->id() == (*current)->id()) next->reset();
    return std::make_unique<RootKeyRing>(std::move(*current), std::move(*next));
}

}  // namespace core::crypto
