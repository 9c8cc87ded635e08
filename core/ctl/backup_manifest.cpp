#include "core/ctl/backup_manifest.h"

#include "core/base/json.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <utility>

namespace core::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFormat = 1;

// The counts by their names in the file.
template <class Counts>
auto named_counts(Counts& counts) {
    return std::array{std::pair{"agents", &counts.agents},
                      std::pair{"members", &counts.members},
                      std::pair{"personal_tokens", &counts.personal_tokens},
                      std::pair{"webhooks", &counts.webhooks},
                      std::pair{"invitations", &counts.invitations},
                      std::pair{"approvals", &counts.approvals}};
}

std::string text_of(const BackupManifest& manifest) {
    JsonWriter json;
    json.begin_object().member("format", kFormat);
    json.member("product_version", manifest.product_version);
    json.member("postgresql", manifest.server_version);
    json.member("taken_at", format_rfc3339(manifest.taken_at));
    json.member("schema", manifest.schema);
    json.key("root_keys").begin_array();
    for (const auto& key : manifest.root_keys)
        json.begin_object()
            .member("id", key.id.text())
            .member("check_value", to_hex(key.check_value))
            .end_object();
    json.end_array();
    json.key("dump").begin_object().member("bytes", manifest.dump_bytes);
    json.member("sha256", manifest.dump_sha256).end_object();
    json.key("revivable").begin_object();
    for (const auto& [name, count] : named_counts(manifest.revivable))
        json.member(name, *count);
    json.end_object().key("rows").begin_object();
    for (const auto& table : manifest.tables)
        json.member(table.table, table.rows);
    json.end_object().end_object();
    return std::move(json).take_text() + '\n';
}

// Members of an object, each wanted. Errors: InvalidRequest, naming it.
class Members {
  public:
    explicit Members(const JsonValue& value) : m_value(value) {}

    [[nodiscard]] Result<std::int64_t> integer(std::string_view name) const {
        const auto member = m_value.find(name);
        if (!member || member->kind() != JsonValue::Kind::Integer) return missing(name);
        return member->integer();
    }
    [[nodiscard]] Result<std::string> text(std::string_view name) const {
        const auto member = m_value.find(name);
        if (!member || member->kind() != JsonValue::Kind::String) return missing(name);
        return std::string(member->string());
    }
    [[nodiscard]] Result<JsonValue> of_kind(std::string_view name, JsonValue::Kind kind) const {
        const auto member = m_value.find(name);
        if (!member || member->kind() != kind) return missing(name);
        return *member;
    }

  private:
    static Failure missing(std::string_view name) {
        return failure(ErrorCode::InvalidRequest,
                       "'" + std::string(name) + "' is missing or of another kind");
    }
    const JsonValue& m_value;
};

Result<void> read_head(const Members& root, BackupManifest& manifest) {
    const auto format = root.integer("format");
    if (!format) return failure(format);
    if (*format != kFormat)
        return failure(ErrorCode::InvalidRequest,
                       "its format is " + std::to_string(*format) +
                           ", this program reads format 1: use the newer one");
    auto product = root.text("product_version");
    auto server = root.text("postgresql");
    const auto taken = root.text("taken_at");
    const auto schema = root.integer("schema");
    if (!product) return failure(product);
    if (!server) return failure(server);
    if (!taken) return failure(taken);
    if (!schema) return failure(schema);
    const auto time = parse_rfc3339(*taken);
    if (!time) return failure(ErrorCode::InvalidRequest, "'taken_at' is no time");
    manifest.product_version = *std::move(product);
    manifest.server_version = *std::move(server);
    manifest.taken_at = *time;
    manifest.schema = *schema;
    return {};
}

Result<void> read_root_keys(const Members& root, BackupManifest& manifest) {
    const auto keys = root.of_kind("root_keys", JsonValue::Kind::Array);
    if (!keys) return failure(keys);
    for (const auto& element : keys->elements()) {
        const Members members(element);
        const auto id = members.text("id");
        const auto check = members.text("check_value");
        if (!id) return failure(id);
        if (!check) return failure(check);
        const auto parsed = KeyId::parse(*id);
        auto bytes = from_hex(*check);
        if (!parsed || !bytes)
            return failure(ErrorCode::InvalidRequest, "a root key in it has no proper form");
        manifest.root_keys.push_back({*parsed, *std::move(bytes)});
    }
    return {};
}

Result<void> read_content(const Members& root, BackupManifest& manifest) {
    const auto dump = root.of_kind("dump", JsonValue::Kind::Object);
    if (!dump) return failure(dump);
    const auto bytes = Members(*dump).integer("bytes");
    auto sha256 = Members(*dump).text("sha256");
    if (!bytes) return failure(bytes);
    if (!sha256) return failure(sha256);
    manifest.dump_bytes = *bytes;
    manifest.dump_sha256 = *std::move(sha256);
    const auto revivable = root.of_kind("revivable", JsonValue::Kind::Object);
    if (!revivable) return failure(revivable);
    for (const auto& [name, count] : named_counts(manifest.revivable)) {
        const auto value = Members(*revivable).integer(name);
        if (!value) return failure(value);
        *count = *value;
    }
    const auto rows = root.of_kind("rows", JsonValue::Kind::Object);
    if (!rows) return failure(rows);
    for (const auto& [table, count] : rows->members()) {
        if (count.kind() != JsonValue::Kind::Integer)
            return failure(ErrorCode::InvalidRequest, "'rows' has something that is no number");
        manifest.tables.push_back({std::string(table), count.integer()});
    }
    return {};
}

Result<BackupManifest> parse(const std::string& text) {
    const auto document = JsonDocument::parse(Body::copy_of(text));
    if (!document) return failure(document);
    const auto value = document->root();
    const Members root(value);
    BackupManifest manifest;
    if (const auto read = read_head(root, manifest); !read) return failure(read);
    if (const auto read = read_root_keys(root, manifest); !read) return failure(read);
    if (const auto read = read_content(root, manifest); !read) return failure(read);
    return manifest;
}

}  // namespace

Result<void> write_manifest(const fs::path& folder, const BackupManifest& manifest) {
    const fs::path file = folder / kManifestFile;
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream << text_of(manifest);
    stream.close();
    if (!stream) return failure(ErrorCode::ConfigInvalid, file.string() + ": can't be written");
    return {};
}

Result<BackupManifest> read_manifest(const fs::path& folder) {
    const fs::path file = folder / kManifestFile;
    std::ifstream stream(file, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    if (!stream || text.empty())
        return failure(ErrorCode::ConfigInvalid,
                       file.string() + ": can't be read; is this the folder of a backup?");
    auto manifest = parse(text);
    if (!manifest)
        return failure(ErrorCode::ConfigInvalid,
                       file.string() + ": " + manifest.error().public_message);
    return manifest;
}

}  // namespace core::ctl
