// One FastCGI request after another over libfcgi, which nothing else includes. Thread-compatible:
// one object per request thread.
//
// libfcgi frees its buffers without wiping them. What of them can be reached through its public
// interface (the answer, the body, the Authorization parameter) is wiped here.
#pragma once

#include "core/base/result.h"
#include "fcgi/http.h"

#include <cstdint>
#include <memory>

namespace fcgi {

class FcgiRequest final : public BodySource {
  public:
    // `listening`: a non-blocking socket; stays the caller's. Errors: Internal.
    static core::Result<std::unique_ptr<FcgiRequest>> create(int listening);
    ~FcgiRequest() override;
    FcgiRequest(const FcgiRequest&) = delete;
    FcgiRequest& operator=(const FcgiRequest&) = delete;
    FcgiRequest(FcgiRequest&&) = delete;
    FcgiRequest& operator=(FcgiRequest&&) = delete;

    enum class Accepted : std::uint8_t {
        Request,  // incoming() is there
        Nothing,  // another thread was faster, or the peer went away
        Starved,  // no descriptors or memory at this moment
        Broken,   // the listening socket is unusable
    };
    Accepted accept();
    // errno of the last accept() that gave Starved or Broken.
    [[nodiscard]] int last_error() const;

    // Its views die with finish().
    [[nodiscard]] const IncomingRequest& incoming() const;
    core::Result<core::Body> read(std::size_t size) override;

    // Sends and ends the request; a peer that has gone away is nobody's error.
    void finish(const HttpResponse& response);

  private:
    struct Impl;
    explicit FcgiRequest(int listening);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace fcgi
