#include "core/crypto/tenant_keys.h"

#include "core/crypto/random.h"

#include <algorithm>
#include <array>

namespace core::crypto {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kLengthSize = 4;
// Padding hides the length of short values to within a block.
constexpr std::size_t kPadBlock = 64;
using DekLabel = std::array<std::uint8_t, 9>;

BoxContext kek_context(TenantId tenant, KeyId id, std::uint64_t generation) {
    BoxContext context;
    context.purpose = "kek";
    context.tenant = tenant;
    context.child_key = id;
    context.generation = generation;
    return context;
}

BoxContext row_context(std::string_view purpose, const SecretRow& row) {
    BoxContext context;
    context.purpose = purpose;
    context.tenant = row.tenant;
    context.secret = row.secret;
    context.name_space = row.name_space;
    context.key = row.key;
    context.version = row.version;
    return context;
}

DekLabel dek_label(const SecretRow& row) {
    const auto expires = row.expires_at ? row.expires_at->time_since_epoch().count() : 0;
    const auto micros = static_cast<std::uint64_t>(expires);
    DekLabel label{row.tier};
    for (std::size_t i = 1; i < label.size(); ++i)
        label[i] = static_cast<std::uint8_t>((micros >> (64U - 8U * i)) & 0xffU);
    return label;
}

// `label` must outlive the context.
BoxContext dek_context(const SecretRow& row, KeyId kek, const DekLabel& label) {
    BoxContext context = row_context("dek", row);
    context.child_key = kek;
    context.label = as_text(label);
    return context;
}

BoxContext answer_context(const TenantKek& kek, ByteView request_key) {
    BoxContext context;
    context.purpose = "answer";
    context.tenant = kek.tenant;
    context.label = as_text(request_key);
    return context;
}

std::size_t padded_size(std::size_t value_size) {
    return (kLengthSize + value_size + kPadBlock - 1) / kPadBlock * kPadBlock;
}

SecureBuffer pad(ByteView value) {
    SecureBuffer out(padded_size(value.size()));
    const auto size = static_cast<std::uint32_t>(value.size());
    for (std::size_t i = 0; i < kLengthSize; ++i)
        out[i] = static_cast<std::uint8_t>((size >> (24U - 8U * i)) & 0xffU);
    std::copy(value.begin(), value.end(), out.begin() + kLengthSize);
    return out;
}

Failure malformed(const char* what) {
    return failure(ErrorCode::IntegrityFailure, "The stored data can't be verified", what);
}

// Accepts only what pad() makes: one form for one value.
Result<Plaintext> unpad(SecureBuffer padded) {
    if (padded.size() < kLengthSize) return malformed("a sealed value is not padded");
    std::size_t size = 0;
    for (std::size_t i = 0; i < kLengthSize; ++i)
        size = (size << 8U) | padded[i];
    if (padded.size() != padded_size(size)) return malformed("a sealed value has a wrong length");
    const auto end = padded.begin() + static_cast<std::ptrdiff_t>(kLengthSize + size);
    if (std::any_of(end, padded.end(), [](std::uint8_t byte) { return byte != 0; }))
        return malformed("a sealed value has a wrong padding");
    // In place: the value never has a second copy, and the whole buffer is wiped when freed.
    padded.erase(padded.begin(), padded.begin() + kLengthSize);
    padded.resize(size);
    return Plaintext(std::move(padded));
}

}  // namespace

NewKek create_kek(const KeyProvider& root_key,
                  TenantId tenant,
                  KeyId id,
                  std::uint64_t generation) {
    TenantKek kek{tenant, id, generation, Kek(random_secret(kKeySize))};
    Bytes box = seal_kek(root_key, kek);
    return {std::move(kek), std::move(box)};
}

Result<TenantKek> unwrap_kek(const KeyProvider& root_key,
                             TenantId tenant,
                             KeyId id,
                             std::uint64_t generation,
                             ByteView box) {
    auto key = open_box(root_key, kek_context(tenant, id, generation), box);
    if (!key) return failure(std::move(key));
    if (key->size() != kKeySize) return malformed("a KEK is not of 32 bytes");
    return TenantKek{tenant, id, generation, Kek(std::move(*key))};
}

Bytes seal_kek(const KeyProvider& root_key, const TenantKek& kek) {
    return seal_box(root_key, kek_context(kek.tenant, kek.id, kek.generation), kek.key.expose());
}

SealedValue seal_value(const TenantKek& kek, const SecretRow& row, const Plaintext& value) {
    const SecureBuffer dek = random_secret(kKeySize);
    const ByteView dek_view(dek.data(), dek.size());
    const SecureBuffer padded = pad(value.expose());
    const DekLabel label = dek_label(row);
    // A DEK is named by its row and seals once: the value box carries no key id.
    return {
        seal_box(PlainBoxKey(kek.id, kek.key.expose()), dek_context(row, kek.id, label), dek_view),
        seal_box(PlainBoxKey(KeyId(), dek_view),
                 row_context("value", row),
                 {padded.data(), padded.size()})};
}

Result<Plaintext> open_value(const TenantKek& kek,
                             const SecretRow& row,
                             ByteView dek_box,
                             ByteView value_box) {
    const DekLabel label = dek_label(row);
    auto dek =
        open_box(PlainBoxKey(kek.id, kek.key.expose()), dek_context(row, kek.id, label), dek_box);
    if (!dek) return failure(std::move(dek));
    if (dek->size() != kKeySize) return malformed("a DEK is not of 32 bytes");
    auto padded = open_box(
        PlainBoxKey(KeyId(), {dek->data(), dek->size()}), row_context("value", row), value_box);
    // A value box that names a key was not made by seal_value: no key could be loaded for it.
    if (!padded) return malformed("a sealed value does not open under its DEK");
    return unpad(std::move(*padded));
}

Result<Bytes> rewrap_dek(const TenantKek& from,
                         const TenantKek& to,
                         const SecretRow& row,
                         ByteView dek_box) {
    const DekLabel label = dek_label(row);
    const auto dek = open_box(
        PlainBoxKey(from.id, from.key.expose()), dek_context(row, from.id, label), dek_box);
    if (!dek) return failure(dek);
    return seal_box(PlainBoxKey(to.id, to.key.expose()),
                    dek_context(row, to.id, label),
                    {dek->data(), dek->size()});
}

Bytes seal_answer(const TenantKek& kek, ByteView request_key, ByteView answer) {
    return seal_box(
        PlainBoxKey(kek.id, kek.key.expose()), answer_context(kek, request_key), answer);
}

Result<SecureBuffer> open_answer(const TenantKek& kek, ByteView request_key, ByteView box) {
    return open_box(PlainBoxKey(kek.id, kek.key.expose()), answer_context(kek, request_key), box);
}

}  // namespace core::crypto
