// SecretChanges::import_all: many secrets of one namespace, out of a dotenv file.
#include "core/crypto/random.h"
#include "core/service/audit_trail.h"
#include "core/service/dotenv.h"
#include "core/service/plan_limits.h"
#include "core/service/secret_access.h"
#include "core/service/secret_changes.h"
#include "core/service/secret_writing.h"
#include "core/service/services.h"
#include "core/store/token_store.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>

namespace core::service {
namespace {

using identity::Origin;
using identity::Principal;
using identity::TokenPrincipal;
using identity::UserPrincipal;
using scope::SecretPath;

struct ImportItem {
    SecretPath path;
    Plaintext value;
};

Failure invalid_line(std::size_t line, std::string message) {
    return failure(
        ErrorCode::InvalidRequest,
        "The member 'content', line " + std::to_string(line) + ": " + std::move(message));
}

Result<ImportItem> item_of(const scope::Namespace& name_space, DotenvEntry entry) {
    auto path = SecretPath::parse(name_space.text() + '/' + entry.key);
    if (!path) return invalid_line(entry.line, path.error().public_message);
    if (entry.value.empty())
        return invalid_line(entry.line, "the value is empty; a secret has 1 to 65536 bytes");
    if (entry.value.size() > kMaxValueBytes)
        return invalid_line(entry.line, "the value is longer than 65536 bytes");
    return ImportItem{std::move(*path), std::move(entry.value)};
}

// Each key once, in the order in which they first come; the last value counts.
Result<std::vector<ImportItem>> items_of(const ImportRequest& request) {
    auto entries = parse_dotenv(request.content);
    if (!entries) return failure(std::move(entries));
    std::vector<ImportItem> items;
    std::map<std::string, std::size_t, std::less<>> places;
    for (auto& entry : *entries) {
        const std::size_t line = entry.line;
        auto item = item_of(request.name_space, std::move(entry));
        if (!item) return failure(std::move(item));
        const auto [place, is_new] =
            places.try_emplace(std::string(item->path.key()), items.size());
        if (!is_new) {
            items[place->second] = std::move(*item);
            continue;
        }
        if (items.size() == kMaxImportedKeys)
            return invalid_line(line,
                                "an import may have at most 1000 keys; send the rest in "
                                "another one");
        items.push_back(std::move(*item));
    }
    if (items.empty())
        return failure(ErrorCode::InvalidRequest,
                       "The member 'content' has no key at all; it must have lines such as "
                       "API_KEY=value");
    return items;
}

// One import, and what its two steps share. All secrets are locked in one order, so that two
// imports can't wait for each other.
class Import {
  public:
    Import(const Runtime& runtime,
           const Principal& principal,
           const Origin& origin,
           const ImportRequest& request,
           const std::vector<ImportItem>& items)
        : m_runtime(runtime),
          m_principal(principal),
          m_origin(origin),
          m_request(request),
          m_items(items),
          m_tenant(tenant_of(principal)),
          m_token(std::get_if<TokenPrincipal>(&principal)) {
        for (std::size_t i = 0; i < items.size(); ++i)
            m_order.push_back(i);
        std::sort(m_order.begin(), m_order.end(), [&](std::size_t a, std::size_t b) {
            return m_items[a].path.key() < m_items[b].path.key();
        });
    }

    void look(store::Transaction& transaction) const {
        if (m_token != nullptr) {
            const auto& claims = m_token->claims;
            store::add_find_token_state(
                transaction, claims.tenant, claims.token, claims.agent, m_origin.address.text());
        }
        for (const auto i : m_order) {
            const SecretPath& path = m_items[i].path;
            store::add_lock_secret(transaction, m_tenant, path.name_space(), path.key());
            store::add_find_version(
                transaction, m_tenant, path.name_space(), path.key(), std::nullopt);
        }
        // Behind the secrets, as a PUT does it.
        if (m_token != nullptr && m_token->claims.max_uses)
            store::add_count_token_use(
                transaction, m_tenant, m_token->claims.token, token_use_key(m_origin));
    }

    Result<ImportedSecrets> change(Change& change) {
        std::vector<bool> written(m_items.size(), false);
        const std::size_t first = m_token != nullptr ? 1 : 0;
        if (const auto left = check_use(change); !left) return failure(left);
        for (std::size_t n = 0; n < m_order.size(); ++n)
            if (auto fine = admit(change, m_items[m_order[n]], first + 2 * n); !fine)
                return failure(fine);
        if (auto room = check_room(change, first); !room) return failure(room);
        for (std::size_t n = 0; n < m_order.size(); ++n) {
            const auto one = write_one(change, m_items[m_order[n]], first + 2 * n);
            if (!one) return failure(one);
            written[m_order[n]] = *one;
        }
        ImportedSecrets out;
        for (std::size_t i = 0; i < m_items.size(); ++i) {
            if (written[i])
                out.keys.emplace_back(m_items[i].path.key());
            else
                ++out.skipped;
        }
        if (out.keys.empty()) change.record(record_of_none());
        return out;
    }

  private:
    Result<void> check_use(Change& change) {
        if (m_token == nullptr || !m_token->claims.max_uses) return {};
        if (change.found(1 + 2 * m_items.size()).row(0).boolean()) return {};
        return change.refuse(refused(m_items.front().path, kUsesExhausted),
                             no_longer_valid(kUsesExhausted));
    }

    // `place`: where the item's head was found, if there is one.
    Result<void> admit(Change& change, const ImportItem& item, std::size_t place) {
        if (m_token == nullptr) return {};
        const auto standing = store::parse_token_standing(change.found(0));
        const auto head = store::parse_secret_head(change.found(place));
        auto admission = admit_write_by_rows(*m_token, m_origin, item.path, standing, head);
        if (!admission) return failure(admission);
        if (!admission->refusal) return {};
        return change.refuse(refused(item.path, admission->reason), std::move(*admission->refusal));
    }

    // All or nothing: is there room for all that are new?
    Result<void> check_room(Change& change, std::size_t first) {
        std::vector<std::string> keys;
        for (std::size_t n = 0; n < m_order.size(); ++n)
            if (change.found(first + 2 * n).empty())
                keys.emplace_back(m_items[m_order[n]].path.key());
        auto no_room = find_no_room_for_secrets(
            m_runtime, change, m_principal, m_request.name_space.text(), keys);
        if (!no_room) return failure(no_room);
        if (!*no_room) return {};
        return change.refuse(refused(m_items.front().path, kNoRoom), std::move(**no_room));
    }

    // Was a new version written?
    Result<bool> write_one(Change& change, const ImportItem& item, std::size_t place) {
        const auto head = store::parse_secret_head(change.found(place));
        const auto rule = std::holds_alternative<UserPrincipal>(m_principal)
                              ? TierRule::AsSent
                              : TierRule::KeepOrRaise;
        auto write = next_version(m_runtime, item.path, m_request.attributes, head, rule);
        const auto same = is_same(change, item, head, write, place);
        if (!same) return failure(same);
        if (*same) return false;
        if (const auto added = seal_and_add(change, m_tenant, write, item.value); !added)
            return failure(added);
        auto record = access_record(m_runtime, "secret.imported", item.path, m_principal);
        record.resource = write.secret.bytes();
        record.version = write.version;
        change.record(record);
        return true;
    }

    Result<bool> is_same(Change& change,
                         const ImportItem& item,
                         const std::optional<store::SecretHead>& head,
                         const store::SecretWrite& write,
                         std::size_t place) {
        const auto stored = store::parse_sealed_version(change.found(place + 1));
        if (!head || !stored || !is_unchanged(write, *head)) return false;
        const auto value = open_version(change, m_tenant, item.path, head->secret, *stored);
        if (!value) return failure(value);
        return constant_time_equal(*value, item.value);
    }

    store::AuditRecord refused(const SecretPath& path, std::string_view reason) {
        return refused_access(m_runtime, kWriteDenied, path, m_principal, reason);
    }

    store::AuditRecord record_of_none() {
        store::AuditRecord record;
        record.event = crypto::new_id<AuditEventId>(m_runtime.clock);
        record.type = "secret.imported";
        record.resource_type = "namespace";
        record.name_space = m_request.name_space.text();
        record.reason = "nothing_changed";
        if (m_token != nullptr) record.token = m_token->claims.token;
        return record;
    }

    const Runtime& m_runtime;
    const Principal& m_principal;
    const Origin& m_origin;
    const ImportRequest& m_request;
    const std::vector<ImportItem>& m_items;
    const TenantId m_tenant;
    const TokenPrincipal* m_token;
    std::vector<std::size_t> m_order;  // of m_items, by key
};

}  // namespace

Result<Body> SecretChanges::import_all(const Principal& principal,
                                       const Origin& origin,
                                       const ImportRequest& request,
                                       const Rendering<ImportedSecrets>& render) {
    const auto items = items_of(request);
    if (!items) return failure(items);
    const auto from = audit_origin(principal, origin);
    if (const auto* token = std::get_if<TokenPrincipal>(&principal)) {
        for (const auto& item : *items) {
            auto admission = admit_write_by_claims(*token, origin, item.path);
            if (!admission.refusal) continue;
            return refuse_token(
                m_runtime,
                *token,
                origin,
                refused_access(m_runtime, kWriteDenied, item.path, principal, admission.reason),
                std::move(*admission.refusal));
        }
    }
    Import work(m_runtime, principal, origin, request, *items);
    return m_once.run(
        tenant_of(principal),
        from,
        origin,
        [&](store::Transaction& transaction) { work.look(transaction); },
        [&](Change& change) -> Result<Body> {
            const auto imported = work.change(change);
            if (!imported) return failure(imported);
            return render(*imported);
        });
}

}  // namespace core::service
