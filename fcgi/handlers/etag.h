// Entity tags (RFC 9110 §8.8.3): a secret's version number in quotes, "3". Plain functions.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace fcgi {

std::string etag_of(std::int64_t version);

// If-Match as this API takes it: one strong tag, for "only over that version". Errors:
// InvalidRequest for '*', a weak tag, a list and anything else.
core::Result<std::int64_t> version_of_if_match(std::string_view header);

// If-None-Match (RFC 9110 §13.1.2): a list of tags compared weakly, or '*'. A list that can't be
// read names nothing.
bool if_none_match_names(std::string_view header, std::int64_t version);

}  // namespace fcgi
