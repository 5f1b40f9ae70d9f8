// SPDX-License-Identifier: Apache-2.0
// Whatever a server sends: the parser and the exchange come to one verdict however it is cut. The
// first byte chooses what is expected, the second the cuts.
#include <boost/json.hpp>
#include <cstdlib>

#include "plugins/http_parsing.h"

namespace {

http::Message message_for(unsigned choice) {
  http::Message message;
  message.method = choice % 8 == 7 ? "HEAD" : "GET";
  for (std::size_t code = 200; code < 300; ++code) message.expect.status.set(code);
  if ((choice & 1) != 0) message.expect.contains = {http::TextSearch("abab")};
  if ((choice & 2) != 0) message.expect.headers = {{"X", "y"}};
  if ((choice & 4) != 0) message.expect.max_size = 50;
  if ((choice & 8) != 0) {
    http::JsonCheck check;
    check.pointer = "/a/0";
    check.equals = std::make_shared<const boost::json::value>(1);
    message.expect.json = {check};
  } else if ((choice & 16) != 0) {
    message.stream = true;
    message.limits.events = choice & 1 ? 2 : 0;
  }
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Parsing parsing(message_for(data[0]));
  const std::size_t step = data[1] % 16 + 1u;
  const std::string_view response(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::vector<std::size_t> cuts;
  for (std::size_t at = step; at < response.size(); at += step) cuts.push_back(at);
  constexpr std::uint32_t not_http = ORDEAL_OUTCOME_COUNT;
  const Parsing::Fate whole = parsing.run(response, {});
  const Parsing::Fate cut = parsing.run(response, cuts);
  // What follows a complete response is not looked at when it has not arrived yet.
  if (whole.outcome != not_http && whole != cut) std::abort();
  return 0;
}
