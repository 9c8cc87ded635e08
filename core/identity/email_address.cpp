#include "core/identity/email_address.h"

#include <algorithm>

namespace core::identity {
namespace {

constexpr std::size_t kShortest = 3;
constexpr std::size_t kLongest = 254;

bool is_visible(char c) {
    return c > 0x20 && c < 0x7f;
}

bool is_domain_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// In lower case. Nothing where it is none.
std::optional<std::string> parse_domain(std::string_view text) {
    if (text.empty()) return std::nullopt;
    std::string domain(text);
    std::transform(domain.begin(), domain.end(), domain.begin(), to_lower);
    const bool fine = std::all_of(domain.begin(), domain.end(), is_domain_byte) &&
                      domain.front() != '.' && domain.back() != '.' &&
                      domain.find("..") == std::string::npos;
    if (!fine) return std::nullopt;
    return domain;
}

}  // namespace

std::optional<EmailAddress> EmailAddress::parse(std::string_view text) {
    if (text.size() < kShortest || text.size() > kLongest) return std::nullopt;
    if (!std::all_of(text.begin(), text.end(), is_visible)) return std::nullopt;
    const auto at = text.find('@');
    if (at == std::string_view::npos || at == 0) return std::nullopt;
    // A second @ is no byte of a domain.
    const auto domain = parse_domain(text.substr(at + 1));
    if (!domain) return std::nullopt;
    EmailAddress address;
    address.m_text = std::string(text.substr(0, at + 1)) + *domain;
    address.m_domain = at + 1;
    return address;
}

}  // namespace core::identity
