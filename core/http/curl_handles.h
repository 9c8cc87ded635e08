// What every client over libcurl begins with: handles that free themselves, and what is believed of
// certificates. For the files of this folder alone.
#pragma once

#include "core/base/result.h"

#include <curl/curl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace core::http {

struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;
List list_of(const std::vector<std::string>& lines);

// Initialises the library, where nobody has yet. Errors: Internal.
Result<Easy> create_easy();
// Errors: ConfigInvalid where it is not empty and can't be read.
Result<void> check_ca_file(const std::filesystem::path& ca_file);

// TLS 1.2 or later, with a certificate that holds for the host by the authorities of `ca_file`, or
// by the system's where that is empty.
void verify_tls(CURL* easy, const std::filesystem::path& ca_file);

}  // namespace core::http
