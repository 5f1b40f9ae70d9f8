// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expectation.h"
#include "template.h"
#include "url.h"

namespace http {

/// Header names in the order given; a later one replaces an earlier one of the same name.
using Headers = std::vector<std::pair<std::string, Template>>;
/// The value may hold places to fill in. Throws ordeal::Failure for what may not stand in a header.
void set_header(Headers& headers, std::string_view name, std::string_view value);
[[nodiscard]] bool has_header(const Headers& headers, std::string_view name);
/// Of a static header; "" when there is none.
[[nodiscard]] std::string_view header_value(const Headers& headers, std::string_view name);
/// Header names have no case.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);

/// When a response that is a stream of events has been followed long enough; what is not given is
/// no limit. It ends with the server's own end in any case.
struct StreamLimits {
  std::uint64_t events = 0;
  std::uint64_t for_ns = 0;
};

/// What the requests of one entry of the configuration have in common.
struct Message {
  std::string method;
  Headers headers;  // as they are sent, but for Host and Content-Length; Host when it was given
  Template body;
  bool sends_length = false;  // Content-Length, though the body may be empty
  Expectation expect;
  bool stream = false;  // the response is a stream of server-sent events
  StreamLimits limits;
};

class H2Request;

/// One request: for HTTP/1.1 as bytes, for HTTP/2 by its parts.
struct Request {
  std::shared_ptr<const Message> message;
  std::string authority;
  Template path;      // behind the address's own
  bool head = false;  // its response has no body, whatever its headers say
  /// Whether anything is to be filled in for each operation, by a Renderer.
  bool rendered = false;
  /// Whether more than the status of the response matters: headers, body or events.
  bool followed = false;
  std::string bytes;                    // HTTP/1.1, ready to send; empty when it is rendered
  std::shared_ptr<const H2Request> h2;  // for HTTP/2; otherwise null
  Template http1_head;                  // HTTP/1.1 without the body, when it is rendered
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

/// Puts a request together. Adds Host, User-Agent and Content-Length where they are not given.
Request build_request(const Url& url, std::shared_ptr<const Message> message, const Template& path);

/// Whether `text` is a token (RFC 9110, 5.6.2): a method or a header name.
bool is_token(std::string_view text);

}  // namespace http
