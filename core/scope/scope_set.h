// A set of scopes, as a token carries them and an agent is allowed them; and containment: may
// an agent with these limits hold that scope? contract.md §4.
#pragma once

#include "core/base/result.h"
#include "core/scope/scope.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core::scope {

class ScopeSet {
  public:
    ScopeSet() = default;
    explicit ScopeSet(std::vector<Scope> scopes) : m_scopes(std::move(scopes)) {}

    // 1 to 32 scopes. Errors: InvalidRequest naming the scope that is wrong.
    static Result<ScopeSet> parse(std::span<const std::string_view> texts);
    static Result<ScopeSet> parse(std::span<const std::string> texts);

    [[nodiscard]] const std::vector<Scope>& scopes() const { return m_scopes; }
    [[nodiscard]] std::vector<std::string> texts() const;

    // Does a single scope allow all that `inner` does, its stars taken as ordinary bytes?
    [[nodiscard]] bool contains(const Scope& inner) const;
    // Does any scope cover it?
    [[nodiscard]] bool allows(Action action, const SecretPath& path) const;
    // Could any scope cover a key directly in this namespace, existing or not?
    [[nodiscard]] bool could_allow_in(Action action, const Namespace& name_space) const;
    // The same for any path in or below it.
    [[nodiscard]] bool could_allow_below(Action action, const Namespace& name_space) const;
    // Does any scope cover everything below this namespace: "a/b/*" for "a/b"?
    [[nodiscard]] bool allows_all_below(Action action, std::string_view name_space) const;
    // Path patterns of the scopes that cover `action`.
    [[nodiscard]] std::vector<std::string> patterns_for(Action action) const;
    [[nodiscard]] bool allows_namespaces() const;

  private:
    std::vector<Scope> m_scopes;
};

// What an agent may ask for.
class AgentLimits {
  public:
    // `namespaces`: "*" or namespaces, 1 to 32. `scopes`: 1 to 32; the CLI's short forms (see
    // expand_request()) become scopes over the namespaces. Errors: InvalidRequest.
    static Result<AgentLimits> parse(std::span<const std::string> namespaces,
                                     std::span<const std::string> scopes);
    // POST /agents, where either may be omitted (nullptr): scopes default to
    // secrets:read:NS/* of each namespace, namespaces to those that the scopes name (the whole
    // segments before the first star; "*" where there are none). Both omitted: InvalidRequest.
    static Result<AgentLimits> from_request(const std::vector<std::string_view>* namespaces,
                                            const std::vector<std::string_view>* scopes);

    [[nodiscard]] const std::vector<std::string>& namespaces() const { return m_namespaces; }
    [[nodiscard]] const ScopeSet& scopes() const { return m_scopes; }

    // Contained: matched, its stars taken as ordinary bytes, by an allowed scope of the same or
    // any action ('*' is contained only in '*'), and its pattern in an allowed namespace. Every
    // agent may have namespaces:read.
    [[nodiscard]] bool grants(const Scope& requested) const;
    // May the agent do this now? What its tokens are judged by once its limits have changed.
    [[nodiscard]] bool allows(Action action, const SecretPath& path) const;
    // Could any path directly in `name_space` be allowed?
    [[nodiscard]] bool could_allow_in(Action action, const Namespace& name_space) const;
    // The same for any path in or below it.
    [[nodiscard]] bool could_allow_below(Action action, const Namespace& name_space) const;
    // The first scope of `requested` that is not granted; nullptr when all are.
    [[nodiscard]] const Scope* first_not_granted(const ScopeSet& requested) const;
    // The CLI's short forms `read:secrets`, `write:secrets`, `import:secrets`: scopes over the
    // allowed namespaces. `rotate:secrets`, `manage:agents`: InvalidRequest saying that people do
    // that. Other texts are parsed as scopes. The result has 1 to 32 distinct scopes.
    [[nodiscard]] Result<ScopeSet> expand_request(std::span<const std::string_view> texts) const;

  private:
    std::vector<std::string> m_namespaces;
    ScopeSet m_scopes;
};

// Are these, whoever asks, 1 to 32 scopes or short forms of the CLI? Errors: InvalidRequest.
Result<void> check_requested_scopes(std::span<const std::string_view> texts);

}  // namespace core::scope
