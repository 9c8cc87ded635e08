#include "core/crypto/sealed_box.h"

#include "core/crypto/box_cipher.h"
#include "core/crypto/labels.h"
#include "core/crypto/mac.h"
#include "core/crypto/random.h"

#include <algorithm>
#include <cstdlib>

namespace core::crypto {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kSuite = 1;  // HKDF-SHA-256, AES-256-GCM
constexpr std::size_t kKeyIdOffset = 2;
constexpr std::size_t kSaltOffset = 18;
constexpr std::size_t kHeaderSize = std::tuple_size_v<BoxHeader>;
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kCommitmentSize = 32;
static_assert(kSaltOffset + kBoxSaltSize == kHeaderSize);
static_assert(kHeaderSize + kCommitmentSize + kBoxTagSize == kSealedBoxOverhead);

constexpr std::string_view kContextMagic = "ASSCTX1";

// Tags of the context's fields; never to be reused for another meaning.
enum class Field : std::uint8_t {
    Purpose = 1,
    Tenant = 2,
    Secret = 3,
    NameSpace = 4,
    Key = 5,
    Version = 6,
    ChildKey = 7,
    Label = 8,
    Generation = 9,
};

void append_field(Bytes& out, Field field, ByteView content) {
    out.push_back(static_cast<std::uint8_t>(field));
    append_be32(out, static_cast<std::uint32_t>(content.size()));
    append(out, content);
}

void append_field(Bytes& out, Field field, const std::optional<std::string_view>& text) {
    if (text) append_field(out, field, as_bytes(*text));
}

template <class Tag>
void append_field(Bytes& out, Field field, const std::optional<Id<Tag>>& id) {
    if (id) append_field(out, field, ByteView(id->bytes()));
}

void append_field(Bytes& out, Field field, const std::optional<std::uint64_t>& number) {
    if (!number) return;
    out.push_back(static_cast<std::uint8_t>(field));
    append_be32(out, sizeof(std::uint64_t));
    append_be64(out, *number);
}

BoxHeader make_header(const KeyId& id, const std::array<std::uint8_t, kBoxSaltSize>& salt) {
    BoxHeader header{kFormat, kSuite};
    std::copy(id.bytes().begin(), id.bytes().end(), header.begin() + kKeyIdOffset);
    std::copy(salt.begin(), salt.end(), header.begin() + kSaltOffset);
    return header;
}

// What HKDF makes of a box's key: key and nonce of AES-256-GCM, and the commitment.
class BoxMaterial {
  public:
    BoxMaterial(const BoxKeySource& source, const BoxHeader& header, ByteView context) {
        const BoxKey key = source.key_for(header, context);
        if (key.size() != kKeySize) std::abort();

        Bytes bound(header.begin(), header.end());
        append(bound, context);
        const Digest digest = sha256(bound);
        std::array<std::uint8_t, labels::kBox.size() + 1 + std::tuple_size_v<Digest>> info{};
        std::copy(labels::kBox.begin(), labels::kBox.end(), info.begin());
        std::copy(digest.begin(), digest.end(), info.end() - digest.size());
        hkdf_sha256(key.expose(), ByteView(header).subspan(kSaltOffset), info, m_okm);
    }

    [[nodiscard]] ByteView key() const { return view(0, kKeySize); }
    [[nodiscard]] ByteView nonce() const { return view(kKeySize, kBoxNonceSize); }
    [[nodiscard]] ByteView commitment() const {
        return view(kKeySize + kBoxNonceSize, kCommitmentSize);
    }

  private:
    [[nodiscard]] ByteView view(std::size_t offset, std::size_t size) const {
        return ByteView(m_okm.data(), m_okm.size()).subspan(offset, size);
    }
    SecureBuffer m_okm = SecureBuffer(kKeySize + kBoxNonceSize + kCommitmentSize);
};

// What the body's tag covers besides the body.
Bytes associated_data(const BoxMaterial& material, const BoxHeader& header, ByteView context) {
    Bytes out(header.begin(), header.end());
    append(out, material.commitment());
    append(out, context);
    return out;
}

Failure does_not_open() {
    return failure(ErrorCode::IntegrityFailure,
                   "The stored data can't be verified",
                   "a sealed box does not open: its bytes, its key or its row differ");
}

Failure other_key(const KeyId& named, const KeyId& given) {
    return failure(ErrorCode::KekUnavailable,
                   "The key of the stored data is not available",
                   "a sealed box names key " + named.text() + ", loaded is " + given.text());
}

}  // namespace

Bytes BoxContext::encode() const {
    constexpr std::size_t kUsualSize = 256;
    Bytes out;
    out.reserve(kUsualSize);
    append(out, as_bytes(kContextMagic));
    append_field(out, Field::Purpose, as_bytes(purpose));
    append_field(out, Field::Tenant, tenant);
    append_field(out, Field::Secret, secret);
    append_field(out, Field::NameSpace, name_space);
    append_field(out, Field::Key, key);
    append_field(out, Field::Version, version);
    append_field(out, Field::ChildKey, child_key);
    append_field(out, Field::Label, label);
    append_field(out, Field::Generation, generation);
    return out;
}

Bytes seal_box(const BoxKeySource& key, const BoxContext& context, ByteView plaintext) {
    std::array<std::uint8_t, kBoxSaltSize> salt{};
    fill_random(salt);
    return seal_box_with_salt(key, context, plaintext, salt);
}

Bytes seal_box_with_salt(const BoxKeySource& key,
                         const BoxContext& context,
                         ByteView plaintext,
                         const std::array<std::uint8_t, kBoxSaltSize>& salt) {
    const BoxHeader header = make_header(key.id(), salt);
    const Bytes encoded = context.encode();
    const BoxMaterial material(key, header, encoded);

    SecureBuffer body;
    body.reserve(plaintext.size() + kBoxTagSize);
    body.assign(plaintext.begin(), plaintext.end());
    const Bytes associated = associated_data(material, header, encoded);
    encrypt_box_body({material.key(), material.nonce(), associated}, body);

    Bytes box;
    box.reserve(kSealedBoxOverhead + plaintext.size());
    append(box, header);
    append(box, material.commitment());
    append(box, {body.data(), body.size()});
    return box;
}

KeyId key_id_of(const BoxHeader& header) {
    UuidBytes id{};
    std::copy_n(header.begin() + kKeyIdOffset, id.size(), id.begin());
    return KeyId(id);
}

std::optional<KeyId> box_key_id(ByteView box) {
    if (box.size() < kSealedBoxOverhead || box[0] != kFormat || box[1] != kSuite)
        return std::nullopt;
    BoxHeader header{};
    std::copy_n(box.begin(), header.size(), header.begin());
    return key_id_of(header);
}

Result<SecureBuffer> open_box(const BoxKeySource& key, const BoxContext& context, ByteView box) {
    const auto named = box_key_id(box);
    if (!named) return does_not_open();
    if (!key.holds(*named)) return other_key(*named, key.id());

    BoxHeader header{};
    std::copy_n(box.begin(), header.size(), header.begin());
    const Bytes encoded = context.encode();
    const BoxMaterial material(key, header, encoded);
    // GCM alone does not commit to its key: two keys can be found that both open a box. The
    // commitment does, and is judged before any of the body is touched.
    if (!constant_time_equal(material.commitment(), box.subspan(kHeaderSize, kCommitmentSize)))
        return does_not_open();

    const ByteView body = box.subspan(kHeaderSize + kCommitmentSize);
    SecureBuffer text(body.begin(), body.end());
    const Bytes associated = associated_data(material, header, encoded);
    if (!decrypt_box_body({material.key(), material.nonce(), associated}, text))
        return does_not_open();
    return text;
}

}  // namespace core::crypto
