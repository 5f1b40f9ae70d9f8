// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "json_check.h"
#include "ordeal/scenario.hpp"
#include "renderer.h"
#include "request.h"

namespace http {

/// What the exchanges of one instance have in common.
struct ExchangeShared {
  ordeal::Host host;
  ordeal::Engine engine;
  std::size_t max_body = 0;
  std::uint32_t mark_first_event = 0;  // indexes of the marks declared
  std::uint32_t mark_event_gap = 0;
  Renderer renderer;
  JsonChecker json;
};

/// Follows one request and its response, whatever protocol carries them, and decides the outcome.
/// Kept for one operation after another: it allocates only for requests that are rendered or
/// followed, and then only until its buffers have grown. One thread.
///
/// For each operation: begin; send what request() and bytes() say; header, header, ..., status,
/// body, body, ...; end. An interim response (1xx) is headers and then interim().
class Exchange {
 public:
  struct Verdict {
    std::uint32_t outcome;
    std::int64_t code;
  };

  Exchange();
  ~Exchange();
  Exchange(Exchange&&) noexcept;
  Exchange& operator=(Exchange&&) noexcept;

  /// A new operation. `request` outlives it. 0, or the code with which it fails without being sent.
  std::int64_t begin(ExchangeShared& shared, const Request& request, const ordeal_op& op) {
    request_ = &request;
    status_ = 0;
    if (!request.rendered && !request.followed) return 0;
    return begin_more(shared, op, true);
  }
  /// The same for a protocol that sends the request's parts: renders none of HTTP/1.1's bytes. The
  /// parts are then asked of shared.renderer, which has begun with this operation.
  std::int64_t begin_parts(ExchangeShared& shared, const Request& request, const ordeal_op& op) {
    request_ = &request;
    status_ = 0;
    if (!request.rendered && !request.followed) return 0;
    return begin_more(shared, op, false);
  }

  [[nodiscard]] const Request& request() const { return *request_; }
  /// The HTTP/1.1 request; lasts until the next begin.
  [[nodiscard]] std::string_view bytes() const {
    return request_->rendered ? rendered() : std::string_view(request_->bytes);
  }

  /// Whether header, header_part and body need to be called at all.
  [[nodiscard]] bool followed() const { return request_->followed; }
  /// How long the response may be followed from begin on before end is to be called; 0: no limit.
  [[nodiscard]] std::uint64_t limit_ns() const {
    return request_->followed ? request_->message->limits.for_ns : 0;
  }

  void header(std::string_view name, std::string_view value);
  /// The same in pieces, as a parser finds them. The name begins anew after a piece of a value.
  void header_name_part(std::string_view part);
  void header_value_part(std::string_view part);
  void interim();
  /// The status of the final response, when its headers are complete.
  void status(int code) {
    status_ = code;
    if (request_->followed) status_more();
  }
  /// A piece of the body. False: enough was seen (or too much), the response is to be abandoned and
  /// end called; its connection or stream cannot be used for anything else.
  bool body(const char* data, std::size_t size);
  /// The response is complete or abandoned.
  Verdict end() {
    if (request_->followed) return end_more();
    return by_status();
  }

  /// When the first event of a stream came; 0 when none did.
  [[nodiscard]] std::uint64_t first_event_ns() const;

 private:
  struct More;

  std::int64_t begin_more(ExchangeShared& shared, const ordeal_op& op, bool http1);
  void status_more();
  Verdict end_more();
  Verdict by_status() const {
    if (request_->message->expect.status_expected(status_)) return {ORDEAL_OUTCOME_OK, status_};
    return {
        static_cast<std::uint32_t>(status_ == 429 ? ORDEAL_OUTCOME_THROTTLED : ORDEAL_OUTCOME_FAIL),
        status_};
  }
  [[nodiscard]] std::string_view rendered() const;

  const Request* request_ = nullptr;
  std::unique_ptr<More> more_;
  int status_ = 0;
};

}  // namespace http
