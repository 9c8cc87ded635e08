// Keys and their replacement: see commands.h.
#include "core/crypto/key_provider.h"
#include "core/crypto/root_key_ring.h"
#include "core/ctl/commands.h"
#include "core/ctl/root_key_place.h"
#include "core/ctl/session.h"
#include "core/service/key_rotation.h"
#include "core/store/tenant_store.h"

#include <unistd.h>

#include <cstdio>

namespace core::ctl {
namespace {

// On a terminal, one line that is written over; nothing into files and pipes.
service::Progress progress_of(std::string what) {
    if (::isatty(STDERR_FILENO) == 0) return [](std::int64_t) {};
    return [what = std::move(what)](std::int64_t done) {
        [[maybe_unused]] const int written =
            std::fprintf(stderr, "\r%s: %lld ", what.c_str(), static_cast<long long>(done));
        [[maybe_unused]] const int flushed = std::fflush(stderr);
    };
}

Result<bool> is_known(Session& session, const crypto::KeyProvider& root_key) {
    auto connection = session.connections().borrow();
    if (!connection) return failure(connection);
    const auto known = store::find_root_key(**connection, root_key.id());
    if (!known) return failure(known);
    return known->has_value();
}

// The session's root keys, of which there are two while one follows the other.
Result<service::RootKeyRotation> open_rotation(Session& session, const config::Config& config) {
    if (const auto opened = session.open_root_key(config); !opened) return failure(opened);
    if (session.root_keys().next() == nullptr)
        return failure(ErrorCode::FailedPrecondition,
                       "no rotation was begun: run 'secretstorectl root-key rotate begin'");
    return service::RootKeyRotation(session.root_keys(), session.connections());
}

Result<void> rotate_kek_of(Session& session, const TenantId& tenant) {
    service::KekRotation rotation(session.root_key(), session.connections(), session.clock());
    const auto outcome = rotation.rotate(tenant, progress_of("versions moved"));
    if (!outcome) return failure(outcome);
    print_line("tenant " + tenant.text() + ": KEK of generation " +
               std::to_string(outcome->generation) + ", " + std::to_string(outcome->versions) +
               " versions and " + std::to_string(outcome->answers) + " kept answers moved" +
               (outcome->was_resumed ? " (an earlier rotation was finished)" : ""));
    return {};
}

}  // namespace

Result<void> root_key_status(const config::Config& config, Output output) {
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_root_key(config); !opened) return failure(opened);
    service::RootKeyRotation rotation(session.root_keys(), session.connections());
    JsonWriter json;
    json.begin_object().key("root_keys").begin_array();
    const auto show = [&](const crypto::KeyProvider& key, std::string_view place) -> Result<void> {
        const auto under = rotation.count_under(key.id());
        if (!under) return failure(under);
        const auto known = is_known(session, key);
        if (!known) return failure(known);
        json.begin_object().member("id", key.id().text()).member("place", place);
        json.member("known_to_the_database", *known).member("keys_under_it", *under).end_object();
        if (output == Output::Text)
            print_line(std::string(place) + "  " + key.id().text() + "  seals " +
                       std::to_string(*under) + " keys" +
                       (*known ? "" : "  (not known to the database)"));
        return {};
    };
    if (auto shown = show(session.root_keys().current(), "present"); !shown) return shown;
    if (const auto* next = session.root_keys().next())
        if (auto shown = show(*next, "next   "); !shown) return shown;
    json.end_array().end_object();
    if (output == Output::Json) print_json(std::move(json));
    return {};
}

Result<void> root_key_rotate_begin(const config::Config& config) {
    auto place = RootKeyPlace::find(config);
    if (!place) return failure(place);
    // One that was begun and interrupted goes on with the key that it made.
    const auto present = open_root_keys(config);
    if (!present) return failure(present);
    // Before anything is written: is that the key of a database that is there?
    Session session(config, store::Role::Maint);
    const auto known = is_known(session, (*present)->current());
    if (!known) return failure(known);
    if (!*known && (*present)->next() == nullptr)
        return failure(ErrorCode::ConfigInvalid,
                       "the root key " + (*present)->current().id().text() +
                           " is not one of this database: bring the right one with "
                           "'secretstorectl root-key import FILE'");
    // What is there and follows nobody was left behind by a commit.
    if ((*present)->next() == nullptr)
        if (auto removed = place->remove_successor(); !removed) return removed;
    auto added = place->add_successor((*present)->token_epoch());
    if (!added) return added;
    auto rotation = open_rotation(session, config);
    if (!rotation) return failure(rotation);
    if (auto announced = rotation->announce(); !announced) return announced;
    print_line("new root key " + session.root_keys().next()->id().text() + " written to " +
               place->successor().string());
    print_line(
        "Keep a copy of it away from this host, give it to every host that runs workers, "
        "restart them one after another, then: secretstorectl root-key rotate run");
    return {};
}

Result<void> root_key_rotate_run(const config::Config& config) {
    Session session(config, store::Role::Maint);
    auto rotation = open_rotation(session, config);
    if (!rotation) return failure(rotation);
    const auto behind = rotation->workers_without_successor();
    if (!behind) return failure(behind);
    if (*behind > 0)
        return failure(ErrorCode::FailedPrecondition,
                       std::to_string(*behind) +
                           " connections belong to workers that do not hold the new root key "
                           "yet: run 'secretstorectl restart' on their hosts first");
    const auto moved = rotation->move_to_successor(progress_of("keys moved"));
    if (!moved) return failure(moved);
    print_line(std::to_string(*moved) + " keys moved to root key " +
               session.root_keys().next()->id().text());
    print_line("Then: secretstorectl root-key rotate commit");
    return {};
}

Result<void> root_key_rotate_commit(const config::Config& config) {
    auto place = RootKeyPlace::find(config);
    if (!place) return failure(place);
    Session session(config, store::Role::Maint);
    auto rotation = open_rotation(session, config);
    if (!rotation) return failure(rotation);
    const auto present_known = is_known(session, session.root_keys().current());
    if (!present_known) return failure(present_known);
    if (*present_known) {
        // A key that a worker sealed since.
        const auto moved = rotation->move_to_successor([](std::int64_t) {});
        if (!moved) return failure(moved);
        if (auto forgotten = rotation->forget_present(); !forgotten) return forgotten;
    }
    if (auto placed = place->put_successor_in_place(); !placed) return placed;
    print_line("root key " + session.root_keys().next()->id().text() + " is the root key now");
    print_line(
        "Restart the workers one after another. The old root key opens nothing that is in "
        "the database; it still opens backups from before: destroy it with them.");
    return {};
}

Result<void> root_key_rotate_abort(const config::Config& config) {
    auto place = RootKeyPlace::find(config);
    if (!place) return failure(place);
    Session session(config, store::Role::Maint);
    auto rotation = open_rotation(session, config);
    if (!rotation) return failure(rotation);
    const auto present_known = is_known(session, session.root_keys().current());
    if (!present_known) return failure(present_known);
    if (!*present_known)
        return failure(ErrorCode::FailedPrecondition,
                       "the present root key is forgotten already: run 'secretstorectl root-key "
                       "rotate commit'");
    const auto moved = rotation->move_back(progress_of("keys moved back"));
    if (!moved) return failure(moved);
    if (auto forgotten = rotation->forget_successor(); !forgotten) return forgotten;
    if (auto removed = place->remove_successor(); !removed) return removed;
    print_line(std::to_string(*moved) + " keys moved back; the rotation is undone");
    return {};
}

Result<void> kek_rotate(const config::Config& config, const std::string& tenant) {
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_root_key(config); !opened) return failure(opened);
    if (!tenant.empty()) {
        const auto id = parse_tenant(tenant);
        if (!id) return failure(id);
        return rotate_kek_of(session, *id);
    }
    std::vector<store::TenantRow> tenants;
    {
        auto connection = session.connections().borrow();
        if (!connection) return failure(connection);
        auto rows = store::list_tenants(**connection);
        if (!rows) return failure(rows);
        tenants = std::move(*rows);
    }
    for (const auto& row : tenants)
        if (auto done = rotate_kek_of(session, row.tenant); !done) return done;
    return {};
}

Result<void> service_key_list(const config::Config& config,
                              service::ServiceKeyRotation::Kind kind,
                              Output output) {
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_root_key(config); !opened) return failure(opened);
    service::ServiceKeyRotation rotation(
        kind, session.root_key(), session.connections(), session.clock());
    const auto keys = rotation.list();
    if (!keys) return failure(keys);
    const bool signs = kind == service::ServiceKeyRotation::Kind::SigningKey;
    JsonWriter json;
    json.begin_object().key(signs ? "signing_keys" : "peppers").begin_array();
    for (const auto& key : *keys) {
        json.begin_object().member("id", key.id.text()).member("state", key.state);
        json.member("generation", key.generation).member("needed_by", key.needed_by).end_object();
        if (output == Output::Text)
            print_line(key.id.text() + "  " + key.state + "  generation " +
                       std::to_string(key.generation) + ", needed by " +
                       std::to_string(key.needed_by) +
                       (signs ? " live tokens" : " agents and personal tokens"));
    }
    json.end_array().end_object();
    if (output == Output::Json) print_json(std::move(json));
    return {};
}

Result<void> service_key_rotate(const config::Config& config,
                                service::ServiceKeyRotation::Kind kind,
                                ServiceKeyStep step) {
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_root_key(config); !opened) return failure(opened);
    service::ServiceKeyRotation rotation(
        kind, session.root_key(), session.connections(), session.clock());
    const bool signs = kind == service::ServiceKeyRotation::Kind::SigningKey;
    switch (step) {
        case ServiceKeyStep::Begin: {
            const auto key = rotation.begin();
            if (!key) return failure(key);
            print_line(key->text() +
                       " is pending; restart the workers one after another, then activate it");
            return {};
        }
        case ServiceKeyStep::Activate: {
            const auto key = rotation.activate();
            if (!key) return failure(key);
            print_line(key->text() +
                       " is active; restart the workers one after another, and retire the old one "
                       "when " +
                       (signs ? "its tokens have expired"
                              : "every agent and personal token has been used again"));
            return {};
        }
        case ServiceKeyStep::Retire: {
            const auto retired = rotation.retire();
            if (!retired) return failure(retired);
            print_line(std::to_string(*retired) +
                       " keys retired; restart the workers one after another");
            return {};
        }
    }
    return {};
}

}  // namespace core::ctl
