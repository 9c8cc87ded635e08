// Typed identifiers. In memory 16 bytes, outside lower-case UUID text (RFC 9562). A TenantId is
// not an AgentId. New ones come from core/crypto/random.h (version 7: ordered by time, which
// keeps index writes local).
#pragma once

#include "core/base/bytes.h"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace core {

using UuidBytes = std::array<std::uint8_t, 16>;

std::string uuid_to_text(const UuidBytes& bytes);
// Exactly the lower-case 8-4-4-4-12 form; any version.
std::optional<UuidBytes> uuid_from_text(std::string_view text);

template <class Tag>
class Id {
  public:
    // The nil UUID: names nothing.
    constexpr Id() = default;
    constexpr explicit Id(const UuidBytes& bytes) : m_bytes(bytes) {}

    static std::optional<Id> parse(std::string_view text) {
        const auto bytes = uuid_from_text(text);
        if (!bytes) return std::nullopt;
        return Id(*bytes);
    }

    [[nodiscard]] const UuidBytes& bytes() const { return m_bytes; }
    [[nodiscard]] std::string text() const { return uuid_to_text(m_bytes); }
    [[nodiscard]] bool is_nil() const { return m_bytes == UuidBytes{}; }

    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 finds a 0 in what the compiler writes.
    auto operator<=>(const Id&) const = default;

  private:
    UuidBytes m_bytes{};
};

using TenantId = Id<struct TenantIdTag>;
using UserId = Id<struct UserIdTag>;
// A user of a tenant, or an invitation that may become one.
using MemberId = Id<struct MemberIdTag>;
using PersonalTokenId = Id<struct PersonalTokenIdTag>;
using AgentId = Id<struct AgentIdTag>;
using TokenId = Id<struct TokenIdTag>;
using SecretId = Id<struct SecretIdTag>;
using ApprovalId = Id<struct ApprovalIdTag>;
using AuditEventId = Id<struct AuditEventIdTag>;
// Of something that people are told.
using MessageId = Id<struct MessageIdTag>;
using WebhookId = Id<struct WebhookIdTag>;
using DeliveryId = Id<struct DeliveryIdTag>;
using HostCheckId = Id<struct HostCheckIdTag>;
// Names a key of any level: root key, KEK, service key.
using KeyId = Id<struct KeyIdTag>;

// What nginx calls $request_id: 1 to 64 characters of [0-9A-Za-z-], the same in every log.
class RequestId {
  public:
    RequestId() = default;
    static std::optional<RequestId> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return m_text; }

  private:
    std::string m_text;
};

}  // namespace core

template <class Tag>
struct std::hash<core::Id<Tag>> {
    std::size_t operator()(const core::Id<Tag>& id) const noexcept {
        // Ids are random in their low bytes: eight of them are a hash already.
        std::uint64_t value = 0;
        for (std::size_t i = 8; i < 16; ++i)
            value = (value << 8U) | id.bytes()[i];
        return static_cast<std::size_t>(value);
    }
};
