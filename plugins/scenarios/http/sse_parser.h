// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace http {

/// Server-sent events as the WHATWG's HTML standard reads them (9.2.6), in pieces of any size.
/// Keeps one event at a time, of at most `max_event` bytes. What it does not need, it skips: ids
/// and reconnection times.
class SseParser {
 public:
  enum class Step {
    more,      // the piece is used up
    event,     // an event is complete: data() and type() until the next call; go on with the rest
    too_long,  // an event's data or a line is longer than max_event: the stream is of no more use
  };

  explicit SseParser(std::size_t max_event) : max_event_(max_event) {}

  /// A new stream.
  void begin();
  /// Takes what it uses off the front of `rest`.
  Step next(std::string_view& rest);

  /// Of the event just complete.
  [[nodiscard]] std::string_view data() const { return {data_.data(), data_.size() - 1}; }
  [[nodiscard]] std::string_view type() const {
    return type_.empty() ? std::string_view("message") : std::string_view(type_);
  }

 private:
  Step line(std::string_view text);

  std::size_t max_event_;
  std::string line_;  // the beginning of one that ended outside the piece
  std::string data_;  // each line of it with a line feed behind
  std::string type_;
  bool first_line_ = true;
  bool after_cr_ = false;    // a line feed that follows belongs to the line's end
  bool dispatched_ = false;  // data_ and type_ are those of an event already handed out
};

}  // namespace http
