#include "core/ctl/root_key_place.h"

#include "core/crypto/root_key_ring.h"
#include "core/ctl/file_failure.h"
#include "core/ctl/units.h"

#include <fstream>
#include <system_error>
#include <utility>

namespace core::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDropIn =
    "/etc/systemd/system/secretstore-worker@.service.d/next-root-key.conf";

Credential successor_of(const Credential& root_key) {
    return {kNextRootKeyCredential, root_key.form};
}

// Workers that start from now on get the successor too.
Result<void> give_to_workers(const Credential& successor) {
    std::error_code error;
    fs::create_directories(fs::path(kDropIn).parent_path(), error);
    std::ofstream stream(kDropIn);
    stream << "# Written by 'secretstorectl root-key rotate begin', removed at its end.\n"
              "[Service]\n"
           << (successor.form == CredentialForm::Encrypted ? "LoadCredentialEncrypted="
                                                           : "LoadCredential=")
           << successor.name << ':' << successor.file().string() << '\n';
    stream.close();
    if (error || !stream)
        return failure(ErrorCode::ConfigInvalid, std::string(kDropIn) + ": can't be written");
    return has_systemd() ? reload_units() : Result<void>{};
}

// First the drop-in: a unit whose credential is not there does not start.
Result<void> take_from_workers(const Credential& successor) {
    std::error_code error;
    fs::remove(kDropIn, error);
    if (error) return file_failure(kDropIn, error);
    if (has_systemd())
        if (auto reloaded = reload_units(); !reloaded) return reloaded;
    fs::remove(successor.file(), error);
    if (error) return file_failure(successor.file(), error);
    return {};
}

Result<void> add_credential(const Credential& successor, std::uint32_t token_epoch) {
    std::error_code error;
    if (!fs::exists(successor.file(), error)) {
        const auto folder = TransientFolder::create();
        if (!folder) return failure(folder);
        const fs::path plain = folder->path() / successor.name;
        const auto made = crypto::generate_root_key_file(plain, token_epoch);
        if (!made) return failure(made);
        if (auto stored = store_credential(successor, plain); !stored) return stored;
    }
    return give_to_workers(successor);
}

Result<void> promote_credential(const Credential& root_key, const Credential& successor) {
    const auto folder = TransientFolder::create();
    if (!folder) return failure(folder);
    const auto plain = reveal_credential(successor, *folder);
    if (!plain) return failure(plain);
    if (auto replaced = replace_credential(root_key, *plain); !replaced) return replaced;
    return take_from_workers(successor);
}

}  // namespace

Result<RootKeyPlace> RootKeyPlace::find(const config::Config& config) {
    if (auto configured = config::root_key_file(config))
        return RootKeyPlace(*std::move(configured));
    const auto credential = find_credential(kRootKeyCredential);
    if (credential) return RootKeyPlace(*credential);
    return no_root_key();
}

fs::path RootKeyPlace::successor() const {
    if (const auto* file = std::get_if<fs::path>(&m_place))
        return crypto::next_root_key_file(*file);
    return successor_of(std::get<Credential>(m_place)).file();
}

Result<void> RootKeyPlace::add_successor(std::uint32_t token_epoch) {
    if (const auto* credential = std::get_if<Credential>(&m_place))
        return add_credential(successor_of(*credential), token_epoch);
    std::error_code error;
    if (fs::exists(successor(), error)) return {};
    const auto made = crypto::generate_root_key_file(successor(), token_epoch);
    if (!made) return failure(made);
    return {};
}

Result<void> RootKeyPlace::put_successor_in_place() {
    if (const auto* credential = std::get_if<Credential>(&m_place))
        return promote_credential(*credential, successor_of(*credential));
    const auto& file = std::get<fs::path>(m_place);
    std::error_code error;
    fs::rename(successor(), file, error);
    if (error) return file_failure(file, error);
    return {};
}

Result<void> RootKeyPlace::remove_successor() {
    if (const auto* credential = std::get_if<Credential>(&m_place))
        return take_from_workers(successor_of(*credential));
    std::error_code error;
    fs::remove(successor(), error);
    if (error) return file_failure(successor(), error);
    return {};
}

}  // namespace core::ctl
