// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "url.h"

namespace http {

/// Which status codes count as ok.
using StatusSet = std::bitset<600>;

/// A request as bytes, built once, and what to make of its response.
struct Request {
  std::string bytes;
  bool head = false;  // its response has no body, whatever its headers say
  StatusSet expected;
};

/// The requests of one operation kind, sent in turn.
struct Kind {
  std::string name;
  std::vector<Request> requests;
  std::size_t next = 0;

  const Request& take() {
    const Request& request = requests[next];
    if (++next == requests.size()) next = 0;
    return request;
  }
};

/// Header names in the order given; a later one replaces an earlier one of the same name.
using Headers = std::vector<std::pair<std::string, std::string>>;
/// Throws ordeal::Failure for what may not stand in a header.
void set_header(Headers& headers, std::string_view name, std::string_view value);

/// Puts a request together. Adds Host, User-Agent and Content-Length where they are not given.
Request build_request(const Url& url, std::string_view method, std::string_view path,
                      Headers headers, std::string_view body, const StatusSet& expected);

/// Whether `text` is a token (RFC 9110, 5.6.2): a method or a header name.
bool is_token(std::string_view text);

}  // namespace http
