// Reads the text of a .env file, for imports. A pure function, in linear time.
//
// It reads what `parse()` of the npm package dotenv 16 reads: `KEY=VALUE` or `KEY: VALUE`, a key of
// A-Z a-z 0-9 . _ -, `export ` before it; blank lines and comments; LF, CRLF or CR between lines;
// white space as ECMAScript has it, a byte order mark included. An unquoted value goes to the end
// of its line or the first '#', with or without white space before that, and is trimmed. A value in
// '', "" or `` may go over several lines (CRLF and CR in it become LF), and only a comment may
// stand behind it; within '' and `` a backslash before the quote keeps it from closing the value
// where it could close further on, and stays in the value. Nothing is expanded: '$' is an ordinary
// character.
//
// Where it deliberately differs:
//
// 1. Within "", `\n`, `\r`, `\"` and `\\` stand for a line feed, a carriage return, a quote and a
//    backslash, read from left to right; any other backslash is an ordinary character. (dotenv
//    knows only `\n` and `\r`, even behind a backslash, and lets an escaped quote or a quote behind
//    an escaped backslash close the value or not, whichever fits the rest of the file.) A CR there
//    that no LF follows is kept. So what the official CLI's `env export` writes is read back as it
//    was, and "C:\" is a quote that is not closed.
// 2. What dotenv would pass over or take for something that nobody meant is an error: a line that
// is
//    none of the forms above; a quote that is not closed; text behind a closing quote; an entry
//    that dotenv puts together from several lines (a line break within `export KEY =`, right behind
//    `KEY:`, or before the quote of a value); U+2028 or U+2029 outside quotes, which dotenv takes
//    for a line break in some places and for a part of the value in others.
// 3. Every entry is returned, in order. Whether a key may stand twice and whether a value may be
//    empty is for the caller to say; so is the grammar of keys beyond the above (`..` is read).
#pragma once

#include "core/base/result.h"
#include "core/base/secret.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

struct DotenvEntry {
    std::string key;
    Plaintext value;
    std::size_t line = 0;  // of the key, from 1
};

// `text` is UTF-8 without NUL, as JsonDocument gives it, and need only live as long as the call.
// Errors: InvalidRequest. The message begins "The content in line N" and holds nothing of the text:
// what stands where a key should may be the middle of a secret. For a quote N is the line of its
// key.
Result<std::vector<DotenvEntry>> parse_dotenv(std::string_view text);

}  // namespace core::service
