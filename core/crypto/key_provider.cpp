#include "core/crypto/key_provider.h"

#include "core/crypto/key_file.h"
#include "core/crypto/labels.h"
#include "core/crypto/random.h"

#include <algorithm>
#include <array>
#include <utility>

namespace core::crypto {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::uint32_t kLastEpoch = 2147483647;  // 2^31-1: what the format has room for

class FileKeyProvider final : public KeyProvider {
  public:
    explicit FileKeyProvider(KeyFile file) : m_file(std::move(file)) {}

    [[nodiscard]] KeyId id() const override { return m_file.id; }

    [[nodiscard]] BoxKey key_for(const BoxHeader& header, ByteView context) const override {
        const Digest bound = sha256(context);
        return BoxKey(mac({as_bytes(labels::kRootKeyDerive), kSeparator, header, bound}));
    }

    [[nodiscard]] Digest check_value() const override {
        const auto value = mac({as_bytes(labels::kRootKeyCheck), kSeparator, m_file.id.bytes()});
        Digest out{};
        std::copy(value.begin(), value.end(), out.begin());
        return out;
    }

    [[nodiscard]] std::uint32_t token_epoch() const override { return m_file.epoch; }

  private:
    static constexpr std::array<std::uint8_t, 1> kSeparator{0};

    [[nodiscard]] SecureBuffer mac(std::initializer_list<ByteView> parts) const {
        SecureBuffer out(std::tuple_size_v<Digest>);
        hmac_sha256({m_file.key.data(), m_file.key.size()},
                    parts,
                    std::span<std::uint8_t, std::tuple_size_v<Digest>>(out));
        return out;
    }

    KeyFile m_file;
};

}  // namespace

Result<std::unique_ptr<KeyProvider>> load_root_key_file(const std::filesystem::path& path) {
    auto file = read_key_file(path, kRootKeyFile);
    if (!file) return failure(std::move(file));
    return std::make_unique<FileKeyProvider>(std::move(*file));
}

Result<KeyId> generate_root_key_file(const std::filesystem::path& path, std::uint32_t epoch) {
    const KeyFile file{KeyId(uuid_v4()), random_secret(kKeySize), epoch};
    if (const auto written = write_key_file(path, kRootKeyFile, file); !written)
        return failure(written);
    return file.id;
}

Result<std::uint32_t> raise_token_epoch(const std::filesystem::path& path) {
    auto file = read_key_file(path, kRootKeyFile);
    if (!file) return failure(file);
    if (file->epoch >= kLastEpoch)
        return failure(ErrorCode::ConfigInvalid,
                       path.string() + ": there is no higher token epoch");
    ++file->epoch;
    const auto replaced = replace_key_file(path, kRootKeyFile, *file);
    if (!replaced) return failure(replaced);
    return file->epoch;
}

}  // namespace core::crypto
