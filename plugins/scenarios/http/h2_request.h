// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "renderer.h"
#include "request.h"

namespace http {

/// A request as HTTP/2 wants it: header fields that nghttp2 compresses without copying them. Built
/// once, but for what is to be filled in for each operation.
class H2Request {
 public:
  /// What was filled in for one operation; kept for the next.
  struct Filled {
    std::string text;
    std::vector<nghttp2_nv> fields;
    std::string body;
  };

  /// Throws ordeal::Failure for a header that has no place in HTTP/2.
  H2Request(const Url& url, const Request& request);
  H2Request(const H2Request&) = delete;  // its fields point into it
  H2Request& operator=(const H2Request&) = delete;

  [[nodiscard]] bool rendered() const { return rendered_; }
  /// Of a request that is not rendered.
  [[nodiscard]] const std::vector<nghttp2_nv>& fields() const { return fields_; }
  [[nodiscard]] std::string_view body() const { return body_; }
  /// Fills in what is to be filled in, for the operation that `renderer` has begun. 0, or the code
  /// with which the operation fails.
  std::int64_t render(Renderer& renderer, Filled& out) const;

 private:
  std::vector<std::pair<std::string, Template>> parts_;  // names and values
  const Template* body_template_;
  bool sends_length_;
  bool rendered_;
  std::string text_;  // of all names and values, when it is not rendered
  std::vector<nghttp2_nv> fields_;
  std::string_view body_;
};

}  // namespace http
