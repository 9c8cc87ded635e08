#include "fcgi/target.h"

#include "core/base/bytes.h"
#include "core/base/json.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace fcgi {
namespace {

using core::quoted_for_message;

// Parameters that invite a secret into the URL, where proxies and nginx's error log print it.
constexpr std::array<std::string_view, 4> kSecretNames{"token", "api_key", "access_token", "value"};

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

bool names_a_secret(std::string_view name) {
    return std::find(kSecretNames.begin(), kSecretNames.end(), lower_case(name)) !=
           kSecretNames.end();
}

// Every parameter that exists is ASCII: so are names, and values that hold anything else have no
// reader.
bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

core::Result<void> check_bytes(std::string_view raw) {
    for (const char c : raw) {
        if (c < 0x21 || c > 0x7e)
            return core::invalid(
                "The path holds a byte that is not printable ASCII; percent-encode it");
        if (c == '#' || c == '\\' || c == ';')
            return core::invalid("The path must not hold " + quoted_for_message({&c, 1}));
    }
    return {};
}

std::optional<std::string> decoded_parameter(std::string_view raw) {
    std::string spaced(raw);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    return percent_decoded(spaced);
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        const auto byte = core::from_hex(text.substr(std::min(i + 1, text.size()), 2));
        if (!byte || byte->size() != 1) return std::nullopt;
        out.push_back(static_cast<char>(byte->front()));
        i += 2;
    }
    return out;
}

core::Result<Query> Query::parse(std::string_view raw) {
    Query query;
    while (!raw.empty()) {
        const std::string_view piece = raw.substr(0, raw.find('&'));
        raw.remove_prefix(std::min(piece.size() + 1, raw.size()));
        if (piece.empty()) continue;

        const std::size_t equals = std::min(piece.find('='), piece.size());
        auto name = decoded_parameter(piece.substr(0, equals));
        auto value = decoded_parameter(piece.substr(std::min(equals + 1, piece.size())));
        if (!name || name->empty() || !is_printable(*name))
            return core::invalid("The query holds a parameter whose name is not valid");
        if (names_a_secret(*name))
            return core::invalid(
                "Secrets never go into a URL: remove " + quoted_for_message(*name) +
                " and send the credential as 'Authorization: Bearer', a value in the "
                "body. Replace the one that was sent, logs may hold it");
        if (!value || !is_printable(*value))
            return core::invalid("The query parameter " + quoted_for_message(*name) +
                                 " has a value that is not valid percent-encoded ASCII");
        if (query.find(*name))
            return core::invalid("The query parameter " + quoted_for_message(*name) +
                                 " stands twice; send it once");
        query.m_parameters.emplace_back(std::move(*name), std::move(*value));
    }
    return query;
}

std::optional<std::string_view> Query::find(std::string_view name) const {
    for (const auto& [known, value] : m_parameters)
        if (known == name) return value;
    return std::nullopt;
}

core::Result<void> Query::accept_only(Accepted accepted) const {
    for (const auto& [name, value] : m_parameters) {
        if (std::find(accepted.begin(), accepted.end(), name) != accepted.end()) continue;
        std::string list;
        for (const auto& known : accepted)
            list.append(list.empty() ? "" : ", ").append(known);
        return core::invalid("Unknown query parameter " + quoted_for_message(name) +
                             (list.empty() ? "; none is accepted here" : "; accepted are " + list));
    }
    return {};
}

core::Result<std::optional<std::int64_t>> Query::integer(std::string_view name,
                                                         std::int64_t low,
                                                         std::int64_t high) const {
    const auto text = find(name);
    if (!text) return std::nullopt;
    std::int64_t number = 0;
    const auto* end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, number);
    const bool whole = parsed.ec == std::errc{} && parsed.ptr == end && text->front() != '-';
    if (!whole || number < low || number > high)
        return core::invalid("The query parameter '" + std::string(name) +
                             "' must be a whole number from " + std::to_string(low) + " to " +
                             std::to_string(high));
    return number;
}

core::Result<Target> Target::parse(std::string_view raw) {
    if (auto clean = check_bytes(raw); !clean) return core::failure(std::move(clean));
    const std::size_t mark = std::min(raw.find('?'), raw.size());
    std::string_view path = raw.substr(0, mark);
    if (path.empty() || path.front() != '/') return core::invalid("The path must begin with '/'");
    if (path.find("//") != std::string_view::npos)
        return core::invalid("The path holds an empty segment ('//')");
    if (path.back() == '/') return core::invalid("The path must not end in '/'");

    auto query = Query::parse(raw.substr(std::min(mark + 1, raw.size())));
    if (!query) return core::failure(std::move(query));

    Target target;
    target.query = std::move(*query);
    while (!path.empty()) {
        path.remove_prefix(1);
        target.segments.push_back(path.substr(0, path.find('/')));
        path.remove_prefix(target.segments.back().size());
    }
    return target;
}

}  // namespace fcgi
