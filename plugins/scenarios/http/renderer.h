// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "template.h"

namespace http {

struct Request;

/// Fills in the places of templates. One per instance; one thread. Allocates nothing once its
/// buffers have grown to what the templates need.
class Renderer {
 public:
  /// `seed` 0: different each time.
  Renderer(std::uint64_t seed, bool sampled);
  ~Renderer();
  Renderer(const Renderer&) = delete;
  Renderer& operator=(const Renderer&) = delete;

  /// A new operation: the next number of {{$seq}}. `record` is a JSON object's text or empty, read
  /// when a field is wanted, so it must last until then.
  void begin(std::string_view record, std::uint32_t session);
  /// Puts a filled-in template behind `out`. 0, code_no_field or code_unsendable.
  std::int64_t append(const Template& from, std::string& out);
  /// Replaces `out` with the whole HTTP/1.1 request. Codes as above.
  std::int64_t render(const Request& request, std::string& out);

 private:
  class Record;

  std::int64_t append_field(const Template::Piece& piece, std::string& out);
  std::uint64_t random();

  std::uint64_t random_state_;
  bool sampled_;
  std::uint64_t seq_ = 0;
  std::uint32_t session_ = 0;
  std::string_view record_text_;
  std::unique_ptr<Record> record_;
  std::string body_;
  std::string value_;
};

}  // namespace http
