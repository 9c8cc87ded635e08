// The OpenAPI document says what the table and the handlers do.
#include "fcgi/openapi.h"

#include "core/base/json.h"
#include "core/service/approval_policies.h"
#include "core/service/approvals.h"
#include "core/service/audit.h"
#include "fcgi/handlers/agent_handlers.h"
#include "fcgi/handlers/approval_handlers.h"
#include "fcgi/handlers/audit_handlers.h"
#include "fcgi/handlers/secret_handlers.h"
#include "fcgi/handlers/token_handlers.h"
#include "fcgi/handlers/webhook_handlers.h"
#include "fcgi/schemas.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fcgi {
std::ostream& operator<<(std::ostream& out, const Route& route) {
    return out << to_string(route.method) << ' ' << route.path;
}
}  // namespace fcgi

BOOST_AUTO_TEST_SUITE(openapi)

namespace data = boost::unit_test::data;
using core::JsonDocument;
using core::JsonValue;

namespace {

using Names = std::set<std::string>;

JsonDocument parse(const std::string& text) {
    auto document = JsonDocument::parse(core::Body::copy_of(text));
    BOOST_REQUIRE(document.has_value());
    return std::move(*document);
}

const JsonDocument& document() {
    static const JsonDocument parsed = parse(fcgi::openapi_document());
    return parsed;
}

JsonValue at(JsonValue value, std::initializer_list<std::string_view> path) {
    for (const auto& name : path) {
        const auto next = value.find(name);
        BOOST_REQUIRE_MESSAGE(next.has_value(), "no member " << name);
        value = *next;
    }
    return value;
}

std::string path_of(const fcgi::Route& route) {
    std::string path(route.path);
    path.erase(std::remove(path.begin(), path.end(), '+'), path.end());
    return path;
}

std::string method_of(const fcgi::Route& route) {
    std::string method(fcgi::to_string(route.method));
    for (auto& c : method)
        c = static_cast<char>(c - 'A' + 'a');
    return method;
}

JsonValue operation_of(const fcgi::Route& route) {
    return at(document().root(), {"paths", path_of(route), method_of(route)});
}

std::vector<fcgi::Route> all_routes() {
    return {fcgi::routes().begin(), fcgi::routes().end()};
}

Names schemes_of(const fcgi::Route& route) {
    Names out;
    for (const auto& requirement : at(operation_of(route), {"security"}).elements())
        for (const auto& [name, scopes] : requirement.members())
            out.insert(std::string(name));
    return out;
}

// Every "$ref" below a value.
void collect_references(const JsonValue& value, Names& out) {
    if (value.kind() == JsonValue::Kind::Array) {
        for (const auto& element : value.elements())
            collect_references(element, out);
    }
    if (value.kind() != JsonValue::Kind::Object) return;
    for (const auto& [name, content] : value.members()) {
        if (name == "$ref") out.insert(std::string(content.string()));
        collect_references(content, out);
    }
}

Names members_of(const std::string& text) {
    Names out;
    const auto parsed = parse(text);
    for (const auto& [name, content] : parsed.root().members())
        out.insert(std::string(name));
    return out;
}

template <std::size_t N>
Names names_of(const std::array<fcgi::Property, N>& properties) {
    Names out;
    for (const auto& property : properties)
        out.insert(std::string(property.name));
    return out;
}

core::service::SecretInfo some_info() {
    core::service::SecretInfo info;
    info.path = core::scope::SecretPath::parse("a/K").value();
    info.type = "custom";
    return info;
}

std::string first_item_of(const std::string& listing) {
    const auto parsed = parse(listing);
    return at(parsed.root(), {"items"}).elements().front().to_text();
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_document_says_its_version) {
    BOOST_TEST(at(document().root(), {"openapi"}).string() == "3.1.0");
}

BOOST_AUTO_TEST_CASE(the_same_table_gives_the_same_bytes) {
    BOOST_TEST(fcgi::write_openapi(fcgi::routes()) == fcgi::write_openapi(fcgi::routes()));
}

BOOST_AUTO_TEST_CASE(it_has_as_many_operations_as_the_table_has_routes) {
    std::size_t operations = 0;
    for (const auto& [path, item] : at(document().root(), {"paths"}).members())
        operations += item.members().size();

    BOOST_TEST(operations == fcgi::routes().size());
}

BOOST_DATA_TEST_CASE(every_route_is_an_operation, data::make(all_routes()), route) {
    BOOST_TEST(at(operation_of(route), {"operationId"}).string() == route.operation_id);
}

BOOST_DATA_TEST_CASE(an_operation_without_security_is_a_route_without_auth,
                     data::make(all_routes()),
                     route) {
    const bool open = route.auth == core::identity::AuthKind::None;

    BOOST_TEST(schemes_of(route).empty() == open);
}

BOOST_DATA_TEST_CASE(an_operation_with_security_can_answer_401_and_403,
                     data::make(all_routes()),
                     route) {
    const auto responses = at(operation_of(route), {"responses"});
    const bool closed = route.auth != core::identity::AuthKind::None;

    BOOST_TEST(responses.find("401").has_value() == closed);
    BOOST_TEST(responses.find("403").has_value() == closed);
}

BOOST_DATA_TEST_CASE(an_operation_has_a_body_where_the_route_takes_one,
                     data::make(all_routes()),
                     route) {
    BOOST_TEST(operation_of(route).find("requestBody").has_value() ==
               !route.request_schema.empty());
}

BOOST_DATA_TEST_CASE(every_query_parameter_of_a_route_is_described,
                     data::make(all_routes()),
                     route) {
    Names described;
    if (const auto parameters = operation_of(route).find("parameters"))
        for (const auto& parameter : parameters->elements())
            if (at(parameter, {"in"}).string() == "query")
                described.insert(std::string(at(parameter, {"name"}).string()));

    const Names accepted(route.query.begin(), route.query.end());

    BOOST_TEST(described == accepted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(both_credentials_of_a_secret_are_named) {
    for (const auto& route : fcgi::routes())
        if (route.operation_id == "readSecret")
            BOOST_TEST((schemes_of(route) == Names{"scopedToken", "userToken"}));
}

BOOST_AUTO_TEST_CASE(every_reference_leads_somewhere) {
    Names references;
    collect_references(document().root(), references);
    BOOST_REQUIRE(!references.empty());
    const auto components = at(document().root(), {"components"});
    const std::string prefix = "#/components/";

    for (const auto& reference : references) {
        BOOST_REQUIRE(reference.starts_with(prefix));
        const auto slash = reference.find('/', prefix.size());
        const auto kind = at(components, {reference.substr(prefix.size(), slash - prefix.size())});
        BOOST_TEST(kind.find(reference.substr(slash + 1)).has_value(), reference);
    }
}

// What handlers write has exactly the members that the document promises.

BOOST_AUTO_TEST_CASE(an_agent_has_the_members_of_its_schema) {
    core::JsonWriter json;
    json.begin_object();
    fcgi::write_agent_members(json, core::service::Agent{});
    json.end_object();
    const std::string text = std::move(json).take_text();

    BOOST_TEST((members_of(text) == names_of(fcgi::schemas::kAgent)));
}

BOOST_AUTO_TEST_CASE(an_issued_token_has_the_members_of_its_schema) {
    core::JsonWriter json;
    const core::Credential token = core::Credential::copy_of("a token");
    core::service::IssuedToken issued;
    issued.token = &token;
    fcgi::write_token_answer(json, {}, issued);
    const std::string text = std::move(json).take_text();

    BOOST_TEST((members_of(text) == names_of(fcgi::schemas::kTokenAnswer)));
}

BOOST_AUTO_TEST_CASE(a_pending_approval_has_the_same_members) {
    core::JsonWriter json;
    fcgi::write_token_answer(json, {}, core::service::ApprovalRequired{});
    const std::string text = std::move(json).take_text();

    BOOST_TEST((members_of(text) == names_of(fcgi::schemas::kTokenAnswer)));
}

BOOST_AUTO_TEST_CASE(a_stored_secret_has_the_members_of_its_schema) {
    core::JsonWriter json;
    json.begin_object();
    fcgi::write_stored_members(json, some_info());
    json.end_object();
    const std::string text = std::move(json).take_text();

    BOOST_TEST((members_of(text) == names_of(fcgi::schemas::kStoredSecret)));
}

BOOST_AUTO_TEST_CASE(a_secret_has_the_members_of_its_schema) {
    core::JsonWriter json;
    fcgi::write_secret(json, {some_info(), core::Plaintext::copy_of(std::string_view("v"))});
    const std::string text = std::move(json).take_text();

    BOOST_TEST((members_of(text) == names_of(fcgi::schemas::kSecret)));
}

BOOST_AUTO_TEST_CASE(a_listed_secret_has_the_members_of_its_schema) {
    core::service::NamespaceListing listing;
    listing.page.items.push_back(some_info());
    core::JsonWriter json;
    fcgi::write_listing(json, listing);
    const std::string text = std::move(json).take_text();

    BOOST_TEST((members_of(text) == names_of(fcgi::schemas::kSecretListing)));
    BOOST_TEST((members_of(first_item_of(text)) == names_of(fcgi::schemas::kSecretListItem)));
}

BOOST_AUTO_TEST_CASE(an_audit_event_has_the_members_of_its_schema) {
    core::service::AuditEvent event;
    event.metadata = "{}";
    core::JsonWriter json;
    core::service::write_audit_event(json, event);
    const std::string text = std::move(json).take_text();

    BOOST_TEST((members_of(text) == names_of(fcgi::schemas::kAuditEvent)));
}

BOOST_AUTO_TEST_CASE(a_webhook_has_the_members_of_its_schema) {
    const auto body = fcgi::render_webhook({});

    BOOST_TEST((members_of(std::string(core::as_text(body.expose()))) ==
                names_of(fcgi::schemas::kWebhook)));
}

BOOST_AUTO_TEST_CASE(a_webhook_that_was_just_made_has_its_secret_beside) {
    const auto secret = core::Credential::copy_of(std::string_view("whsec_..."));

    const auto body = fcgi::render_webhook_with_secret({{}, secret});

    BOOST_TEST((members_of(std::string(core::as_text(body.expose()))) ==
                names_of(fcgi::schemas::kWebhookWithSecret)));
}

BOOST_AUTO_TEST_CASE(a_delivery_has_the_members_of_its_schema) {
    const auto body = fcgi::render_delivery({});

    BOOST_TEST((members_of(std::string(core::as_text(body.expose()))) ==
                names_of(fcgi::schemas::kDelivery)));
}

BOOST_AUTO_TEST_CASE(a_status_is_one_of_those_that_its_list_knows) {
    const auto* of_approvals = fcgi::schemas::find_query_parameter("status", "ApprovalPage");
    const auto* of_deliveries = fcgi::schemas::find_query_parameter("status", "DeliveryPage");

    BOOST_REQUIRE((of_approvals != nullptr && of_deliveries != nullptr));
    BOOST_TEST(of_approvals->one_of.front() == "pending");
    BOOST_TEST(of_approvals->one_of.back() == "expired");
    BOOST_TEST(of_deliveries->one_of.back() == "dead");
}

BOOST_AUTO_TEST_CASE(an_approval_has_the_members_that_are_described) {
    core::service::Approval approval;
    approval.row.status = "pending";
    approval.decisions.emplace_back();
    core::JsonWriter json;
    fcgi::write_approval(json, approval);
    const auto parsed = parse(std::move(json).take_text());
    const auto member = [&](std::string_view name) { return at(parsed.root(), {name}); };

    BOOST_TEST((members_of(parsed.root().to_text()) == names_of(fcgi::schemas::kApproval)));
    BOOST_TEST((members_of(member("required").to_text()) ==
                names_of(fcgi::schemas::kApprovalRequirement)));
    BOOST_TEST((members_of(member("decisions").elements().front().to_text()) ==
                names_of(fcgi::schemas::kApprovalDecision)));
}

BOOST_AUTO_TEST_CASE(an_approval_for_its_agent_has_the_members_that_are_described) {
    core::service::AgentApproval approval;
    core::JsonWriter pending;
    fcgi::write_agent_approval(pending, approval);
    approval.token.emplace(
        core::service::ApprovedToken{core::Credential::copy_of("x"), {}, {}, {}});
    core::JsonWriter approved;
    fcgi::write_agent_approval(approved, approval);

    const auto waiting = members_of(std::move(pending).take_text());
    const auto decided = members_of(std::move(approved).take_text());
    BOOST_TEST((waiting == names_of(fcgi::schemas::kAgentApproval)));
    BOOST_TEST((decided == names_of(fcgi::schemas::kAgentApproval)));
}

BOOST_AUTO_TEST_CASE(a_policy_has_the_members_that_are_described) {
    core::JsonWriter json;
    core::service::write_policy(json, {});
    const auto text = std::move(json).take_text();

    BOOST_TEST((members_of(text) == names_of(fcgi::schemas::kApprovalPolicy)));
    BOOST_TEST((members_of(text) == names_of(fcgi::schemas::kNewApprovalPolicy)));
}

BOOST_AUTO_TEST_SUITE_END()
