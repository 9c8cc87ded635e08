// Network addresses, and which of them belong to the public internet. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

struct sockaddr;

namespace core::http {

// 16 bytes in network order. IPv4 as an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2), so that each
// address has one form.
using AddressBits = std::array<std::uint8_t, 16>;

// Nothing unless it is an address alone: no brackets, port, zone or white space.
std::optional<AddressBits> parse_address(std::string_view text);

// Nothing for a family that is neither IPv4 nor IPv6.
std::optional<AddressBits> address_of(const sockaddr& address);

// Can it be somebody else's machine on the internet? Not so for what the registries of special
// addresses (RFC 6890; IANA) keep for loopback, private and shared networks, links, documentation,
// benchmarks, multicast and tunnels. An address that carries an IPv4 address (mapped, or NAT64's
// well-known prefix) is judged by that.
bool is_public(const AddressBits& given);

}  // namespace core::http
