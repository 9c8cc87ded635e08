#include "core/store/parameters.h"

namespace core::store {
namespace {

// Object identifiers of built-in types (PostgreSQL: pg_type.dat); arrays name their element's.
constexpr std::uint32_t kBoolOid = 16;
constexpr std::uint32_t kByteaOid = 17;
constexpr std::uint32_t kInt8Oid = 20;
constexpr std::uint32_t kTextOid = 25;
constexpr std::uint32_t kUuidOid = 2950;

// PostgreSQL counts microseconds from 2000-01-01.
constexpr std::int64_t kEpochShift = 946684800LL * 1000000LL;

Bytes array_header(std::uint32_t element_oid, std::size_t size, bool has_nulls) {
    Bytes out;
    append_be32(out, size == 0 ? 0 : 1);  // dimensions
    append_be32(out, has_nulls ? 1 : 0);
    append_be32(out, element_oid);
    if (size > 0) {
        append_be32(out, static_cast<std::uint32_t>(size));
        append_be32(out, 1);  // lower bound
    }
    return out;
}

void append_element(Bytes& out, ByteView element) {
    append_be32(out, static_cast<std::uint32_t>(element.size()));
    append(out, element);
}

void append_null_element(Bytes& out) {
    append_be32(out, 0xffffffffU);
}

void append_bigint_element(Bytes& out, std::int64_t value) {
    append_be32(out, 8);
    append_be64(out, static_cast<std::uint64_t>(value));
}

}  // namespace

Parameters& Parameters::null() {
    m_values.emplace_back(std::nullopt);
    return *this;
}

Parameters& Parameters::boolean(bool value) {
    m_values.emplace_back(Bytes{static_cast<std::uint8_t>(value ? 1 : 0)});
    return *this;
}

Parameters& Parameters::boolean(const std::optional<bool>& value) {
    return value ? boolean(*value) : null();
}

Parameters& Parameters::bigint(std::int64_t value) {
    Bytes out;
    append_be64(out, static_cast<std::uint64_t>(value));
    m_values.emplace_back(std::move(out));
    return *this;
}

Parameters& Parameters::bigint(const std::optional<std::int64_t>& value) {
    return value ? bigint(*value) : null();
}

Parameters& Parameters::text(std::string_view value) {
    return bytes(as_bytes(value));
}

Parameters& Parameters::maybe_text(const std::optional<std::string>& value) {
    return value ? text(std::string_view(*value)) : null();
}

Parameters& Parameters::bytes(ByteView value) {
    m_values.emplace_back(Bytes(value.begin(), value.end()));
    return *this;
}

Parameters& Parameters::time(Timestamp value) {
    return bigint(value.time_since_epoch().count() - kEpochShift);
}

Parameters& Parameters::time(const std::optional<Timestamp>& value) {
    return value ? time(*value) : null();
}

Parameters& Parameters::texts(std::span<const std::string> values) {
    Bytes out = array_header(kTextOid, values.size(), false);
    for (const auto& value : values)
        append_element(out, as_bytes(value));
    m_values.emplace_back(std::move(out));
    return *this;
}

Parameters& Parameters::maybe_texts(const std::optional<std::vector<std::string>>& values) {
    return values ? texts(std::span<const std::string>(*values)) : null();
}

Parameters& Parameters::nullable_texts(std::span<const std::optional<std::string>> values) {
    Bytes out = array_header(kTextOid, values.size(), true);
    for (const auto& value : values) {
        if (value)
            append_element(out, as_bytes(*value));
        else
            append_null_element(out);
    }
    m_values.emplace_back(std::move(out));
    return *this;
}

Parameters& Parameters::bigints(std::span<const std::int64_t> values) {
    Bytes out = array_header(kInt8Oid, values.size(), false);
    for (const auto value : values)
        append_bigint_element(out, value);
    m_values.emplace_back(std::move(out));
    return *this;
}

Parameters& Parameters::nullable_bigints(std::span<const std::optional<std::int64_t>> values) {
    Bytes out = array_header(kInt8Oid, values.size(), true);
    for (const auto& value : values) {
        if (value)
            append_bigint_element(out, *value);
        else
            append_null_element(out);
    }
    m_values.emplace_back(std::move(out));
    return *this;
}

Parameters& Parameters::booleans(const std::vector<bool>& values) {
    Bytes out = array_header(kBoolOid, values.size(), false);
    for (const bool value : values)
        append_element(out, Bytes{static_cast<std::uint8_t>(value)});
    m_values.emplace_back(std::move(out));
    return *this;
}

Parameters& Parameters::ids(std::span<const UuidBytes> values) {
    Bytes out = array_header(kUuidOid, values.size(), false);
    for (const auto& value : values)
        append_element(out, value);
    m_values.emplace_back(std::move(out));
    return *this;
}

Parameters& Parameters::byte_strings(std::span<const Bytes> values) {
    Bytes out = array_header(kByteaOid, values.size(), false);
    for (const auto& value : values)
        append_element(out, value);
    m_values.emplace_back(std::move(out));
    return *this;
}

Parameters::Wire Parameters::wire() const {
    Wire wire;
    wire.values.reserve(m_values.size());
    wire.lengths.reserve(m_values.size());
    wire.formats.assign(m_values.size(), 1);
    for (const auto& value : m_values) {
        // An empty value is not null: libpq tells them apart by the pointer.
        const char* data = nullptr;
        if (value) data = value->empty() ? "" : reinterpret_cast<const char*>(value->data());
        wire.values.push_back(data);
        wire.lengths.push_back(value ? static_cast<int>(value->size()) : 0);
    }
    return wire;
}

}  // namespace core::store
