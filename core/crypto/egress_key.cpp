#include "core/crypto/egress_key.h"

#include "core/crypto/key_file.h"
#include "core/crypto/sealed_box.h"

namespace core::crypto {
namespace {

BoxContext context_of(const TenantId& tenant, std::string_view label) {
    BoxContext context;
    context.purpose = "egress";
    context.tenant = tenant;
    context.label = label;
    return context;
}

}  // namespace

Result<EgressKey> EgressKey::load(const std::filesystem::path& file) {
    auto content = read_key_file(file, kEgressKeyFile);
    if (!content) return failure(std::move(content));
    return EgressKey(content->id, ServiceKeyBytes(std::move(content->key)));
}

Result<void> EgressKey::export_to(const std::filesystem::path& file) const {
    const ByteView key = m_key.expose();
    return write_key_file(
        file, kEgressKeyFile, KeyFile{m_id, SecureBuffer(key.begin(), key.end()), 0});
}

Bytes EgressKey::seal(const TenantId& tenant, std::string_view label, ByteView plaintext) const {
    return seal_box(PlainBoxKey(m_id, m_key.expose()), context_of(tenant, label), plaintext);
}

Result<SecureBuffer> EgressKey::open(const TenantId& tenant,
                                     std::string_view label,
                                     ByteView box) const {
    return open_box(PlainBoxKey(m_id, m_key.expose()), context_of(tenant, label), box);
}

}  // namespace core::crypto
