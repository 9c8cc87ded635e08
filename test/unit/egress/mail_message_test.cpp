// The text of mails: what it says, and what nobody can make of it.
#include "core/egress/mail_message.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(mail_message)

namespace data = boost::unit_test::data;
using core::egress::compose_mail;
using core::egress::header_text;
using core::egress::MailSettings;
using core::egress::one_line;
using core::egress::quoted_printable;

namespace {

const MailSettings kSettings{"notices@store.example.com", "https://store.example.com"};
const core::Timestamp kNow = core::from_unix_seconds(1780309800);

core::store::ClaimedMail mail(const std::string& type, const std::string& payload) {
    core::store::ClaimedMail out;
    out.delivery.delivery = *core::DeliveryId::parse("01900000-0000-7000-8000-000000000002");
    out.delivery.event_type = type;
    out.delivery.payload = payload;
    out.recipient = "approver@example.com";
    out.tenant_name = "Acme Inc";
    return out;
}

const std::string kAsked =
    R"({"approval_id":"01900000-0000-7000-8000-000000000003","agent_name":"nightly",)"
    R"("access_tier":"critical","requested_scopes":["secrets:read:production/*"],)"
    R"("expires_at":"2026-06-02T10:30:00Z"})";

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t at = 0;
    for (std::size_t end = 0; (end = text.find("\r\n", at)) != std::string::npos; at = end + 2)
        lines.push_back(text.substr(at, end - at));
    lines.push_back(text.substr(at));
    return lines;
}

std::string header_part(const std::string& text) {
    return text.substr(0, text.find("\r\n\r\n"));
}

// Names of headers, in their order; a folded line belongs to the one before.
std::vector<std::string> header_names(const std::string& text) {
    std::vector<std::string> names;
    for (const auto& line : lines_of(header_part(text)))
        if (!line.starts_with(' ')) names.push_back(line.substr(0, line.find(':')));
    return names;
}

const std::vector<std::string> kHeaders{"From",
                                        "To",
                                        "Subject",
                                        "Date",
                                        "Message-ID",
                                        "MIME-Version",
                                        "Content-Type",
                                        "Content-Transfer-Encoding",
                                        "Auto-Submitted"};

// What somebody could put into a name to begin a header, a body or another mail.
const std::vector<std::string> kHostile{"x\r\nBcc: victim@example.com",
                                        "x\nBcc: victim@example.com",
                                        "x\r\n\r\nanother body",
                                        "x\r\n.\r\nMAIL FROM:<evil@example.com>",
                                        std::string("x\0y", 3),
                                        "=?UTF-8?Q?=0D=0ABcc:?=",
                                        "x\xc2\x85y",
                                        "\x1b[31mred"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_request_links_to_where_it_can_be_decided) {
    const auto text = compose_mail(mail("approval.requested", kAsked), kSettings, "", kNow);

    BOOST_TEST(contains(text, "Subject: [Acme Inc] Approval wanted: nightly\r\n"));
    BOOST_TEST(contains(text,
                        "https://store.example.com/approvals/"
                        "01900000-0000-7000-8000-000000000003"));
    BOOST_TEST(contains(text, "secrets:read:production/*"));
    BOOST_TEST(contains(text, "critical"));
}

BOOST_AUTO_TEST_CASE(the_headers_are_those_and_no_others) {
    const auto text = compose_mail(mail("approval.requested", kAsked), kSettings, "", kNow);

    BOOST_TEST(header_names(text) == kHeaders, boost::test_tools::per_element());
    BOOST_TEST(contains(text, "From: Agent Secret Store <notices@store.example.com>\r\n"));
    BOOST_TEST(contains(text, "To: <approver@example.com>\r\n"));
    BOOST_TEST(contains(text, "Date: Mon, 01 Jun 2026 10:30:00 +0000\r\n"));
    BOOST_TEST(
        contains(text, "Message-ID: <01900000-0000-7000-8000-000000000002@store.example.com>\r\n"));
}

BOOST_DATA_TEST_CASE(a_tenants_name_begins_no_header, data::make(kHostile), name) {
    auto hostile = mail("approval.requested", kAsked);
    hostile.tenant_name = name;

    const auto text = compose_mail(hostile, kSettings, "", kNow);

    BOOST_TEST(header_names(text) == kHeaders, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(no_line_of_a_mail_is_without_its_end, data::make(kHostile), name) {
    auto hostile = mail("approval.requested", kAsked);
    hostile.tenant_name = name;

    const auto text = compose_mail(hostile, kSettings, "", kNow);

    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') BOOST_TEST((i > 0 && text[i - 1] == '\r'));
        if (text[i] == '\r') BOOST_TEST((i + 1 < text.size() && text[i + 1] == '\n'));
        BOOST_TEST((text[i] == '\r' || text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f)));
    }
}

BOOST_AUTO_TEST_CASE(an_invitation_holds_its_token_once) {
    const auto text = compose_mail(
        mail("member.invited", R"({"role":"approver"})"), kSettings, "ass_invite_example", kNow);

    const auto at = text.find("ass_invite_example");
    BOOST_REQUIRE(at != std::string::npos);
    BOOST_TEST(text.find("ass_invite_example", at + 1) == std::string::npos);
    BOOST_TEST(at > header_part(text).size());
}

BOOST_AUTO_TEST_CASE(trouble_with_keys_says_until_when_people_get_in) {
    const auto text = compose_mail(
        mail("key_set.trouble",
             R"({"issuer":"https://login.example.com","reason":"timed_out","failures":5,)"
             R"("refused_from":"2026-06-02T10:00:00Z"})"),
        kSettings,
        "",
        kNow);

    BOOST_TEST(
        contains(text, "Subject: [Acme Inc] Sign-in is in trouble: https://login.example.com\r\n"));
    BOOST_TEST(contains(text, "timed_out"));
    BOOST_TEST(contains(text, "serve until 2026-06-02T10:00:00Z"));
}

BOOST_AUTO_TEST_CASE(an_event_that_has_no_text_of_its_own_is_still_told) {
    const auto text = compose_mail(mail("something.new", "{}"), kSettings, "", kNow);

    BOOST_TEST(contains(text, "Subject: [Acme Inc] something.new\r\n"));
}

BOOST_AUTO_TEST_CASE(a_payload_that_is_no_json_makes_a_poorer_mail_and_no_crash) {
    const auto text = compose_mail(mail("secret.expiring", "not JSON"), kSettings, "", kNow);

    BOOST_TEST(header_names(text) == kHeaders, boost::test_tools::per_element());
}

// ---- encodings ----

BOOST_AUTO_TEST_CASE(a_printable_header_stays_as_it_is) {
    BOOST_TEST(header_text("Approval wanted: nightly") == "Approval wanted: nightly");
}

BOOST_AUTO_TEST_CASE(another_header_becomes_encoded_words) {
    BOOST_TEST(header_text("Büro") == "=?UTF-8?Q?B=C3=BCro?=");
    BOOST_TEST(header_text("ä b_?") == "=?UTF-8?Q?=C3=A4=20b=5F=3F?=");
}

BOOST_AUTO_TEST_CASE(a_long_header_is_folded_between_characters) {
    std::string text;
    for (int i = 0; i < 50; ++i)
        text += "ü";

    for (const auto& line : lines_of(header_text(text))) {
        BOOST_TEST(line.size() <= 76U);
        // Twice three bytes for each character: none is cut.
        const auto begin = line.find("?Q?") + 3;
        BOOST_TEST((line.rfind("?=") - begin) % 6 == 0U);
    }
}

BOOST_AUTO_TEST_CASE(text_is_quoted_as_rfc_2045_says) {
    BOOST_TEST(quoted_printable("a=b\n") == "a=3Db\r\n");
    BOOST_TEST(quoted_printable("ü") == "=C3=BC");
    BOOST_TEST(quoted_printable("ends in a space \nx") == "ends in a space=20\r\nx");
    BOOST_TEST(quoted_printable("a\tb") == "a=09b");
    BOOST_TEST(quoted_printable("a\rb") == "a=0Db");
}

BOOST_AUTO_TEST_CASE(a_dot_alone_does_not_end_the_mail) {
    BOOST_TEST(quoted_printable(".\n.x\na.") == "=2E\r\n=2Ex\r\na.");
}

BOOST_DATA_TEST_CASE(no_line_is_longer_than_76,
                     data::make({1, 75, 76, 77, 150, 152, 153, 1000}) *
                         data::make({"a", "=", "ü", "."}),
                     count,
                     piece) {
    std::string text;
    for (int i = 0; i < count; ++i)
        text += piece;

    std::string back;
    for (const auto& line : lines_of(quoted_printable(text))) {
        BOOST_TEST(line.size() <= 76U);
        BOOST_TEST(!line.starts_with('.'));
        back += line.ends_with('=') ? line.substr(0, line.size() - 1) : line;
    }
    // Decoded again it is the same.
    std::string decoded;
    for (std::size_t i = 0; i < back.size(); ++i) {
        if (back[i] != '=') {
            decoded += back[i];
            continue;
        }
        decoded += static_cast<char>(std::stoi(back.substr(i + 1, 2), nullptr, 16));
        i += 2;
    }
    BOOST_TEST(decoded == text);
}

BOOST_AUTO_TEST_CASE(one_line_is_one_line) {
    BOOST_TEST(one_line("a\r\nb\tc\x7f") == "a  b c ");
    BOOST_TEST(one_line("a\xc2\x85z") == "a z");
    BOOST_TEST(one_line("Büro") == "Büro");
}

BOOST_AUTO_TEST_CASE(a_long_line_is_cut_between_characters) {
    std::string text(199, 'a');
    text += "üüü";

    const auto line = one_line(text);

    BOOST_TEST(line == std::string(199, 'a') + "ü...");
}

BOOST_AUTO_TEST_SUITE_END()
