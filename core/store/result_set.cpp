#include "core/store/result_set.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace core::store {
namespace {

// PostgreSQL counts microseconds from 2000-01-01.
constexpr std::int64_t kEpochShift = 946684800LL * 1000000LL;

const PGresult* pg(const void* result) {
    return static_cast<const PGresult*>(result);
}

void require(bool holds) {
    if (!holds) std::abort();
}

std::int64_t big_endian(ByteView bytes) {
    require(bytes.size() == 2 || bytes.size() == 4 || bytes.size() == 8);
    // Starts as the sign, so that shorter integers keep theirs.
    std::uint64_t value = (bytes[0] & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
    for (const auto byte : bytes)
        value = (value << 8U) | byte;
    return static_cast<std::int64_t>(value);
}

}  // namespace

ResultSet::ResultSet(void* pg_result) : m_result(pg_result) {}

void ResultSet::Clear::operator()(void* pg_result) const {
    PQclear(static_cast<PGresult*>(pg_result));
}

std::size_t ResultSet::size() const {
    return m_result ? static_cast<std::size_t>(PQntuples(pg(m_result.get()))) : 0;
}

Row ResultSet::row(std::size_t index) const {
    require(index < size());
    return Row(*this, static_cast<int>(index));
}

std::int64_t ResultSet::affected() const {
    std::int64_t count = 0;
    const std::string_view digits = PQcmdTuples(static_cast<PGresult*>(m_result.get()));
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
}

ByteView Row::next() {
    const PGresult* result = pg(m_set->m_result.get());
    require(m_column < PQnfields(result) && PQgetisnull(result, m_row, m_column) == 0);
    const auto* data = reinterpret_cast<const std::uint8_t*>(PQgetvalue(result, m_row, m_column));
    const auto size = static_cast<std::size_t>(PQgetlength(result, m_row, m_column));
    ++m_column;
    return {data, size};
}

bool Row::is_null() {
    const PGresult* result = pg(m_set->m_result.get());
    require(m_column < PQnfields(result));
    if (PQgetisnull(result, m_row, m_column) == 0) return false;
    ++m_column;
    return true;
}

bool Row::boolean() {
    return next().front() != 0;
}
std::int64_t Row::integer() {
    return big_endian(next());
}
std::string Row::text() {
    return std::string(as_text(next()));
}
std::string_view Row::text_view() {
    return as_text(next());
}
ByteView Row::bytes() {
    return next();
}

Timestamp Row::time() {
    return Timestamp(std::chrono::microseconds(big_endian(next()) + kEpochShift));
}

UuidBytes Row::uuid() {
    const ByteView bytes = next();
    UuidBytes out{};
    require(bytes.size() == out.size());
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

std::vector<std::string> Row::texts() {
    ByteView bytes = next();
    const auto take = [&bytes](std::size_t size) {
        require(bytes.size() >= size);
        const ByteView part = bytes.first(size);
        bytes = bytes.subspan(size);
        return part;
    };
    std::vector<std::string> out;
    const auto dimensions = big_endian(take(4));
    take(8);  // null flag and element type
    if (dimensions == 0) return out;
    require(dimensions == 1);
    const auto count = big_endian(take(4));
    take(4);  // lower bound
    for (std::int64_t i = 0; i < count; ++i) {
        const auto size = big_endian(take(4));
        require(size >= 0);
        out.emplace_back(as_text(take(static_cast<std::size_t>(size))));
    }
    return out;
}

std::optional<std::int64_t> Row::maybe_integer() {
    if (is_null()) return std::nullopt;
    return integer();
}
std::optional<std::string> Row::maybe_text() {
    if (is_null()) return std::nullopt;
    return text();
}
std::optional<ByteView> Row::maybe_bytes() {
    if (is_null()) return std::nullopt;
    return bytes();
}
std::optional<Timestamp> Row::maybe_time() {
    if (is_null()) return std::nullopt;
    return time();
}
std::optional<std::vector<std::string>> Row::maybe_texts() {
    if (is_null()) return std::nullopt;
    return texts();
}

}  // namespace core::store
