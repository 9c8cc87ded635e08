#include "core/crypto/key_shares.h"

#include "core/base/bytes.h"
#include "core/crypto/key_file.h"

#include <botan/exceptn.h>
#include <botan/mem_ops.h>
#include <botan/system_rng.h>
#include <botan/tss.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace core::crypto {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagicLine = "secretstore-root-key-share v1";
constexpr std::uint8_t kFewest = 2;
constexpr std::uint8_t kMost = 32;

struct Share {
    KeyId key;
    std::uint32_t epoch = 0;
    unsigned needed = 0;
    Botan::RTSS_Share data;
};

void append(SecureBuffer& text, std::string_view piece) {
    text.insert(text.end(), piece.begin(), piece.end());
}

SecureBuffer text_of(const KeyFile& file,
                     const ShareCount& count,
                     std::size_t number,
                     const Botan::RTSS_Share& share) {
    SecureBuffer text;
    text.reserve(512);
    append(text, kMagicLine);
    append(text, "\nid: " + to_hex(file.id.bytes()));
    append(text, "\nepoch: " + std::to_string(file.epoch));
    append(text,
           "\nshare: " + std::to_string(number) + " of " + std::to_string(count.all) + ", " +
               std::to_string(count.needed) + " are needed\ndata: ");
    std::string encoded = to_base64url({share.data().data(), share.data().size()});
    append(text, encoded);
    append(text, "\n");
    Botan::secure_scrub_memory(encoded.data(), encoded.size());
    return text;
}

// Takes `text`'s next line off, which must begin with `label`; what stands behind it.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view label) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos || !text.starts_with(label)) return std::nullopt;
    const auto line = text.substr(label.size(), end - label.size());
    text.remove_prefix(end + 1);
    return line;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// "2 of 5, 3 are needed": the 3.
std::optional<unsigned> parse_needed(std::string_view text) {
    constexpr std::string_view kBehind = " are needed";
    const auto comma = text.find(", ");
    if (comma == std::string_view::npos || !text.ends_with(kBehind)) return std::nullopt;
    text.remove_suffix(kBehind.size());
    return parse_number<unsigned>(text.substr(comma + 2));
}

std::optional<Share> parse_share(std::string_view text) {
    if (!take_line(text, kMagicLine)) return std::nullopt;
    const auto id = take_line(text, "id: ");
    const auto epoch = take_line(text, "epoch: ");
    const auto number = take_line(text, "share: ");
    const auto data = take_line(text, "data: ");
    if (!id || !epoch || !number || !data || !text.empty()) return std::nullopt;
    const auto id_bytes = from_hex(*id);
    const auto parsed_epoch = parse_number<std::uint32_t>(*epoch);
    const auto needed = parse_needed(*number);
    auto bytes = from_base64url(*data);
    if (!id_bytes || id_bytes->size() != UuidBytes{}.size() || !parsed_epoch || !needed || !bytes)
        return std::nullopt;
    UuidBytes uuid{};
    std::copy(id_bytes->begin(), id_bytes->end(), uuid.begin());
    Share share{KeyId(uuid), *parsed_epoch, *needed, {bytes->data(), bytes->size()}};
    Botan::secure_scrub_memory(bytes->data(), bytes->size());
    return share;
}

Result<std::vector<Share>> read_shares(const std::vector<fs::path>& paths) {
    std::vector<Share> shares;
    for (const auto& path : paths) {
        const auto text = read_closed_file(path, "share of a root key");
        if (!text) return failure(text);
        auto share = parse_share(as_text({text->data(), text->size()}));
        if (!share)
            return failure(ErrorCode::ConfigInvalid,
                           path.string() + ": is no share of a root key as it was written");
        if (!shares.empty() && share->key != shares.front().key)
            return failure(ErrorCode::InvalidRequest,
                           path.string() + ": is a share of another root key than the first one");
        shares.push_back(*std::move(share));
    }
    return shares;
}

}  // namespace

Result<std::vector<SecureBuffer>> split_root_key_file(const fs::path& path,
                                                      const ShareCount& count) {
    if (count.needed < kFewest || count.needed > count.all || count.all > kMost)
        return failure(ErrorCode::InvalidRequest,
                       "a root key is split into 2 to 32 shares, of which at least 2 are needed");
    const auto file = read_key_file(path, kRootKeyFile);
    if (!file) return failure(file);
    const auto& id = file->id.bytes();
    const auto shares = Botan::RTSS_Share::split(count.needed,
                                                 count.all,
                                                 file->key.data(),
                                                 static_cast<std::uint16_t>(file->key.size()),
                                                 std::vector<std::uint8_t>(id.begin(), id.end()),
                                                 "SHA-256",
                                                 Botan::system_rng());
    std::vector<SecureBuffer> texts;
    for (std::size_t i = 0; i < shares.size(); ++i)
        texts.push_back(text_of(*file, count, i + 1, shares[i]));
    return texts;
}

Result<KeyId> join_root_key_shares(const std::vector<fs::path>& files, const fs::path& target) {
    const auto shares = read_shares(files);
    if (!shares) return failure(shares);
    const std::size_t needed = shares->empty() ? kFewest : shares->front().needed;
    if (shares->size() < needed)
        return failure(ErrorCode::InvalidRequest,
                       std::to_string(needed) + " shares are needed, " +
                           std::to_string(shares->size()) + " were given");
    std::vector<Botan::RTSS_Share> data;
    for (const auto& share : *shares)
        data.push_back(share.data);
    KeyFile file;
    file.id = shares->front().key;
    file.epoch = shares->front().epoch;
    try {
        const auto key = Botan::RTSS_Share::reconstruct(data);
        file.key.assign(key.begin(), key.end());
    } catch (const Botan::Exception&) {
        return failure(ErrorCode::InvalidRequest,
                       "these shares don't belong together, or one of them was changed, or is "
                       "given twice");
    }
    const auto written = write_key_file(target, kRootKeyFile, file);
    if (!written) return failure(written);
    return file.id;
}

}  // namespace core::crypto
