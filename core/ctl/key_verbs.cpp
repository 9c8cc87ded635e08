#include "core/ctl/verbs.h"

#include <string>

namespace core::ctl {
namespace {

void add_rotation_verbs(CLI::App& root_key, Arguments& arguments) {
    auto& rotate = add_group(root_key, "rotate", "Replace the root key while workers serve");
    add_verb(rotate,
             arguments,
             "begin",
             "Make the new root key beside the present one; then restart the workers",
             done_by(ctl::root_key_rotate_begin));
    add_verb(rotate,
             arguments,
             "run",
             "Move every key to the new root key",
             done_by(ctl::root_key_rotate_run));
    auto* commit = add_verb(rotate,
                            arguments,
                            "commit",
                            "Forget the old root key; then restart the workers",
                            done_by(ctl::root_key_rotate_commit));
    ask_first(*commit, arguments, "removes the old root key, which old backups still need");
    add_verb(rotate,
             arguments,
             "abort",
             "Move every key back and remove the new root key",
             done_by(ctl::root_key_rotate_abort));
}

void add_root_key_verbs(CLI::App& app, Arguments& arguments) {
    auto& root_key = add_group(app, "root-key", "The key above all keys");
    add_verb(root_key,
             arguments,
             "generate",
             "Write a new root key file (0400), never over one",
             done_by(ctl::root_key_generate));
    add_verb(root_key,
             arguments,
             "status",
             "Show the root key, its successor, and how much each seals",
             done_by([&arguments](const Config& c) {
                 return ctl::root_key_status(c, arguments.output());
             }));
    add_rotation_verbs(root_key, arguments);
    add_verb(root_key,
             arguments,
             "export",
             "Print the root key, to be kept away from this host",
             done_by(ctl::root_key_export));
    auto* split = add_verb(root_key,
                           arguments,
                           "split",
                           "Write the root key as shares of which some together are needed",
                           done_by([&arguments](const Config& c) {
                               return ctl::root_key_split(c, arguments.file, arguments.share_count);
                           }));
    split->add_option("FOLDER", arguments.file, "A folder that is not there yet")->required();
    split->add_option("--shares", arguments.share_count.all, "How many, up to 32")
        ->capture_default_str();
    split->add_option("--needed", arguments.share_count.needed, "How many of them are needed")
        ->capture_default_str();
    auto* join = add_plain_verb(
        root_key, arguments, "join", "Write the root key file that shares give", [&arguments] {
            return ctl::root_key_join(arguments.shares, arguments.file);
        });
    join->add_option("SHARE", arguments.shares, "Files of mode 0400")->required();
    join->add_option("--to", arguments.file, "The root key file, never over one")
        ->type_name("FILE")
        ->required();
    auto* raise = add_verb(root_key,
                           arguments,
                           "raise-epoch",
                           "End every scoped token, as after a restore",
                           done_by(ctl::root_key_raise_epoch));
    ask_first(*raise, arguments, "ends every scoped token of every tenant");
    auto* import = add_plain_verb(
        root_key,
        arguments,
        "import",
        "Give this host the root key that another one exported",
        [&arguments] { return ctl::root_key_import(arguments.key_file, arguments.init.form); });
    import->add_option("FILE", arguments.key_file, "The exported lines, in a file of mode 0400")
        ->required();
    add_plain_flag(*import, arguments);
}

void add_service_key_verbs(CLI::App& group,
                           Arguments& arguments,
                           service::ServiceKeyRotation::Kind kind) {
    add_verb(group,
             arguments,
             "list",
             "List the keys, and how much needs each",
             done_by([&arguments, kind](const Config& c) {
                 return ctl::service_key_list(c, kind, arguments.output());
             }));
    const std::pair<const char*, ServiceKeyStep> steps[] = {{"begin", ServiceKeyStep::Begin},
                                                            {"activate", ServiceKeyStep::Activate},
                                                            {"retire", ServiceKeyStep::Retire}};
    auto& rotate = add_group(group, "rotate", "Replace the key while workers serve");
    for (const auto& [name, step] : steps) {
        auto* verb = add_verb(rotate,
                              arguments,
                              name,
                              "One step; restart the workers one after another behind each",
                              done_by([kind, step = step](const Config& c) {
                                  return ctl::service_key_rotate(c, kind, step);
                              }));
        if (step == ServiceKeyStep::Retire)
            ask_first(*verb, arguments, "ends whatever still needs the old key");
    }
}

void add_other_key_verbs(CLI::App& app, Arguments& arguments) {
    using Kind = service::ServiceKeyRotation::Kind;
    auto& kek = add_group(app, "kek", "The keys of tenants");
    auto* rotate_kek = add_verb(kek,
                                arguments,
                                "rotate",
                                "Give a tenant, or all of them, a new KEK",
                                done_by([&arguments](const Config& c) {
                                    return ctl::kek_rotate(c, arguments.listed_tenant);
                                }));
    auto* tenant = rotate_kek->add_option("--tenant", arguments.listed_tenant, "The tenant's id");
    auto* all = rotate_kek->add_flag("--all", arguments.all_tenants, "Every tenant");
    tenant->excludes(all);
    rotate_kek->require_option(1);

    add_service_key_verbs(add_group(app, "signing-key", "The keys that sign scoped tokens"),
                          arguments,
                          Kind::SigningKey);
    add_service_key_verbs(add_group(app, "pepper", "The peppers of agent keys and personal tokens"),
                          arguments,
                          Kind::Pepper);
}

}  // namespace

void add_key_verbs(CLI::App& app, Arguments& arguments) {
    add_root_key_verbs(app, arguments);
    add_other_key_verbs(app, arguments);
}

}  // namespace core::ctl
