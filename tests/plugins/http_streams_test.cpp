// SPDX-License-Identifier: Apache-2.0
// Server-sent events from a server that sends what a test wants, when it wants.
#include <boost/test/unit_test.hpp>

#include "places.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"
#include "plugins/http_raw_server.h"
#include "scenarios/http/codes.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::size_t first_event = 2;  // marks
constexpr std::size_t event_gap = 3;

std::string stream(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + body;
}

struct Heard {
  KindInterval kind;
  std::uint64_t sessions = 0;
};

Heard listen(const RawServer::Answer& answer, const std::string& more, std::uint64_t operations,
             std::uint64_t timeout_ns = 5'000 * ms) {
  RawServer server([&](const std::string& request, int) {
    BOOST_TEST(request.find("\r\nAccept: text/event-stream\r\n") != std::string::npos);
    return answer;
  });
  HttpDriver driver(library(), "{\"url\":\"" + server.url() +
                                   "\",\"max_body\":10000,\"requests\":[{\"stream\":\"sse\"" +
                                   more + "}]}");
  LoadSpec spec = closed_load(1, operations);
  spec.timeout_ns = timeout_ns;
  const IntervalFrame frame = driver.run(spec);
  BOOST_TEST(frame.misbehaviour == 0u);
  BOOST_TEST(frame.in_flight == 0u);
  BOOST_TEST(frame.wire.measured + frame.wire.cancelled == operations);
  return {frame.kinds.at(0), frame.sessions_opened};
}

std::uint64_t count(const Heard& heard, Outcome outcome) {
  return heard.kind.outcomes[static_cast<std::size_t>(outcome)];
}

std::int64_t code(const Heard& heard) {
  return heard.kind.codes.size() == 1 ? heard.kind.codes[0].first : -1;
}

std::string events(int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += "data: " + std::to_string(i) + "\n\n";
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_streams)

BOOST_AUTO_TEST_CASE(until_the_server_ends) {
  const Heard heard = listen({stream(events(10)), true, 30}, "", 3);
  BOOST_TEST(count(heard, Outcome::ok) == 3u);
  BOOST_TEST(heard.kind.marks.at(first_event).count() == 3u);
  BOOST_TEST(heard.kind.marks.at(event_gap).count() == 27u);
  BOOST_TEST(heard.kind.marks.at(first_event).min() >= heard.kind.marks.at(1).min());
  BOOST_TEST(heard.kind.marks.at(first_event).max() <= heard.kind.service.max());
}

BOOST_AUTO_TEST_CASE(chunked_keeps_the_connection) {
  const std::string body =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
      "Content-Type: text/event-stream\r\n\r\n9\r\ndata: 1\n\n\r\n5\r\ndata:\r\n4\r\n "
      "2\n\n\r\n0\r\n\r\n";
  const Heard heard = listen({body, false, 8}, "", 4);
  BOOST_TEST(count(heard, Outcome::ok) == 4u);
  BOOST_TEST(heard.sessions == 1u);
  BOOST_TEST(heard.kind.marks.at(event_gap).count() == 4u);
}

BOOST_AUTO_TEST_CASE(times_between_events) {
  // 100 bytes of header and padding, then five events 20 ms apart.
  std::string body = stream("");
  body += ":" + std::string(98 - body.size(), ' ') + "\n";
  for (int i = 0; i < 4; ++i) body += "data: " + std::string(91, 'x') + "\n\n\n";
  const Heard heard = listen({body, true, 5, false, 20}, "", 1);
  BOOST_TEST(count(heard, Outcome::ok) == 1u);
  BOOST_TEST(heard.kind.marks.at(first_event).min() >= 19 * ms);
  BOOST_TEST(heard.kind.marks.at(event_gap).count() == 3u);
  BOOST_TEST(heard.kind.marks.at(event_gap).min() >= 15 * ms);
}

BOOST_AUTO_TEST_CASE(after_so_many_events) {
  const Heard heard = listen({stream(events(5)), false}, R"(,"events":3)", 4);
  BOOST_TEST(count(heard, Outcome::ok) == 4u);
  BOOST_TEST(heard.sessions == 4u);
  BOOST_TEST(heard.kind.marks.at(event_gap).count() == 8u);
  const Heard few = listen({stream(events(2)), true}, R"(,"events":3)", 2);
  BOOST_TEST(count(few, Outcome::fail) == 2u);
  BOOST_TEST(code(few) == http::code_few_events);
}

BOOST_AUTO_TEST_CASE(after_so_long) {
  const Heard heard = listen({stream(events(2)), false}, R"(,"for":"50ms")", 2);
  BOOST_TEST(count(heard, Outcome::ok) == 2u);
  BOOST_TEST(heard.sessions == 2u);
  BOOST_TEST(heard.kind.service.min() >= 49 * ms);
  BOOST_TEST(heard.kind.service.max() < 2'000 * ms);
  const Heard none = listen({stream(""), false}, R"(,"for":"20ms")", 2);
  BOOST_TEST(count(none, Outcome::fail) == 2u);
  BOOST_TEST(code(none) == http::code_few_events);
  const Heard silent = listen({"", false}, R"(,"for":"20ms")", 2);
  BOOST_TEST(count(silent, Outcome::fail) == 2u);
  BOOST_TEST(code(silent) == http::code_few_events);
  // The timeout of the operation holds all the same, and leaves no timer behind.
  const Heard late = listen({stream(events(2)), false}, R"(,"for":"4s")", 2, 30 * ms);
  BOOST_TEST(count(late, Outcome::timeout) == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_no_stream) {
  const Heard text = listen({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ndata: 1\n\n"}, "", 2);
  BOOST_TEST(count(text, Outcome::fail) == 2u);
  BOOST_TEST(code(text) == http::code_not_stream);
  BOOST_TEST(text.sessions == 1u);
  const Heard status = listen({"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"}, "", 2);
  BOOST_TEST(code(status) == 503);
  const Heard endless = listen({stream("data: " + std::string(200'000, 'x'))}, "", 2);
  BOOST_TEST(count(endless, Outcome::protocol) == 2u);
  BOOST_TEST(code(endless) == http::code_endless_event);
  const Heard reset = listen({stream(events(2)), false, 1, true}, "", 1);
  BOOST_TEST(count(reset, Outcome::refused) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
