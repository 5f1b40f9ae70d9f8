// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace http {

/// The parts of an http:// or https:// address that a request needs.
struct Url {
  bool tls = false;  // https
  std::string host;  // without the brackets of an IPv6 literal
  std::uint16_t port = 80;
  std::string authority;  // as the Host header wants it: port only when it is not the scheme's own
  std::string path;       // prefix of every request's path; "" or "/..." without a slash at the end
};

/// Throws ordeal::Failure (invalid) that says what is wrong with it.
Url parse_url(std::string_view text);

/// Whether `text` may stand as a path with query in a request line: begins with '/', no space, no
/// control character, no fragment.
bool is_request_path(std::string_view text);

}  // namespace http
