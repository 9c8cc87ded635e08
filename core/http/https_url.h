// An address of the web that this product may talk to: https, and read by the same parser as the
// client's own, so that a check and a request can't see two different hosts. Immutable value.
#pragma once

#include "core/base/result.h"

#include <string>
#include <string_view>

namespace core::http {

inline constexpr std::size_t kMaxUrlBytes = 2048;

class HttpsUrl {
  public:
    // Visible ASCII, at most 2,048 bytes, scheme https, a host that is not encoded, no user or
    // password, no fragment.
    // Errors: InvalidRequest saying what is wrong, as the end of a sentence that names the URL
    // ("must begin with https://").
    static Result<HttpsUrl> parse(std::string_view text);

    // As it was given.
    [[nodiscard]] const std::string& text() const { return m_text; }
    // A name, or an address in its one form without brackets (0x7f.1 is 127.0.0.1).
    [[nodiscard]] const std::string& host() const { return m_host; }
    // "/" where none was given.
    [[nodiscard]] const std::string& path() const { return m_path; }
    // Empty where there is none.
    [[nodiscard]] const std::string& query() const { return m_query; }

  private:
    HttpsUrl() = default;
    std::string m_text;
    std::string m_host;
    std::string m_path;
    std::string m_query;
};

}  // namespace core::http
