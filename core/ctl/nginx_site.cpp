#include "core/ctl/nginx_site.h"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace core::ctl {
namespace {

constexpr std::string_view kFileMark = "# configuration file ";

std::string without_comment(const std::string& line) {
    for (std::size_t at = line.find('#'); at != std::string::npos; at = line.find('#', at + 1))
        if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t' || line[at - 1] == ';')
            return line.substr(0, at);
    return line;
}

void take_directive(const std::string& text, bool is_ours, NginxSite& site) {
    std::istringstream words(text);
    std::string name;
    std::string value;
    if (!(words >> name >> value)) return;
    if (name == "set_real_ip_from") site.trusted_proxies.push_back(value);
    if (!is_ours) return;
    if (name == "ssl_certificate") site.certificates.emplace_back(value);
    if (name == "ssl_certificate_key") site.certificate_keys.emplace_back(value);
    if (name == "access_log" && value != "off") site.access_log = value;
}

void take_file(const std::string& file, NginxSite& site) {
    const bool is_ours = file.find("secretstore") != std::string::npos;
    std::istringstream lines(file);
    std::string text;
    for (std::string line; std::getline(lines, line);)
        text += without_comment(line) + ' ';
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find_first_of(";{}", begin), text.size());
        take_directive(text.substr(begin, end - begin), is_ours, site);
        begin = end + 1;
    }
}

}  // namespace

NginxSite parse_site(const std::string& printed) {
    NginxSite site;
    std::istringstream lines(printed);
    std::string file;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(kFileMark)) {
            take_file(file, site);
            file.clear();
        }
        file += line + '\n';
    }
    take_file(file, site);
    return site;
}

}  // namespace core::ctl
