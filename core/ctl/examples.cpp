#include "core/ctl/verbs.h"

#include <array>
#include <sstream>
#include <string>

namespace core::ctl {
namespace {

struct Example {
    const char* verb;       // the words that lead to it
    const char* arguments;  // behind them
};

// Ids stand as variables: lists print them.
constexpr std::array kExamples{
    Example{"init", "--tenant acme --owner ops@acme.example"},
    Example{"restart", ""},
    Example{"status", "--json"},
    Example{"check", ""},
    Example{"doctor", ""},
    Example{"nginx-limits", "zones > /etc/nginx/conf.d/secretstore-rate-zones.conf"},
    Example{"config check", "--config /etc/secretstore/secretstore.yaml"},
    Example{"config dump", ""},
    Example{"config reference", "--form yaml | less"},
    Example{"db init", ""},
    Example{"db migrate", ""},
    Example{"db status", "--json"},
    Example{"db print-statement", "read"},
    Example{"maintain", "--skip-if-running"},
    Example{"backup", "/var/backups/secretstore/$(date +%F)"},
    Example{"backup verify", "/var/backups/secretstore/2026-11-27 --scratch /srv/scratch"},
    Example{"restore", "/var/backups/secretstore/2026-11-27 --acknowledge"},
    Example{"root-key generate", ""},
    Example{"root-key status", "--json"},
    Example{"root-key rotate begin", ""},
    Example{"root-key rotate run", ""},
    Example{"root-key rotate commit", "--yes"},
    Example{"root-key rotate abort", ""},
    Example{"root-key export", "> /media/safe/root.key"},
    Example{"root-key split", "/run/shares --shares 5 --needed 3"},
    Example{"root-key join", "share-1 share-3 share-4 --to /etc/secretstore/root.key"},
    Example{"root-key raise-epoch", ""},
    Example{"root-key import", "/media/safe/root.key"},
    Example{"kek rotate", "--tenant $TENANT"},
    Example{"signing-key list", ""},
    Example{"signing-key rotate begin", ""},
    Example{"signing-key rotate activate", ""},
    Example{"signing-key rotate retire", ""},
    Example{"pepper list", ""},
    Example{"pepper rotate begin", ""},
    Example{"pepper rotate activate", ""},
    Example{"pepper rotate retire", ""},
    Example{"tenant create", "acme --plan pro --owner ops@acme.example"},
    Example{"tenant list", "--json"},
    Example{"tenant plan", "$TENANT enterprise --requests-per-minute 20000"},
    Example{"tenant suspend", "$TENANT"},
    Example{"tenant resume", "$TENANT"},
    Example{"user token", "ops@acme.example --tenant $TENANT --ttl 1h"},
    Example{"user invite", "ann@acme.example --tenant $TENANT --role approver"},
    Example{"user list", "--tenant $TENANT"},
    Example{"agent create",
            "deploy-bot --tenant $TENANT --namespace prod --scope 'secrets:read:prod/*'"},
    Example{"agent list", "--tenant $TENANT"},
    Example{"agent revoke", "deploy-bot --tenant $TENANT"},
    Example{"token list", "--tenant $TENANT"},
    Example{"token revoke", "$TOKEN --tenant $TENANT"},
    Example{"approval list", "--tenant $TENANT --status pending"},
    Example{"approval approve", "$APPROVAL --tenant $TENANT --reason 'release 4.2'"},
    Example{"approval deny", "$APPROVAL --tenant $TENANT"},
    Example{"audit tail", "--tenant $TENANT --follow"},
    Example{"audit export", "--tenant $TENANT --format jsonl | gzip > audit.jsonl.gz"},
    Example{"audit verify", ""},
    Example{"webhook list", "--tenant $TENANT"},
    Example{"webhook test", "$WEBHOOK --tenant $TENANT"},
    Example{"mail test", "ann@acme.example --tenant $TENANT"},
    Example{"egress-key export", "/etc/secretstore/egress.key"},
    Example{"completion bash", "> /etc/bash_completion.d/secretstorectl"},
};

}  // namespace

void add_examples(CLI::App& app) {
    for (const auto& example : kExamples) {
        CLI::App* verb = &app;
        std::istringstream words(example.verb);
        for (std::string word; words >> word;)
            verb = verb->get_subcommand(word);
        std::string text = std::string("Example: secretstorectl ") + example.verb;
        if (*example.arguments != '\0') text.append(" ").append(example.arguments);
        verb->footer(text);
    }
}

}  // namespace core::ctl
