// The routes of the admin listener, which nginx opens on loopback alone (nginx/admin.conf). They
// ask for no credential, show nothing of any tenant, and stand in no description of the API.
#pragma once

#include "fcgi/routes.h"

#include <span>

namespace fcgi {

std::span<const Route> admin_routes();

}  // namespace fcgi
