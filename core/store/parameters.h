// Parameters of a prepared statement in PostgreSQL's binary format: no quoting, no text that a
// value could break out of. Values are added in the order of $1, $2, ….
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

class Parameters {
  public:
    Parameters& null();
    Parameters& boolean(bool value);
    Parameters& boolean(const std::optional<bool>& value);
    Parameters& bigint(std::int64_t value);
    Parameters& bigint(const std::optional<std::int64_t>& value);
    // Valid UTF-8 without NUL, as every text that comes this far.
    Parameters& text(std::string_view value);
    Parameters& maybe_text(const std::optional<std::string>& value);
    Parameters& bytes(ByteView value);
    Parameters& time(Timestamp value);
    Parameters& time(const std::optional<Timestamp>& value);
    template <class Tag>
    Parameters& id(const Id<Tag>& value) {
        return bytes(value.bytes());
    }
    template <class Tag>
    Parameters& id(const std::optional<Id<Tag>>& value) {
        return value ? id(*value) : null();
    }

    // One-dimensional arrays.
    Parameters& texts(std::span<const std::string> values);
    Parameters& maybe_texts(const std::optional<std::vector<std::string>>& values);
    Parameters& nullable_texts(std::span<const std::optional<std::string>> values);
    Parameters& bigints(std::span<const std::int64_t> values);
    Parameters& nullable_bigints(std::span<const std::optional<std::int64_t>> values);
    Parameters& booleans(const std::vector<bool>& values);
    Parameters& ids(std::span<const UuidBytes> values);
    Parameters& byte_strings(std::span<const Bytes> values);

    [[nodiscard]] std::size_t count() const { return m_values.size(); }

    // What libpq takes; valid until the next change.
    struct Wire {
        std::vector<const char*> values;
        std::vector<int> lengths;
        std::vector<int> formats;
    };
    [[nodiscard]] Wire wire() const;

  private:
    std::vector<std::optional<Bytes>> m_values;
};

}  // namespace core::store
