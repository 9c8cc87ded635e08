#include "core/stripe/signature.h"

#include "core/crypto/mac.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

namespace core::stripe {
namespace {

// Stripe sends a few hundred bytes.
constexpr std::size_t kLongestHeader = 4096;
constexpr std::size_t kMacBytes = 32;

struct Signatures {
    std::string_view time;  // as it stands there, for that is what is signed
    std::vector<Bytes> v1;
};

Failure wrong(std::string what) {
    return failure(ErrorCode::InvalidRequest, "The header Stripe-Signature " + std::move(what));
}

// Nothing where there is no time, or two.
std::optional<Signatures> parse(std::string_view header) {
    Signatures out;
    while (!header.empty()) {
        const std::string_view element = header.substr(0, header.find(','));
        header.remove_prefix(std::min(element.size() + 1, header.size()));
        const std::size_t equals = std::min(element.find('='), element.size());
        const std::string_view scheme = element.substr(0, equals);
        const std::string_view value = element.substr(std::min(equals + 1, element.size()));
        if (scheme == "t") {
            if (!out.time.empty()) return std::nullopt;
            out.time = value;
        } else if (scheme == "v1") {
            if (auto mac = from_hex(value); mac && mac->size() == kMacBytes)
                out.v1.push_back(std::move(*mac));
        }
    }
    if (out.time.empty()) return std::nullopt;
    return out;
}

std::optional<Timestamp> time_of(std::string_view text) {
    std::int64_t seconds = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, seconds);
    if (parsed.ec != std::errc{} || parsed.ptr != end || seconds < 0 || seconds > kLastUnixSecond)
        return std::nullopt;
    return from_unix_seconds(seconds);
}

bool holds(const Signatures& signatures, ByteView body, const WebhookSecret& secret) {
    crypto::Digest mac{};
    crypto::hmac_sha256(secret.expose(), {as_bytes(signatures.time), as_bytes("."), body}, mac);
    bool found = false;
    for (const auto& given : signatures.v1)
        found = constant_time_equal(given, mac) || found;
    return found;
}

}  // namespace

Result<void> verify_signature(std::string_view header,
                              ByteView body,
                              const WebhookSecret& secret,
                              Timestamp now) {
    if (header.size() > kLongestHeader) return wrong("is too long");
    const auto signatures = parse(header);
    const auto time = signatures ? time_of(signatures->time) : std::nullopt;
    if (!time) return wrong("is malformed: t=SECONDS,v1=HEX is wanted");
    // The signature first: what is said of the time is for those who have the secret.
    if (!holds(*signatures, body, secret)) return wrong("is not of this body under our secret");
    if (*time + kSignatureTolerance < now || *time - kSignatureTolerance > now)
        return wrong("is older or newer than 5 minutes");
    return {};
}

}  // namespace core::stripe
