// Sealed boxes. The input chooses context, plaintext and what is done to the box. Oracles: a box
// opens under its own key and context and under nothing else; one changed byte anywhere, a cut or
// an added byte is an error; and bytes that nobody sealed never open.
#include "core/crypto/sealed_box.h"
#include "test/fuzz/fuzz.h"

#include <algorithm>
#include <string>

namespace {

using core::Bytes;
using core::ByteView;
using core::crypto::BoxContext;
using core::crypto::open_box;
using core::crypto::PlainBoxKey;

core::UuidBytes filled(std::uint8_t with) {
    core::UuidBytes bytes{};
    bytes.fill(with);
    return bytes;
}

bool opens(const PlainBoxKey& key, const BoxContext& context, const Bytes& box) {
    return open_box(key, context, box).has_value();
}

void check_changes(const PlainBoxKey& key,
                   const BoxContext& context,
                   const Bytes& box,
                   std::size_t position,
                   std::uint8_t mask) {
    Bytes changed = box;
    changed[position % box.size()] ^= mask;
    fuzz::require(opens(key, context, changed) == (mask == 0), "a changed byte is noticed");
    changed = box;
    changed.resize(position % box.size());
    fuzz::require(!opens(key, context, changed), "a cut is noticed");
    changed = box;
    changed.push_back(mask);
    fuzz::require(!opens(key, context, changed), "an added byte is noticed");
}

void check_other_contexts(const PlainBoxKey& key, const BoxContext& context, const Bytes& box) {
    BoxContext other = context;
    other.version = context.version.value_or(0) + 1;
    fuzz::require(!opens(key, other, box), "another version does not open it");
    other = context;
    other.tenant = core::TenantId(filled(0x77));
    fuzz::require(!opens(key, other, box), "another tenant does not open it");
    other = context;
    std::swap(other.name_space, other.key);
    if (context.name_space != context.key)
        fuzz::require(!opens(key, other, box), "another path does not open it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string raw_key(32, 'k');
    const PlainBoxKey key(core::KeyId(filled(0x0a)), core::as_bytes(raw_key));
    const BoxContext plain{.purpose = "value"};
    // Not with the input as header either: it would have to hold a commitment to our key.
    fuzz::require(!open_box(key, plain, ByteView(data, size)), "what nobody sealed does not open");
    if (size < 4) return 0;

    const std::size_t position = data[0] + 256U * data[1];
    const std::uint8_t mask = data[2];
    const bool named = (data[3] & 1U) != 0;
    auto rest = fuzz::text_of(data + 4, size - 4);
    BoxContext context{.purpose = "value", .tenant = core::TenantId(filled(1)), .version = data[3]};
    const auto name_space = fuzz::take_line(rest);
    const auto name = fuzz::take_line(rest);
    if (named) {
        context.name_space = name_space;
        context.key = name;
    }
    const ByteView plaintext = core::as_bytes(rest);

    const Bytes box = core::crypto::seal_box(key, context, plaintext);

    fuzz::require(box.size() == plaintext.size() + core::crypto::kSealedBoxOverhead, "its size");
    fuzz::require(core::crypto::box_key_id(box) == key.id(), "a box names its key");
    const auto opened = open_box(key, context, box);
    fuzz::require(
        opened && std::equal(opened->begin(), opened->end(), plaintext.begin(), plaintext.end()),
        "a box opens to what was sealed");
    check_changes(key, context, box, position, mask);
    check_other_contexts(key, context, box);
    return 0;
}
