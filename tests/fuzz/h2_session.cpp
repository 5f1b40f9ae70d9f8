// SPDX-License-Identifier: Apache-2.0
// Whatever a server sends over HTTP/2, between whatever we do: every operation ends exactly once,
// which H2Parsing sees to. The first byte chooses what is expected, the second how many streams;
// then come steps of a command byte and what belongs to it.
#include <algorithm>

#include "plugins/h2_parsing.h"

namespace {

http::Message message_for(unsigned choice) {
  http::Message message;
  message.method = choice % 8 == 7 ? "HEAD" : "POST";
  for (std::size_t code = 200; code < 300; ++code) message.expect.status.set(code);
  if ((choice & 1) != 0) message.expect.contains = {http::TextSearch("abab")};
  if ((choice & 2) != 0) message.expect.headers = {{"X", "y"}};
  if ((choice & 8) != 0) {
    message.body = http::Template(std::string(100'000, 'b'), http::Encoding::text);
    message.sends_length = true;
  }
  if ((choice & 16) != 0) {
    message.stream = true;
    message.limits.events = 2;
  }
  return message;
}

class Steps {
 public:
  Steps(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}
  [[nodiscard]] bool any() const { return !rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view bytes(std::size_t n) {
    const std::string_view part = rest_.substr(0, n);
    rest_.remove_prefix(part.size());
    return part;
  }

 private:
  std::string_view rest_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  H2Parsing parsing(message_for(data[0]), data[1] % 4 + 1u);
  Steps steps(data + 2, size - 2);
  bool usable = parsing.feed(H2Parsing::preface());
  while (usable && steps.any()) {
    switch (steps.byte() % 6) {
      case 0:
        if (!parsing.full()) parsing.issue();
        break;
      case 1:
        parsing.take();
        break;
      case 2:
        parsing.cancel_oldest();
        break;
      case 3:
        usable = parsing.feed(steps.bytes(steps.byte()));
        break;
      default: {  // a frame with a true head
        const std::uint8_t type = steps.byte() % 11;
        const std::uint8_t flags = steps.byte();
        const std::uint32_t stream = steps.byte() % 10;
        usable =
            parsing.feed(H2Parsing::frame(type, flags, stream, steps.bytes(steps.byte() % 64u)));
      }
    }
    usable = usable && !parsing.session().broken();
  }
  return 0;
}
