#include "core/http/mail_address.h"

#include <algorithm>

namespace core::http {
namespace {

constexpr std::size_t kLongest = 254;
constexpr std::size_t kLongestLocalPart = 64;
constexpr std::size_t kLongestLabel = 63;

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// RFC 5322 §3.2.3.
bool is_atom_byte(char c) {
    return is_alphanumeric(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_atom(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_atom_byte);
}

bool is_label(std::string_view text) {
    return !text.empty() && text.size() <= kLongestLabel && text.front() != '-' &&
           text.back() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
               return is_alphanumeric(c) || c == '-';
           });
}

// Pieces between dots, each of which `is_piece`.
template <class Predicate>
bool all_pieces(std::string_view text, Predicate is_piece) {
    for (;;) {
        const auto dot = text.find('.');
        if (!is_piece(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

}  // namespace

bool is_mail_address(std::string_view text) {
    const auto at = text.find('@');
    if (text.size() > kLongest || at == std::string_view::npos || at > kLongestLocalPart)
        return false;
    // A program that gets it as an argument must not take it for an option.
    if (text.front() == '-') return false;
    return all_pieces(text.substr(0, at), is_atom) && all_pieces(text.substr(at + 1), is_label);
}

}  // namespace core::http
