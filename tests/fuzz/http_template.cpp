// SPDX-License-Identifier: Apache-2.0
// The first line is a template, the rest a record: what is filled in never breaks out of its place.
#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>

#include "ordeal/component.hpp"
#include "scenarios/http/renderer.h"
#include "scenarios/http/template.h"
#include "scenarios/http/url.h"

namespace json = boost::json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(0, end);
  const std::string_view record = end < size ? input.substr(end + 1) : "";
  http::Renderer renderer(1, true);
  renderer.begin(record, 1);
  for (const auto encoding :
       {http::Encoding::text, http::Encoding::url, http::Encoding::header, http::Encoding::json}) {
    std::string out;
    try {
      const http::Template compiled(text, encoding);
      if (renderer.append(compiled, out) != 0) continue;
      const std::string sample = compiled.sample();
      if (encoding == http::Encoding::url && http::is_request_path(sample) &&
          !http::is_request_path(out))
        std::abort();
      if (encoding == http::Encoding::header && sample.find_first_of("\r\n") == std::string::npos &&
          out.find_first_of("\r\n") != std::string::npos)
        std::abort();
    } catch (const ordeal::Failure&) {
    }
  }
  // In JSON that is well-formed before, nothing is broken afterwards.
  try {
    const http::Template compiled(text, http::Encoding::json);
    std::string before;
    for (const auto& piece : compiled.pieces())
      before += piece.kind == http::Template::Piece::Kind::literal ? piece.text : "1";
    std::string after;
    json::error_code error;
    static_cast<void>(json::parse(before, error));
    if (error || renderer.append(compiled, after) != 0) return 0;
    // A number beside a digit, as in 1{{n}}, is the writer's own doing.
    bool apart = true;
    for (std::size_t i = 1; i < compiled.pieces().size(); ++i) {
      const auto& left = compiled.pieces()[i - 1];
      const auto& right = compiled.pieces()[i];
      const auto touches = [](const http::Template::Piece& piece, bool at_end) {
        if (piece.kind != http::Template::Piece::Kind::literal) return true;
        return std::string_view("{}[]:, \"\t")
                   .find(at_end ? piece.text.back() : piece.text.front()) == std::string_view::npos;
      };
      const bool in_text = left.in_text || right.in_text;
      if (!in_text && touches(left, true) && touches(right, false)) apart = false;
    }
    static_cast<void>(json::parse(after, error));
    if (apart && error) std::abort();
  } catch (const ordeal::Failure&) {
  }
  return 0;
}
