#include "core/base/shared_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string>
#include <system_error>
#include <utility>

namespace core {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOthers = 0007;

Failure unusable(const std::filesystem::path& path, const std::string& why) {
    return failure(ErrorCode::ConfigInvalid, "The file " + path.string() + " " + why);
}

std::string reason_of(int error) {
    return std::error_code(error, std::generic_category()).message();
}

bool is_in_group(gid_t group) {
    if (group == ::getegid()) return true;
    std::array<gid_t, NGROUPS_MAX> groups{};
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    const auto* const end = groups.data() + std::max(count, 0);
    return std::find(static_cast<const gid_t*>(groups.data()), end, group) != end;
}

Result<void> check(const std::filesystem::path& path, int fd, std::size_t bytes) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return unusable(path, "can't be looked at");
    if (!S_ISREG(status.st_mode)) return unusable(path, "is no regular file");
    if (status.st_uid != ::geteuid() && !is_in_group(status.st_gid))
        return unusable(path, "belongs to another user, and to no group of this one");
    if ((status.st_mode & kOthers) != 0)
        return unusable(path, "can be opened by everybody; its mode must be 0600 or 0660");
    // Only one that has just been made, by this process or another, has no bytes yet: all give it
    // the same size, so it does not matter who is first.
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size != 0 && size != bytes)
        return unusable(path,
                        "has another size than this release's; remove it while no worker runs");
    if (const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes)); error != 0)
        return unusable(path, "can't be given its size: " + reason_of(error));
    return {};
}

// A lock of the open file (F_OFD_*), not of the process: two objects of one process are two
// holders.
struct flock mark_of(std::size_t word) {
    struct flock mark {};
    mark.l_type = F_WRLCK;
    mark.l_whence = SEEK_SET;
    mark.l_start = static_cast<off_t>(word * sizeof(std::uint64_t));
    mark.l_len = sizeof(std::uint64_t);
    return mark;
}

}  // namespace

Result<SharedFile> SharedFile::open(const std::filesystem::path& path, std::size_t words) {
    const std::size_t bytes = words * sizeof(std::uint64_t);
    Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly)};
    if (!file.is_open()) return unusable(path, "can't be opened: " + reason_of(errno));
    if (const auto fine = check(path, file.get(), bytes); !fine) return failure(fine);
    void* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), /*offset=*/0);
    if (memory == MAP_FAILED) return unusable(path, "can't be mapped: " + reason_of(errno));
    return SharedFile(std::move(file), {static_cast<std::uint64_t*>(memory), words});
}

SharedFile::SharedFile(SharedFile&& other) noexcept
    : m_file(std::move(other.m_file)),
      m_words(std::exchange(other.m_words, std::span<std::uint64_t>{})) {}

SharedFile& SharedFile::operator=(SharedFile&& other) noexcept {
    std::swap(m_file, other.m_file);
    std::swap(m_words, other.m_words);
    return *this;
}

SharedFile::~SharedFile() {
    if (!m_words.empty()) ::munmap(m_words.data(), m_words.size_bytes());
}

bool SharedFile::hold(std::size_t word) {
    struct flock mark = mark_of(word);
    return ::fcntl(m_file.get(), F_OFD_SETLK, &mark) == 0;
}

bool SharedFile::is_held_elsewhere(std::size_t word) const {
    struct flock mark = mark_of(word);
    return ::fcntl(m_file.get(), F_OFD_GETLK, &mark) == 0 && mark.l_type != F_UNLCK;
}

}  // namespace core
