// SPDX-License-Identifier: Apache-2.0
// What becomes of a response, however it is framed and cut into pieces: the parser and the exchange
// together, without a network.
#include "scenarios/http/exchange.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "plugins/http_parsing.h"
#include "scenarios/http/codes.h"
#include "scenarios/http/response_parser.h"

using namespace http;

namespace {

using Fate = Parsing::Fate;

std::string chunked(const std::string& body, std::size_t size) {
  std::string out = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += size) {
    const std::string part = body.substr(at, size);
    char line[32];
    std::snprintf(line, sizeof line, "%zx\r\n", part.size());
    out += line + part + "\r\n";
  }
  return out + "0\r\nX-Trailer: late\r\n\r\n";
}

std::string plain(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string until_end(const std::string& body) { return "HTTP/1.1 200 OK\r\n\r\n" + body; }

Message checking() {
  Message message;
  message.method = "GET";
  for (std::size_t code = 200; code < 300; ++code) message.expect.status.set(code);
  return message;
}

void same_however_cut(const Message& message, const std::string& response, const Fate& expected) {
  Parsing parsing(message);
  BOOST_TEST(parsing.run(response, {}) == expected);
  for (std::size_t i = 1; i < response.size(); ++i)
    BOOST_TEST_REQUIRE(parsing.run(response, {i}) == expected, "cut at " << i);
  std::vector<std::size_t> each;
  for (std::size_t i = 1; i < response.size(); ++i) each.push_back(i);
  BOOST_TEST(parsing.run(response, each) == expected);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_exchange)

BOOST_AUTO_TEST_CASE(framings_and_pieces) {
  Message message = checking();
  message.expect.contains = {TextSearch("lo, wor"), TextSearch("hello")};
  message.expect.min_size = message.expect.max_size = 12;
  const std::string body = "hello, world";
  const Fate ok{ORDEAL_OUTCOME_OK, 200};
  same_however_cut(message, plain(body), ok);
  for (const std::size_t size : {1u, 3u, 100u}) same_however_cut(message, chunked(body, size), ok);
  same_however_cut(message, until_end(body), ok);
  same_however_cut(message, "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + plain(body), ok);
  message.expect.contains.emplace_back("World");
  same_however_cut(message, chunked(body, 5), {ORDEAL_OUTCOME_FAIL, code_text});
  message.expect.max_size = 11;
  message.expect.min_size = 0;
  same_however_cut(message, until_end(body), {ORDEAL_OUTCOME_FAIL, code_size});
  // What the status says comes first.
  same_however_cut(message, "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx",
                   {ORDEAL_OUTCOME_FAIL, 404});
  same_however_cut(message, "HTTP/1.1 429 Slow Down\r\nContent-Length: 1\r\n\r\nx",
                   {ORDEAL_OUTCOME_THROTTLED, 429});
}

BOOST_AUTO_TEST_CASE(headers) {
  Message message = checking();
  message.expect.headers = {{"Content-Type", "json"}, {"x-id", ""}};
  const Fate ok{ORDEAL_OUTCOME_OK, 200};
  const Fate failed{ORDEAL_OUTCOME_FAIL, code_header};
  same_however_cut(message, plain("x", "X-ID: 7\r\ncontent-type: application/json\r\n"), ok);
  same_however_cut(message, plain("x", "X-Id:\r\nContent-Type: text/html; json\r\n"), ok);
  same_however_cut(message, plain("x", "Content-Type: application/json\r\n"), failed);
  same_however_cut(message, plain("x", "X-Id: 1\r\nContent-Type: text/html\r\n"), failed);
  // Neither interim headers nor trailers count.
  same_however_cut(
      message, "HTTP/1.1 103 Early\r\nX-Id: 1\r\nContent-Type: json\r\n\r\n" + plain("x"), failed);
  message.expect.headers = {{"X-Trailer", "late"}};
  same_however_cut(message, chunked("x", 1), failed);
}

BOOST_AUTO_TEST_CASE(json_bodies) {
  Message message = checking();
  JsonCheck check;
  check.pointer = "/a/0";
  check.equals = std::make_shared<const boost::json::value>(7);
  message.expect.json = {check};
  same_however_cut(message, chunked("{\"a\":[7]}", 4), {ORDEAL_OUTCOME_OK, 200});
  same_however_cut(message, until_end("{\"a\":[8]}"), {ORDEAL_OUTCOME_FAIL, code_json});
  same_however_cut(message, plain("{\"a\":[7]"), {ORDEAL_OUTCOME_FAIL, code_not_json});
  // Parsing::max_body bytes are kept, no more.
  const std::string most = "{\"a\":[7]" + std::string(Parsing::max_body - 9, ' ') + "}";
  BOOST_TEST(most.size() == Parsing::max_body);
  same_however_cut(message, chunked(most, 20), {ORDEAL_OUTCOME_OK, 200});
  same_however_cut(message, chunked(most + " ", 20), {ORDEAL_OUTCOME_FAIL, code_too_long});
}

BOOST_AUTO_TEST_CASE(streams_of_events) {
  Message message = checking();
  message.stream = true;
  const auto stream = [](const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n" + body;
  };
  const std::string three = "data: 1\n\ndata: 2\n\n: hm\n\ndata: 3\n\n";
  same_however_cut(message, stream(three), {ORDEAL_OUTCOME_OK, 200});
  same_however_cut(message, stream(": only a comment\n\n"), {ORDEAL_OUTCOME_FAIL, code_few_events});
  same_however_cut(message, until_end(three), {ORDEAL_OUTCOME_FAIL, code_not_stream});
  same_however_cut(message, stream("data: " + std::string(Parsing::max_body, 'x')),
                   {ORDEAL_OUTCOME_PROTOCOL, code_endless_event});
  message.limits.events = 3;
  same_however_cut(message, stream(three), {ORDEAL_OUTCOME_OK, 200});
  message.limits.events = 4;
  same_however_cut(message, stream(three), {ORDEAL_OUTCOME_FAIL, code_few_events});
  message.limits.events = 2;
  same_however_cut(message, stream(three + "what else there is"), {ORDEAL_OUTCOME_OK, 200});
  message.expect.contains = {TextSearch("data: 2")};
  same_however_cut(message, stream(three), {ORDEAL_OUTCOME_OK, 200});
  message.expect.contains = {TextSearch("data: 3")};  // behind the last event wanted
  same_however_cut(message, stream(three), {ORDEAL_OUTCOME_FAIL, code_text});
}

BOOST_AUTO_TEST_SUITE_END()
