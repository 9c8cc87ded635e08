#include "core/http/https_url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace core::http {
namespace {

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
    void operator()(char* text) const { curl_free(text); }
};

Failure bad_url(std::string_view fault) {
    return failure(ErrorCode::InvalidRequest, std::string(fault));
}

bool is_visible(char c) {
    return c > 0x20 && c < 0x7f;
}

// Empty where the URL has no such part.
std::string part_of(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
    const std::unique_ptr<char, FreeText> owned(text);
    return text;
}

// What stands between the scheme and the path, and may be encoded.
std::string_view authority_of(std::string_view text) {
    text.remove_prefix(std::string_view("https://").size());
    return text.substr(0, text.find_first_of("/?#"));
}

std::string without_brackets(std::string host) {
    if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
    return host;
}

}  // namespace

Result<HttpsUrl> HttpsUrl::parse(std::string_view text) {
    if (text.size() > kMaxUrlBytes) return bad_url("must have at most 2048 bytes");
    if (!std::all_of(text.begin(), text.end(), is_visible) || text.find('\\') != text.npos)
        return bad_url("must be of visible ASCII characters without backslashes");
    if (!text.starts_with("https://")) return bad_url("must begin with https://");
    // libcurl would pass over the third slash, as browsers do.
    if (text.starts_with("https:///")) return bad_url("must name a host");
    // libcurl decodes a host, but looks for the forms of an address before it does.
    if (authority_of(text).find('%') != text.npos) return bad_url("must have a host without '%'");
    HttpsUrl out;
    out.m_text = text;
    const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
    // The path stays as it is: the check and the request see the same one.
    const auto parsed = curl_url_set(
        url.get(), CURLUPART_URL, out.m_text.c_str(), CURLU_DISALLOW_USER | CURLU_PATH_AS_IS);
    if (parsed == CURLUE_USER_NOT_ALLOWED) return bad_url("must not hold a user or password");
    if (parsed != CURLUE_OK) return bad_url("must be a valid URL");
    if (text.find('#') != text.npos) return bad_url("must not hold a fragment (#)");
    out.m_host = without_brackets(part_of(url.get(), CURLUPART_HOST));
    if (out.m_host.empty()) return bad_url("must name a host");
    out.m_path = part_of(url.get(), CURLUPART_PATH);
    out.m_query = part_of(url.get(), CURLUPART_QUERY);
    return out;
}

}  // namespace core::http
