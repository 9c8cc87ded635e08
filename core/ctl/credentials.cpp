#include "core/ctl/credentials.h"

#include "core/ctl/file_failure.h"
#include "core/ctl/subprocess.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace core::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEncryptedStore = "/etc/credstore.encrypted";
constexpr const char* kPlainStore = "/etc/credstore";

// For root alone, as systemd makes it.
Result<void> make_store(const fs::path& folder) {
    std::error_code error;
    if (fs::create_directory(folder, error)) fs::permissions(folder, fs::perms::owner_all, error);
    if (error) return file_failure(folder, error);
    return {};
}

enum class Target { IsNew, IsReplaced };

// Durable, 0400, and under its name only when it is complete.
Result<void> put_in_place(const fs::path& made, const fs::path& target, Target kind) {
    if (::chmod(made.c_str(), S_IRUSR) != 0)
        return file_failure(made, {errno, std::generic_category()});
    const int file = ::open(made.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const bool safe = file >= 0 && ::fsync(file) == 0;
    if (file >= 0) ::close(file);
    if (safe && kind == Target::IsReplaced && ::rename(made.c_str(), target.c_str()) == 0)
        return {};
    if (!safe || kind == Target::IsReplaced || ::link(made.c_str(), target.c_str()) != 0)
        return file_failure(target, {errno, std::generic_category()});
    ::unlink(made.c_str());
    return {};
}

Result<void> write_credential(const Credential& credential, const fs::path& plain, Target kind) {
    const fs::path target = credential.file();
    if (auto made = make_store(target.parent_path()); !made) return made;
    const fs::path fresh = target.string() + ".new";
    std::error_code error;
    fs::remove(fresh, error);
    if (credential.form == CredentialForm::Plain) {
        if (!fs::copy_file(plain, fresh, error)) return file_failure(fresh, error);
        return put_in_place(fresh, target, kind);
    }
    // The key of the host: /var/lib/systemd/credential.secret. With a TPM an operator encrypts it
    // again by himself (README.Debian).
    const auto done = output_of("systemd-creds",
                                {"systemd-creds",
                                 "encrypt",
                                 "--with-key=host",
                                 "--name=" + credential.name,
                                 plain.string(),
                                 fresh.string()});
    if (!done) return failure(done);
    return put_in_place(fresh, target, kind);
}

}  // namespace

fs::path Credential::file() const {
    return fs::path(form == CredentialForm::Encrypted ? kEncryptedStore : kPlainStore) / name;
}

std::optional<Credential> find_credential(const std::string& name) {
    for (const auto form : {CredentialForm::Encrypted, CredentialForm::Plain}) {
        Credential credential{name, form};
        std::error_code error;
        if (fs::exists(credential.file(), error)) return credential;
    }
    return std::nullopt;
}

Result<TransientFolder> TransientFolder::create() {
    std::string name = "/run/secretstorectl.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
        return file_failure("/run", {errno, std::generic_category()});
    return TransientFolder(name);
}

TransientFolder::TransientFolder(TransientFolder&& other) noexcept
    : m_path(std::exchange(other.m_path, {})) {}

TransientFolder::~TransientFolder() {
    std::error_code ignored;
    if (!m_path.empty()) fs::remove_all(m_path, ignored);
}

Result<void> store_credential(const Credential& credential, const fs::path& plain) {
    return write_credential(credential, plain, Target::IsNew);
}

Result<void> replace_credential(const Credential& credential, const fs::path& plain) {
    return write_credential(credential, plain, Target::IsReplaced);
}

Result<fs::path> reveal_credential(const Credential& credential, const TransientFolder& folder) {
    if (credential.form == CredentialForm::Plain) return credential.file();
    const fs::path plain = folder.path() / credential.name;
    const auto done = output_of("systemd-creds",
                                {"systemd-creds",
                                 "decrypt",
                                 "--name=" + credential.name,
                                 credential.file().string(),
                                 plain.string()});
    if (!done) return failure(done);
    if (::chmod(plain.c_str(), S_IRUSR) != 0)
        return file_failure(plain, {errno, std::generic_category()});
    return plain;
}

Failure no_root_key() {
    return failure(ErrorCode::FailedPrecondition,
                   "there is no root key on this host: run 'secretstorectl init', or bring it with "
                   "'secretstorectl root-key import FILE'");
}

Result<std::unique_ptr<crypto::RootKeyRing>> open_root_keys(const config::Config& config) {
    const auto configured = config::root_key_file(config);
    if (configured) return crypto::load_root_key_ring(*configured);
    const auto credential = find_credential(kRootKeyCredential);
    if (!credential) {
        if (::geteuid() != 0)
            return failure(ErrorCode::Unauthorized, "the root key is for root alone: use sudo");
        return no_root_key();
    }
    const auto folder = TransientFolder::create();
    if (!folder) return failure(folder);
    const auto plain = reveal_credential(*credential, *folder);
    if (!plain) return failure(plain);
    // Beside it, where load_root_key_ring() looks for it.
    if (const auto next = find_credential(kNextRootKeyCredential))
        if (const auto revealed = reveal_credential(*next, *folder); !revealed)
            return failure(revealed);
    return crypto::load_root_key_ring(*plain);
}

Result<std::uint32_t> raise_token_epoch(const config::Config& config) {
    const auto present = open_root_keys(config);
    if (!present) return failure(present);
    // The one that follows would bring its lower epoch.
    if ((*present)->next() != nullptr)
        return failure(ErrorCode::FailedPrecondition,
                       "the root key is being replaced: run 'secretstorectl root-key rotate "
                       "commit' or 'secretstorectl root-key rotate abort' first");
    if (const auto configured = config::root_key_file(config))
        return crypto::raise_token_epoch(*configured);
    const auto credential = find_credential(kRootKeyCredential);
    if (!credential) return no_root_key();
    const auto folder = TransientFolder::create();
    if (!folder) return failure(folder);
    const auto there = reveal_credential(*credential, *folder);
    if (!there) return failure(there);
    auto raised = crypto::raise_token_epoch(*there);
    if (!raised || credential->form == CredentialForm::Plain) return raised;
    const auto written = replace_credential(*credential, *there);
    if (!written) return failure(written);
    return raised;
}

}  // namespace core::ctl
