// SPDX-License-Identifier: Apache-2.0
// Any bytes as a stream of events: the same events however they are cut, none longer than allowed.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "scenarios/http/sse_parser.h"

namespace {

struct Heard {
  std::vector<std::string> events;
  bool too_long = false;
  bool operator==(const Heard&) const = default;
};

constexpr std::size_t max_event = 64;

Heard hear(std::string_view stream, std::size_t step) {
  http::SseParser parser(max_event);
  parser.begin();
  Heard heard;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    const std::string_view cut = stream.substr(at, step);
    const auto piece = std::make_unique<char[]>(cut.size());
    std::memcpy(piece.get(), cut.data(), cut.size());
    std::string_view rest(piece.get(), cut.size());
    for (;;) {
      const auto said = parser.next(rest);
      if (said == http::SseParser::Step::more) break;
      if (said == http::SseParser::Step::too_long) {
        heard.too_long = true;
        return heard;
      }
      if (parser.data().size() > 2 * max_event || parser.type().size() > max_event) std::abort();
      heard.events.push_back(std::string(parser.type()) + '\0' + std::string(parser.data()));
    }
    if (!rest.empty()) std::abort();
  }
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const Heard whole = hear(stream, size + 1);
  for (const std::size_t step : {1u, 2u, 3u, 7u})
    if (hear(stream, step) != whole) std::abort();
  return 0;
}
