// The OpenAPI 3.1 document, written from the route table. Thread-safe.
#pragma once

#include "fcgi/routes.h"

#include <span>
#include <string>

namespace fcgi {

// Of any table, for tests. The same table always gives the same bytes.
std::string write_openapi(std::span<const Route> table);

// Of routes(), written once.
const std::string& openapi_document();

}  // namespace fcgi
