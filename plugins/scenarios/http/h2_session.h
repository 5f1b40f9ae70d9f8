// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>

#include "h2_operation.h"

namespace http {

/// Who a session works for.
class H2SessionUser {
 public:
  /// There is something to take, though nothing was fed or issued.
  virtual void session_wants_to_send() noexcept = 0;

 protected:
  ~H2SessionUser() = default;
};

/// The HTTP/2 side of one connection: bytes in, bytes out, operations completed in between. Knows
/// nothing of sockets. nghttp2 does the framing; an operation costs no allocation but nghttp2's.
class H2Session {
 public:
  /// `number` is what its operations name as their session.
  H2Session(H2Operations& operations, H2SessionUser& user, std::uint32_t number,
            std::uint32_t streams);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  /// A new connection: its preface is ready to be sent. Operations that wait are kept. False when
  /// there is no memory.
  bool start();
  /// The connection has ended. Operations on streams must have been completed.
  void stop();

  /// At most `streams` at a time. Sent by one of the next calls of take().
  void issue(const ordeal_op& op, const Request& request);
  /// Gives an operation up; RST_STREAM(CANCEL) is sent when it has a stream.
  void cancel(H2Operation& operation);

  /// What came from the server at `now_ns`. False: the connection is of no more use.
  bool feed(const char* data, std::size_t size, std::uint64_t now_ns);
  /// Writes what is to be sent, in whole frames; returns the number of bytes, less than `size` by
  /// at most one frame (16 KiB) when there is more. `now_ns` counts as the moment of sending.
  std::size_t take(char* out, std::size_t size, std::uint64_t now_ns);
  [[nodiscard]] bool wants_to_send() const;
  /// Says goodbye: GOAWAY is the last thing to be sent.
  void say_goodbye();

  /// The server's SETTINGS have come: this is HTTP/2.
  [[nodiscard]] bool settled() const { return settled_; }
  /// No new stream can be opened on this connection: GOAWAY, or no stream number is left.
  [[nodiscard]] bool draining() const { return draining_; }
  /// The error code of the server's GOAWAY.
  [[nodiscard]] std::uint32_t goaway() const { return goaway_; }
  /// Whether nghttp2 has given the connection up, for an error of the server's.
  [[nodiscard]] bool broken() const;
  /// Streams the server allows at once.
  [[nodiscard]] std::uint32_t allowed() const;
  [[nodiscard]] bool answered() const { return answered_; }
  [[nodiscard]] std::uint32_t on_streams() const { return slots_.on_streams(); }
  [[nodiscard]] bool any_waiting() const { return slots_.waiting() != nullptr; }

  /// Completes all operations on streams, or all that wait. `code` of 0 stays 0.
  void end_streams(std::uint32_t outcome, std::int64_t code);
  void end_waiting(std::uint32_t outcome, std::int64_t code);

  /// For tests: streams go on from this number (odd).
  void set_next_stream(std::int32_t number);

 private:
  struct Callbacks;
  friend struct H2Operation;

  void submit_waiting();
  void complete(H2Operation& operation, std::uint32_t outcome, std::int64_t code);
  void headers_complete(H2Operation& operation);
  void answer_ended(H2Operation& operation);
  void answer_abandoned(H2Operation& operation);
  void closed(H2Operation& operation, std::uint32_t error);
  [[nodiscard]] H2Operation* find(std::int32_t stream);

  H2Operations& operations_;
  H2SessionUser& user_;
  nghttp2_session* session_ = nullptr;
  H2Slots slots_;
  std::int32_t found_stream_ = 0;  // the answer of the last find()
  H2Operation* found_ = nullptr;
  std::uint64_t now_ns_ = 0;
  std::uint32_t open_streams_ = 0;  // as nghttp2 counts them
  std::uint32_t goaway_ = 0;
  bool settled_ = false;
  bool draining_ = false;
  bool answered_ = false;
};

}  // namespace http
