// Sealed box v1: the one format of everything that is encrypted. Its bytes are specified in
// core/README.md, "Sealed box v1", and pinned by test/vectors/sealed_box.json. Stateless;
// thread-safe.
//
// A fresh key per box removes the limit on random GCM nonces; the commitment binds key and
// context; the context names the row, so a box that is moved to another row does not open.
#pragma once

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace core::crypto {

// A box is this much longer than its plaintext.
inline constexpr std::size_t kSealedBoxOverhead = 98;
inline constexpr std::size_t kBoxSaltSize = 32;

// The key of a box: a DEK, a KEK, or what the root key derived for this one box. 32 bytes.
struct BoxKeyTag;
using BoxKey = SecretBytes<BoxKeyTag>;

// What the box belongs to; authenticated, not stored. Fields that are absent are not encoded.
// Text fields are views: they must live as long as the call.
struct BoxContext {
    std::string_view purpose;  // "value", "dek", "kek", "svc", "answer", "egress"
    std::optional<TenantId> tenant;
    std::optional<SecretId> secret;
    std::optional<std::string_view> name_space;
    std::optional<std::string_view> key;
    std::optional<std::uint64_t> version;
    std::optional<KeyId> child_key;
    std::optional<std::string_view> label;
    std::optional<std::uint64_t> generation;

    // "ASSCTX1", then tag(1) || length(4, BE) || bytes by ascending tag.
    [[nodiscard]] Bytes encode() const;
};

// The first 50 bytes of a box: format, suite, key id, salt.
using BoxHeader = std::array<std::uint8_t, 50>;
KeyId key_id_of(const BoxHeader& header);

// Gives the key of one box. The root key derives it from header and context (so that it may live
// in a hardware module); a DEK or KEK is used as it is.
class BoxKeySource {
  public:
    BoxKeySource() = default;
    BoxKeySource(const BoxKeySource&) = delete;
    BoxKeySource& operator=(const BoxKeySource&) = delete;
    BoxKeySource(BoxKeySource&&) = delete;
    BoxKeySource& operator=(BoxKeySource&&) = delete;
    virtual ~BoxKeySource() = default;
    // The id that new boxes under this key carry.
    [[nodiscard]] virtual KeyId id() const = 0;
    // Does it open boxes that carry `named`? A source of several keys holds more than it seals
    // with.
    [[nodiscard]] virtual bool holds(const KeyId& named) const { return named == id(); }
    // Precondition: holds(key_id_of(header)).
    [[nodiscard]] virtual BoxKey key_for(const BoxHeader& header, ByteView context) const = 0;
};

// A key that is used as it is. Keeps views: `key` must outlive this object.
class PlainBoxKey final : public BoxKeySource {
  public:
    PlainBoxKey(KeyId id, ByteView key) : m_id(id), m_key(key) {}
    [[nodiscard]] KeyId id() const override { return m_id; }
    [[nodiscard]] BoxKey key_for(const BoxHeader&, ByteView) const override {
        return BoxKey::copy_of(m_key);
    }

  private:
    KeyId m_id;
    ByteView m_key;
};

// Seals under a fresh salt.
Bytes seal_box(const BoxKeySource& key, const BoxContext& context, ByteView plaintext);

// Errors: KekUnavailable where the box names a key that `key` does not hold; IntegrityFailure on
// anything else, without saying what (format, length, commitment, tag).
Result<SecureBuffer> open_box(const BoxKeySource& key, const BoxContext& context, ByteView box);

// The id of the key that a box names; nothing where it is no box of this format.
std::optional<KeyId> box_key_id(ByteView box);

// For test vectors only: seals under a given salt.
Bytes seal_box_with_salt(const BoxKeySource& key,
                         const BoxContext& context,
                         ByteView plaintext,
                         const std::array<std::uint8_t, kBoxSaltSize>& salt);

// Seals, opens and compares KAT-1 of security.md §1.1 and known answers of SHA-256, HMAC and
// RS256; a program that uses keys calls it at start and refuses to run when it fails.
// Errors: IntegrityFailure naming the test.
Result<void> self_test();

}  // namespace core::crypto
