#include "core/http/curl_handles.h"

#include <fstream>
#include <new>

namespace core::http {
namespace {

// Once per process, before any other call: it is not thread-safe itself.
bool initialise_library() {
    static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return done;
}

}  // namespace

List list_of(const std::vector<std::string>& lines) {
    List list;
    for (const auto& line : lines) {
        curl_slist* longer = curl_slist_append(list.get(), line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        // The same list where there was one, and then it is not to be freed.
        static_cast<void>(list.release());
        list.reset(longer);
    }
    return list;
}

Result<Easy> create_easy() {
    if (!initialise_library()) return failure(ErrorCode::Internal, {}, "curl_global_init");
    Easy easy(curl_easy_init());
    if (!easy) return failure(ErrorCode::Internal, {}, "curl_easy_init");
    return easy;
}

Result<void> check_ca_file(const std::filesystem::path& ca_file) {
    if (ca_file.empty()) return {};
    if (std::ifstream(ca_file).good() && std::filesystem::is_regular_file(ca_file)) return {};
    return failure(ErrorCode::ConfigInvalid, ca_file.string() + ": the CA file can't be read");
}

void verify_tls(CURL* easy, const std::filesystem::path& ca_file) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (ca_file.empty()) return;
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
    // Else the system's folder would be believed beside it.
    curl_easy_setopt(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

}  // namespace core::http
