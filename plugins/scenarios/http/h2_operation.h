// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "exchange.h"
#include "h2_request.h"
#include "ordeal/scenario.hpp"

namespace http {

class H2Session;

/// One operation of an HTTP/2 session: waits for a stream, or has one.
struct H2Operation {
  H2Session* owner = nullptr;
  const H2Request* request = nullptr;  // null: this slot is free
  std::uint64_t op_id = 0;
  std::uint32_t session = 0;  // the engine's number
  std::int32_t stream = 0;    // 0 while it waits
  int status = 0;
  bool headers_done = false;  // of the final response
  std::size_t body_sent = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t sent_ns = 0;  // 0 until its HEADERS were given out
  std::uint64_t first_byte_ns = 0;
  std::uint64_t timer = 0;       // ends a stream of events that has been followed long enough
  H2Operation* older = nullptr;  // of all sessions, by issue
  H2Operation* newer = nullptr;
  H2Operation* next = nullptr;  // of the free ones, or of those that wait
  Exchange exchange;
  std::unique_ptr<H2Request::Filled> filled;

  [[nodiscard]] std::string_view body() const {
    return request->rendered() ? std::string_view(filled->body) : request->body();
  }
  void stream_over() noexcept;
};

/// What the sessions of one instance have in common.
struct H2Operations {
  explicit H2Operations(ExchangeShared& with) : exchange(with) {}
  ExchangeShared& exchange;
  H2Operation* oldest = nullptr;
  H2Operation* newest = nullptr;
};

/// The places of one session for its operations: free, waiting for a stream in the order of issue,
/// or on a stream. Allocates nothing afterwards but for what is filled in.
class H2Slots {
 public:
  /// `session` is what the engine calls `owner`.
  H2Slots(H2Operations& operations, H2Session& owner, std::uint32_t session, std::uint32_t count);
  H2Slots(const H2Slots&) = delete;
  H2Slots& operator=(const H2Slots&) = delete;

  /// Puts an operation into a free place, of which there must be one, and lets it wait. 0, or the
  /// code with which it fails; then it takes no place.
  std::int64_t add(const ordeal_op& op, const Request& request);
  /// The first of those that wait, or null.
  [[nodiscard]] H2Operation* waiting() const { return waiting_; }
  /// The first of those that wait has got this stream.
  void give_stream(std::int32_t stream);
  /// Frees the place, whatever state it is in.
  void release(H2Operation& operation);
  void release_all();
  [[nodiscard]] std::uint32_t on_streams() const { return on_streams_; }
  /// Calls `act`, which may release them, with all that have a stream.
  template <class Act>
  void for_all_on_streams(Act&& act) {
    for (H2Operation& slot : slots_)
      if (slot.request != nullptr && slot.stream != 0) act(slot);
  }

 private:
  H2Operations& operations_;
  std::vector<H2Operation> slots_;
  H2Operation* free_ = nullptr;
  H2Operation* waiting_ = nullptr;
  H2Operation* waiting_last_ = nullptr;
  std::uint32_t on_streams_ = 0;
};

}  // namespace http
