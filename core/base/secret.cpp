#include "core/base/secret.h"

#include <botan/mem_ops.h>

namespace core {

void wipe(std::span<std::uint8_t> memory) {
    Botan::secure_scrub_memory(memory.data(), memory.size());
}

bool constant_time_equal(ByteView a, ByteView b) {
    if (a.size() != b.size()) return false;
    return Botan::constant_time_compare(a.data(), b.data(), a.size());
}

static_assert(!std::is_copy_constructible_v<Plaintext>);
static_assert(!std::is_copy_assignable_v<Plaintext>);
static_assert(std::is_nothrow_move_constructible_v<Plaintext>);
static_assert(!std::is_convertible_v<Plaintext, Body>);
static_assert(!std::is_convertible_v<SecureBuffer, Plaintext>);

}  // namespace core
