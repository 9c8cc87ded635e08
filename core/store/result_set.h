// Rows that a statement returned, in PostgreSQL's binary format. Immutable.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

class ResultSet;

// Reads the columns of one row from left to right, in the order of the statement's select list.
// A column of another type or a null that was not asked for is a bug and aborts. Views live as
// long as the ResultSet.
class Row {
  public:
    bool boolean();
    std::int64_t integer();  // smallint, integer or bigint
    std::optional<std::int64_t> maybe_integer();
    std::string text();
    std::optional<std::string> maybe_text();
    std::string_view text_view();
    ByteView bytes();
    std::optional<ByteView> maybe_bytes();
    Timestamp time();
    std::optional<Timestamp> maybe_time();
    std::vector<std::string> texts();
    std::optional<std::vector<std::string>> maybe_texts();
    template <class IdType>
    IdType id() {
        return IdType(uuid());
    }
    template <class IdType>
    std::optional<IdType> maybe_id() {
        if (is_null()) return std::nullopt;
        return IdType(uuid());
    }

    // Is the next column null? If so it is passed over.
    bool is_null();

  private:
    friend class ResultSet;
    Row(const ResultSet& set, int row) : m_set(&set), m_row(row) {}
    ByteView next();
    UuidBytes uuid();

    const ResultSet* m_set;
    int m_row;
    int m_column = 0;
};

class ResultSet {
  public:
    // Takes over a PGresult.
    explicit ResultSet(void* pg_result);

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool empty() const { return size() == 0; }
    // Precondition: index < size().
    [[nodiscard]] Row row(std::size_t index) const;
    // Rows that an INSERT, UPDATE or DELETE touched.
    [[nodiscard]] std::int64_t affected() const;

  private:
    friend class Row;
    struct Clear {
        void operator()(void* pg_result) const;
    };
    std::unique_ptr<void, Clear> m_result;
};

}  // namespace core::store
