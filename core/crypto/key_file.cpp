#include "core/crypto/key_file.h"

#include "core/base/descriptor.h"

#include <botan/mem_ops.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace core::crypto {
namespace {

constexpr std::size_t kKeyTextSize = 43;
constexpr std::size_t kLongestFile = 1024;

std::string reason_of(int error) {
    return std::error_code(error, std::generic_category()).message();
}

// Says which file, of what kind, and what is wrong with it.
class Refusal {
  public:
    // `made_by`: what to run where the file is not there, if anything makes it.
    Refusal(const std::filesystem::path& path, std::string_view name, std::string_view made_by = {})
        : m_subject("The " + std::string(name) + " file " + path.string() + " "),
          m_made_by(made_by) {}
    [[nodiscard]] Failure because(const std::string& why) const {
        return failure(ErrorCode::ConfigInvalid, m_subject + why);
    }
    [[nodiscard]] Failure because_of(int open_error) const {
        if (open_error == ELOOP) return because("is a symbolic link; name its target");
        if (open_error == ENOENT && !m_made_by.empty())
            return failure(ErrorCode::FailedPrecondition, m_subject + "is not there: " + m_made_by);
        return because("can't be opened: " + reason_of(open_error));
    }

  private:
    std::string m_subject;
    std::string m_made_by;
};

// ---- who can read the file
// -----------------------------------------------------------------------

// Where systemd gives a credential to a service through a POSIX ACL instead of by ownership, the
// group bits of the mode are the ACL's mask and say nothing about the group. True when the ACL lets
// in our own user and nobody else. Format: linux/posix_acl_xattr.h.
bool acl_names_only_us(int fd) {
    struct Entry {
        std::uint16_t tag;
        std::uint16_t permissions;
        std::uint32_t id;
    };
    constexpr std::uint16_t kUserObject = 0x01;
    constexpr std::uint16_t kUser = 0x02;
    constexpr std::uint16_t kMask = 0x10;
    constexpr std::size_t kVersionSize = 4;
    std::array<std::uint8_t, kVersionSize + 16 * sizeof(Entry)> acl{};
    const auto size = ::fgetxattr(fd, "system.posix_acl_access", acl.data(), acl.size());
    if (size <= 0) return false;

    const auto end = static_cast<std::size_t>(size);
    for (std::size_t at = kVersionSize; at + sizeof(Entry) <= end; at += sizeof(Entry)) {
        Entry entry{};
        std::memcpy(&entry, acl.data() + at, sizeof(entry));
        const bool ours = entry.tag == kUserObject || entry.tag == kMask ||
                          (entry.tag == kUser && entry.id == ::geteuid());
        if (!ours && entry.permissions != 0) return false;
    }
    return true;
}

// What is wrong with the file's kind, owner or permissions; empty when nothing is.
std::string fault_of(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return "can't be examined: " + reason_of(errno);
    if (!S_ISREG(status.st_mode)) return "is not a regular file";
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return "belongs to another user; give it to root or to the user of this program";
    if ((status.st_mode & S_IRWXO) != 0 || (status.st_mode & (S_IWGRP | S_IXGRP)) != 0)
        return "is open to group or others; run: chmod 0400";
    if ((status.st_mode & S_IRGRP) != 0 && !acl_names_only_us(fd))
        return "is open to its group; run: chmod 0400";
    if (status.st_size > static_cast<off_t>(kLongestFile)) return "is too long to be one";
    return {};
}

// ---- the text
// ------------------------------------------------------------------------------------

// Takes the next line off `text`. Nothing when there is none that ends in a newline.
std::optional<std::string_view> take_line(std::string_view& text) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

std::optional<std::string_view> take_field(std::string_view& text, std::string_view name) {
    const auto line = take_line(text);
    if (!line || !line->starts_with(name)) return std::nullopt;
    return line->substr(name.size());
}

std::optional<KeyId> parse_id(std::string_view text) {
    const auto bytes = from_hex(text);
    UuidBytes id{};
    if (!bytes || bytes->size() != id.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), id.begin());
    // The nil id is what boxes carry whose key has no name.
    return KeyId(id).is_nil() ? std::nullopt : std::optional(KeyId(id));
}

std::optional<SecureBuffer> parse_key(std::string_view text) {
    if (text.size() != kKeyTextSize) return std::nullopt;
    auto decoded = from_base64url(text);
    if (!decoded) return std::nullopt;
    SecureBuffer key(decoded->begin(), decoded->end());
    Botan::secure_scrub_memory(decoded->data(), decoded->size());
    return key;
}

std::optional<std::uint32_t> parse_epoch(std::string_view text) {
    std::int32_t epoch = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, epoch);
    if (parsed.ec != std::errc{} || parsed.ptr != end || epoch < 1 || text.front() == '0')
        return std::nullopt;
    return static_cast<std::uint32_t>(epoch);
}

// Exactly the form of key_file.h. The error names the line, never what it holds.
Result<KeyFile> parse_key_file(std::string_view text,
                               const KeyFileKind& kind,
                               const Refusal& refused) {
    if (take_line(text) != kind.magic_line)
        return refused.because("line 1: must be '" + std::string(kind.magic_line) + "'");
    const auto id_text = take_field(text, "id: ");
    const auto id = id_text ? parse_id(*id_text) : std::nullopt;
    if (!id) return refused.because("line 2: must be 'id: ' and 32 hex digits, not all zero");
    const auto key_text = take_field(text, "key: ");
    auto key = key_text ? parse_key(*key_text) : std::nullopt;
    if (!key) return refused.because("line 3: must be 'key: ' and 43 characters of base64url");
    KeyFile file{*id, std::move(*key), 0};
    if (kind.has_epoch) {
        const auto epoch_text = take_field(text, "epoch: ");
        const auto epoch = epoch_text ? parse_epoch(*epoch_text) : std::nullopt;
        if (!epoch)
            return refused.because("line 4: must be 'epoch: ' and a number from 1 to 2^31-1");
        file.epoch = *epoch;
    }
    if (!text.empty())
        return refused.because(kind.has_epoch ? "line 5: nothing may follow the epoch"
                                              : "line 4: nothing may follow the key");
    return file;
}

SecureBuffer key_file_text(const KeyFileKind& kind, const KeyFile& file) {
    std::string encoded = to_base64url({file.key.data(), file.key.size()});
    const std::string head =
        std::string(kind.magic_line) + "\nid: " + to_hex(file.id.bytes()) + "\nkey: ";
    const std::string tail =
        kind.has_epoch ? "\nepoch: " + std::to_string(file.epoch) + "\n" : "\n";
    SecureBuffer text;
    text.reserve(kLongestFile);
    text.insert(text.end(), head.begin(), head.end());
    text.insert(text.end(), encoded.begin(), encoded.end());
    text.insert(text.end(), tail.begin(), tail.end());
    Botan::secure_scrub_memory(encoded.data(), encoded.size());
    return text;
}

// ---- reading and writing
// -------------------------------------------------------------------------

Result<SecureBuffer> read_file(const std::filesystem::path& path, const Refusal& refused) {
    // Not through a link, whose target another could choose; not blocking on a pipe.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file.is_open()) return refused.because_of(errno);
    if (const auto fault = fault_of(file.get()); !fault.empty()) return refused.because(fault);

    SecureBuffer text(kLongestFile + 1);
    std::size_t filled = 0;
    while (filled < text.size()) {
        const auto got = ::read(file.get(), text.data() + filled, text.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused.because("can't be read: " + reason_of(errno));
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    if (filled > kLongestFile) return refused.because("is too long to be one");
    text.resize(filled);
    return text;
}

bool write_durably(int fd, ByteView text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text = text.subspan(static_cast<std::size_t>(written));
    }
    return ::fsync(fd) == 0;
}

bool sync_directory_of(const std::filesystem::path& path) {
    const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const Descriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return directory.is_open() && ::fsync(directory.get()) == 0;
}

}  // namespace

Result<SecureBuffer> read_closed_file(const std::filesystem::path& path, std::string_view name) {
    return read_file(path, Refusal(path, name));
}

Result<KeyFile> read_key_file(const std::filesystem::path& path, const KeyFileKind& kind) {
    const Refusal refused(path, kind.name, kind.made_by);
    const auto text = read_file(path, refused);
    if (!text) return failure(text);
    return parse_key_file(as_text({text->data(), text->size()}), kind, refused);
}

Result<void> write_key_file(const std::filesystem::path& path,
                            const KeyFileKind& kind,
                            const KeyFile& content) {
    const Refusal refused(path, kind.name);
    const SecureBuffer text = key_file_text(kind, content);
    constexpr mode_t kOwnerMayRead = 0400;
    const Descriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kOwnerMayRead));
    if (!file.is_open() && errno == EEXIST)
        return refused.because("exists; a key is never overwritten");
    if (!file.is_open()) return refused.because("can't be created: " + reason_of(errno));
    // The mode again: a umask can take the owner's bit away.
    if (::fchmod(file.get(), kOwnerMayRead) != 0 ||
        !write_durably(file.get(), {text.data(), text.size()}) || !sync_directory_of(path)) {
        const int error = errno;
        ::unlink(path.c_str());
        return refused.because("can't be written: " + reason_of(error));
    }
    return {};
}

Result<void> replace_key_file(const std::filesystem::path& path,
                              const KeyFileKind& kind,
                              const KeyFile& file) {
    const Refusal refused(path, kind.name);
    struct stat old {};
    if (::stat(path.c_str(), &old) != 0)
        return refused.because("can't be looked at: " + reason_of(errno));
    const std::filesystem::path fresh = path.string() + ".new";
    ::unlink(fresh.c_str());
    if (auto written = write_key_file(fresh, kind, file); !written) return written;
    const bool is_placed = ::lchown(fresh.c_str(), old.st_uid, old.st_gid) == 0 &&
                           ::rename(fresh.c_str(), path.c_str()) == 0 && sync_directory_of(path);
    if (is_placed) return {};
    const int error = errno;
    ::unlink(fresh.c_str());
    return refused.because("can't be replaced: " + reason_of(error));
}

}  // namespace core::crypto
