// SPDX-License-Identifier: Apache-2.0
// Responses of every shape, and those that are none: from a server that sends what a test wants.
#include <boost/test/unit_test.hpp>
#include <mutex>

#include "places.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"
#include "plugins/http_raw_server.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;
using Answer = RawServer::Answer;

IntervalFrame run(const RawServer& server, const LoadSpec& spec, const std::string& more = "") {
  HttpDriver driver(library(), "{\"url\":\"" + server.url() + "\"" + more + "}");
  IntervalFrame frame = driver.run(spec);
  BOOST_TEST(frame.misbehaviour == 0u);
  BOOST_TEST(frame.in_flight == 0u);
  return frame;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_responses)

BOOST_AUTO_TEST_CASE(well_formed) {
  struct Case {
    const char* what;
    Answer answer;
    std::uint64_t sessions;  // opened for ten operations
  };
  const Case cases[] = {
      {"content length", {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}, 1},
      {"in pieces", {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, 9}, 1},
      {"no body", {"HTTP/1.1 204 No Content\r\n\r\n"}, 1},
      {"chunked",
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n"
        "0\r\nTrailer: 1\r\n\r\n"},
       1},
      {"chunked in pieces",
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false, 12},
       1},
      {"interim response",
       {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
       1},
      {"no body, whatever is announced",
       {"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n"},
       1},
      {"interim response that is the last, it says",
       {"HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
       1},
      {"until the end", {"HTTP/1.1 200 OK\r\n\r\nall of it", true, 2}, 10},
      {"HTTP/1.0", {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", true}, 10},
      {"connection: close",
       {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", true},
       10},
      {"announced but left open",
       {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"},
       10},
  };
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT(c.what) {
      RawServer server([&](const std::string&, int) { return c.answer; });
      const IntervalFrame frame = run(server, closed_load(1, 10));
      BOOST_TEST(total(frame, Outcome::ok) == 10u);
      BOOST_TEST(frame.sessions_opened == c.sessions);
      BOOST_TEST(frame.sessions_failed == 0u);
      BOOST_TEST(frame.wire.measured == 10u);
      BOOST_TEST(frame.kinds.at(0).bytes_in == 10 * c.answer.bytes.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(head_has_no_body) {
  RawServer server([](const std::string& request, int) {
    BOOST_TEST(request.starts_with("HEAD / HTTP/1.1\r\n"));
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"};
  });
  const IntervalFrame frame =
      run(server, closed_load(1, 10), ",\"requests\":[{\"method\":\"HEAD\",\"path\":\"/\"}]");
  BOOST_TEST(total(frame, Outcome::ok) == 10u);
  BOOST_TEST(frame.sessions_opened == 1u);
}

BOOST_AUTO_TEST_CASE(not_modified_has_no_body) {
  // It may tell the length of what it does not send (RFC 9110, 15.4.5).
  RawServer server([](const std::string&, int) {
    return Answer{"HTTP/1.1 304 Not Modified\r\nContent-Length: 12345\r\n\r\n"};
  });
  const IntervalFrame frame =
      run(server, closed_load(1, 10), ",\"requests\":[{\"expect\":{\"status\":304}}]");
  BOOST_TEST(total(frame, Outcome::ok) == 10u);
  BOOST_TEST(frame.sessions_opened == 1u);
}

BOOST_AUTO_TEST_CASE(malformed_is_protocol) {
  const Answer cases[] = {
      {"this is not HTTP\r\n\r\n"},
      {"HTTP/9.9 200 OK\r\n\r\n"},
      {"HTTP/1.1 abc\r\n\r\n"},
      {"HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok"},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"},
      {"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than was announced"},
      {"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(1'000'000, 'x') + "\r\n\r\n"},
      {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"},
      {std::string("\0\1\2\3\4\5\6\7", 8)},
  };
  for (const Answer& answer : cases) {
    BOOST_TEST_CONTEXT(answer.bytes.substr(0, 60)) {
      RawServer server([&](const std::string&, int) { return answer; });
      const IntervalFrame frame = run(server, closed_load(1, 3));
      BOOST_TEST(total(frame, Outcome::protocol) == 3u);
      BOOST_TEST(frame.wire.measured == 3u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_connection_that_ends_too_early_is_refused) {
  const Answer cases[] = {
      {"", true},
      {"HTTP/1.1 200 OK\r\nContent-Le", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", true},
      {"", false, 1, true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", false, 1, true},
  };
  for (const Answer& answer : cases) {
    BOOST_TEST_CONTEXT(answer.bytes) {
      RawServer server([&](const std::string&, int) { return answer; });
      const IntervalFrame frame = run(server, closed_load(1, 3));
      BOOST_TEST(total(frame, Outcome::refused) == 3u);
      BOOST_TEST(frame.sessions_opened == 3u);
      BOOST_TEST_REQUIRE(frame.kinds.at(0).codes.size() == 1u);
      BOOST_TEST(frame.kinds.at(0).codes[0].first == ECONNRESET);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_keep_alive_that_ends_between_requests_fails_nothing) {
  // Answers, and hangs up a little later, without having said so.
  RawServer server([](const std::string&, int) {
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true};
  });
  HttpDriver driver(library(), "{\"url\":\"" + server.url() + "\"}");
  LoadSpec spec;
  spec.model = LoadSpec::Model::open;
  spec.sessions = 1;
  spec.rate = 20;  // slow enough for the end to arrive before the next request
  spec.duration_ns = 500 * ms;
  const IntervalFrame frame = driver.run(spec);
  BOOST_TEST(total(frame, Outcome::ok) == 10u);
  BOOST_TEST(frame.sessions_opened >= 10u);
}

BOOST_AUTO_TEST_CASE(bytes_that_nobody_asked_for_end_the_connection) {
  RawServer server([](const std::string&, int) {
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + std::string("more"), false, 1};
  });
  const IntervalFrame frame = run(server, closed_load(2, 6));
  BOOST_TEST(total(frame, Outcome::protocol) == 6u);
  BOOST_TEST(frame.sessions_opened >= 3u);
}

BOOST_AUTO_TEST_CASE(silence_times_out_and_a_new_connection_follows) {
  RawServer server([](const std::string&, int) { return Answer{""}; });
  LoadSpec spec = closed_load(2, 6);
  spec.timeout_ns = 30 * ms;
  const IntervalFrame frame = run(server, spec);
  BOOST_TEST(total(frame, Outcome::timeout) == 6u);
  BOOST_TEST(frame.wire.cancelled == 6u);
  BOOST_TEST(frame.late == 0u);
  BOOST_TEST(frame.sessions_opened >= 5u);
}

BOOST_AUTO_TEST_CASE(requests_behind_one_that_times_out_are_not_lost_to_the_counts) {
  RawServer server([](const std::string&, int) { return Answer{""}; });
  LoadSpec spec = closed_load(2, 16);
  spec.timeout_ns = 50 * ms;
  const IntervalFrame frame = run(server, spec, ",\"pipeline\":4");
  BOOST_TEST(total(frame, Outcome::timeout) == 16u);
  BOOST_TEST(total(frame, Outcome::cancelled) == 0u);
  BOOST_TEST(frame.wire.cancelled + frame.wire.measured == 16u);
}

BOOST_AUTO_TEST_CASE(an_answer_before_the_whole_request_was_sent) {
  // 3 MB do not fit into the socket's buffers; the server answers after the header and goes.
  RawServer server([](const std::string&, int) {
    return Answer{"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", true};
  });
  const IntervalFrame frame =
      run(server, closed_load(1, 3),
          ",\"requests\":[{\"kind\":\"post\",\"body\":\"" + std::string(3'000'000, 'x') + "\"}]");
  BOOST_TEST(total(frame, Outcome::fail) + total(frame, Outcome::refused) == 3u);
}

BOOST_AUTO_TEST_CASE(requests_are_what_the_configuration_says) {
  std::mutex mutex;
  std::vector<std::string> requests;
  RawServer server([&](const std::string& request, int) {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  });
  HttpDriver driver(library(),
                    "{\"url\":\"" + server.url() + R"(/base/","headers":{"A":"1","b":"2"},
      "requests":[{"paths":["/x?q=1","/y"],"headers":{"B":"3"}},{"kind":"get","path":"/z"}]})");
  driver.run(closed_load(1, 3));
  const std::string host = server.url().substr(7);
  const std::string common = " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: ordeal\r\nA: 1\r\n";
  BOOST_TEST_REQUIRE(requests.size() == 3u);
  BOOST_TEST(requests[0] == "GET /base/x?q=1" + common + "B: 3\r\n\r\n");
  BOOST_TEST(requests[1] == "GET /base/y" + common + "B: 3\r\n\r\n");
  BOOST_TEST(requests[2] == "GET /base/z" + common + "b: 2\r\n\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
