#include "core/service/audit.h"

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/service/services.h"
#include "core/store/audit_store.h"
#include "core/store/connection_pool.h"
#include "core/store/transaction.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

namespace core::service {
namespace {

std::optional<std::string> id_text(const std::optional<UuidBytes>& id) {
    if (!id) return std::nullopt;
    return uuid_to_text(*id);
}

template <class T>
void add_if_set(JsonWriter& writer, std::string_view name, const std::optional<T>& value) {
    if (value) writer.member(name, *value);
}

// The API's `metadata`, of the columns that are set and what `details` adds.
std::string metadata_of(const store::AuditRow& row) {
    JsonWriter writer;
    writer.begin_object();
    add_if_set(writer, "namespace", row.name_space);
    add_if_set(writer, "key", row.key);
    add_if_set(writer, "version", row.version);
    if (row.token) writer.member("token_id", row.token->text());
    add_if_set(writer, "reason", row.reason);
    if (row.details) {
        const auto details = JsonDocument::parse(Body::copy_of(*row.details));
        // Written by us, so always an object.
        if (details && details->root().kind() == JsonValue::Kind::Object)
            for (const auto& [name, value] : details->root().members())
                writer.key(name).raw(value.to_text());
    }
    add_if_set(writer, "request_id", row.request_id);
    writer.end_object();
    return std::move(writer).take_text();
}

AuditEvent event_of(store::AuditRow&& row) {
    AuditEvent event;
    event.metadata = metadata_of(row);
    event.id = row.event;
    event.event_type = std::move(row.type);
    // The operator at the host has no id; the official CLI fails on an actor without one.
    event.actor_id = id_text(row.actor).value_or(row.actor_type);
    event.actor_type = std::move(row.actor_type);
    event.resource_type = std::move(row.resource_type);
    event.resource_id = id_text(row.resource);
    event.ip_address = std::move(row.ip_address);
    event.user_agent = std::move(row.user_agent);
    event.created_at = row.created_at;
    return event;
}

// ---- cursors -----------------------------------------------------------------------------------

// The event that a page begins behind: when (microseconds since 1970, 8 bytes, big-endian) and
// which, as base64url.
constexpr std::size_t kCursorBytes = 24;

std::string cursor_of(const store::AuditRow& row) {
    Bytes bytes;
    append_be64(bytes, static_cast<std::uint64_t>(row.created_at.time_since_epoch().count()));
    append(bytes, row.event.bytes());
    return to_base64url(bytes);
}

struct Cursor {
    Timestamp created_at;
    AuditEventId event;
};

std::optional<Cursor> parse_cursor(std::string_view text) {
    const auto bytes = from_base64url(text);
    if (!bytes || bytes->size() != kCursorBytes) return std::nullopt;
    std::uint64_t time = 0;
    for (std::size_t i = 0; i < 8; ++i)
        time = (time << 8U) | (*bytes)[i];
    // PostgreSQL's range ends in the year 294276; what lies outside was never given out.
    constexpr std::uint64_t kLatest = 9'000'000'000'000'000'000ULL;
    if (time > kLatest) return std::nullopt;
    UuidBytes id{};
    std::copy(bytes->begin() + 8, bytes->end(), id.begin());
    return Cursor{Timestamp(std::chrono::microseconds(static_cast<std::int64_t>(time))),
                  AuditEventId(id)};
}

Failure bad_cursor() {
    return failure(ErrorCode::InvalidRequest,
                   "The query parameter 'cursor' must be a next_cursor of an earlier answer; begin "
                   "again without it");
}

// ---- files -------------------------------------------------------------------------------------

constexpr std::int64_t kExportedAtOnce = 1000;
constexpr int kMostExports = 4;

// How many exports this process is writing: each keeps a request thread busy.
std::atomic<int>& running_exports() {
    static std::atomic<int> running{0};
    return running;
}

class ExportSlot {
  public:
    static std::shared_ptr<ExportSlot> take() {
        if (running_exports().fetch_add(1) < kMostExports) return std::make_shared<ExportSlot>();
        running_exports().fetch_sub(1);
        return nullptr;
    }
    ExportSlot() = default;
    ExportSlot(const ExportSlot&) = delete;
    ExportSlot& operator=(const ExportSlot&) = delete;
    ExportSlot(ExportSlot&&) = delete;
    ExportSlot& operator=(ExportSlot&&) = delete;
    ~ExportSlot() { running_exports().fetch_sub(1); }
};

// RFC 4180 §2. A field that a spreadsheet would run as a formula begins with an apostrophe: a user
// agent is whatever a client says.
void append_field(std::string& out, std::string_view text) {
    out.push_back('"');
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
        out.push_back('\'');
    for (const char c : text) {
        if (c == '"') out.push_back('"');
        out.push_back(c);
    }
    out.push_back('"');
}

constexpr std::string_view kCsvHeader =
    "created_at,id,event_type,actor_type,actor_id,resource_type,resource_id,ip_address,user_agent,"
    "metadata\r\n";

void append_csv(std::string& out, const AuditEvent& event) {
    const auto next = [&out](const std::optional<std::string>& field) {
        out.push_back(',');
        append_field(out, field ? std::string_view(*field) : std::string_view{});
    };
    append_field(out, format_rfc3339(event.created_at));
    next(event.id.text());
    next(event.event_type);
    next(event.actor_type);
    next(event.actor_id);
    next(event.resource_type);
    next(event.resource_id);
    next(event.ip_address);
    next(event.user_agent);
    next(event.metadata);
    out += "\r\n";
}

void append_json_line(std::string& out, const AuditEvent& event) {
    JsonWriter json;
    write_audit_event(json, event);
    out += std::move(json).take_text();
    out.push_back('\n');
}

// One export under way: a page of the log at a time, each in a transaction of its own, so that it
// holds no connection while the client takes its time.
class Export {
  public:
    Export(const Runtime& runtime,
           const TenantId& tenant,
           AuditFilter filter,
           ExportFormat format,
           std::shared_ptr<ExportSlot> slot)
        : m_runtime(runtime),
          m_tenant(tenant),
          m_filter(std::move(filter)),
          m_format(format),
          m_slot(std::move(slot)) {}

    Result<std::string> next() {
        std::string out;
        if (!m_has_begun && m_format == ExportFormat::Csv) out = kCsvHeader;
        while (!m_is_over && (out.empty() || !m_has_begun)) {
            m_has_begun = true;
            if (const auto added = add_page(out); !added) return failure(added);
        }
        m_has_begun = true;
        return out;
    }

  private:
    Result<void> add_page(std::string& out) {
        auto rows = read_page();
        if (!rows) return failure(rows);
        m_is_over = static_cast<std::int64_t>(rows->size()) < kExportedAtOnce;
        if (rows->empty()) return {};
        m_behind = store::AuditPosition{rows->back().created_at, rows->back().seq};
        for (auto& row : *rows) {
            const AuditEvent event = event_of(std::move(row));
            if (m_format == ExportFormat::Csv)
                append_csv(out, event);
            else
                append_json_line(out, event);
        }
        return {};
    }

    Result<std::vector<store::AuditRow>> read_page() {
        auto connection = m_runtime.connections.borrow();
        if (!connection) return failure(connection);
        store::Transaction transaction(**connection, m_tenant);
        store::add_list_audit(transaction, m_tenant, m_filter, m_behind, kExportedAtOnce, 0);
        const auto results = transaction.commit();
        if (!results) return tl::unexpected(store::to_error(results.error()));
        return store::parse_audit_rows(results->front());
    }

    const Runtime& m_runtime;
    TenantId m_tenant;
    AuditFilter m_filter;
    ExportFormat m_format;
    std::shared_ptr<ExportSlot> m_slot;
    std::optional<store::AuditPosition> m_behind;
    bool m_has_begun = false;
    bool m_is_over = false;
};

}  // namespace

void write_audit_event(JsonWriter& json, const AuditEvent& event) {
    json.begin_object();
    json.member("id", event.id.text());
    json.member("event_type", event.event_type);
    json.member("actor_id", event.actor_id);
    json.member("actor_type", event.actor_type);
    json.member("resource_type", event.resource_type);
    json.member("resource_id", event.resource_id);
    json.key("metadata").raw(event.metadata);
    json.member("ip_address", event.ip_address);
    json.member("user_agent", event.user_agent);
    json.member("created_at", format_rfc3339(event.created_at));
    json.end_object();
}

Result<AuditPage> Audit::list(const TenantId& tenant, const AuditQuery& query) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    std::optional<store::AuditPosition> behind;
    if (query.cursor) {
        const auto cursor = parse_cursor(*query.cursor);
        if (!cursor) return bad_cursor();
        store::add_find_audit_position(transaction, tenant, cursor->created_at, cursor->event);
        const auto found = transaction.flush();
        if (!found) return tl::unexpected(store::to_error(found.error()));
        behind = store::parse_audit_position(found->front());
        if (!behind) return bad_cursor();
    }
    // One more than is shown: is there a page behind this one?
    store::add_list_audit(transaction,
                          tenant,
                          query.filter,
                          behind,
                          query.page.limit + 1,
                          behind ? 0 : query.page.offset());
    store::add_count_audit(transaction, tenant, query.filter);
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));

    auto rows = store::parse_audit_rows(results->at(0));
    AuditPage out;
    out.total = results->at(1).row(0).integer();
    if (static_cast<std::int64_t>(rows.size()) > query.page.limit) {
        rows.pop_back();
        out.next_cursor = cursor_of(rows.back());
    }
    for (auto& row : rows)
        out.events.push_back(event_of(std::move(row)));
    return out;
}

Result<AuditExport> Audit::start_export(const TenantId& tenant,
                                        const AuditFilter& filter,
                                        ExportFormat format) {
    auto slot = ExportSlot::take();
    if (!slot)
        return rate_limited(std::chrono::minutes(1),
                            "Several exports are being written already; try again in a minute");
    auto running = std::make_shared<Export>(m_runtime, tenant, filter, format, std::move(slot));
    return AuditExport([running] { return running->next(); });
}

}  // namespace core::service
