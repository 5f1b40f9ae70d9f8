// SPDX-License-Identifier: Apache-2.0
// HTTP/2 against a real nginx: nothing is lost, nothing is counted twice.
#include <boost/test/unit_test.hpp>

#include "places.h"
#include "plugins/h2_server.h"
#include "plugins/http_certificates.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"
#include "plugins/http_nginx.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;

// nginx that speaks HTTP/2 without TLS on a second port.
struct H2Nginx : SecondPort {
  explicit H2Nginx(const std::string& server) : SecondPort(" http2", server) {}
  [[nodiscard]] std::string config(std::uint32_t streams, const std::string& more = "") const {
    return R"({"url":"http://)" + address() + R"(","protocol":"h2","streams":)" +
           std::to_string(streams) + more + "}";
  }
};

// What has been sent may still be on its way.
bool arrives(const std::function<bool()>& holds) {
  for (int i = 0; i < 200 && !holds(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return holds();
}

constexpr char plain[] = "location / { return 200 'hello'; }";

}  // namespace

BOOST_AUTO_TEST_SUITE(http_h2)

BOOST_AUTO_TEST_CASE(nginx_counts_what_we_count) {
  H2Nginx nginx(plain);
  for (const std::uint32_t streams : {1u, 10u, 100u}) {
    BOOST_TEST_CONTEXT(streams << " streams") {
      HttpDriver driver(library(), nginx.config(streams));
      BOOST_TEST(driver.worker().info().max_in_flight == streams);
      const std::uint64_t before = nginx.requests();
      const IntervalFrame frame = driver.run(closed_load(4, 5'000));
      BOOST_TEST(nginx.requests() - before == 5'000u);
      BOOST_TEST(frame.wire.measured == 5'000u);
      BOOST_TEST(total(frame, Outcome::ok) == 5'000u);
      BOOST_TEST(frame.sessions_opened == 4u);
      BOOST_TEST(frame.misbehaviour == 0u);
      const KindInterval& kind = frame.kinds.at(0);
      BOOST_TEST(kind.service.count() == 5'000u);
      BOOST_TEST(kind.bytes_in > 5'000u * 18);
      BOOST_TEST(kind.bytes_out > 5'000u * 9);
      BOOST_TEST(driver.lines().empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(methods_headers_and_bodies_arrive_at_nginx) {
  H2Nginx nginx(
      "client_max_body_size 10m;\n"
      "location / { if ($http_x_test != 'a b') { return 400; } return 200 'ok'; }\n"
      "location = /post { if ($request_method != POST) { return 405; }\n"
      "  if ($content_type != 'application/json') { return 415; }\n"
      "  if ($content_length != 7) { return 411; } return 200; }\n"
      "location = /empty { if ($http_content_length != 0) { return 411; } return 200; }\n"
      "location = /host { if ($http_host != 'example.org') { return 421; } return 200; }\n");
  HttpDriver driver(library(), nginx.config(8, R"(,"headers":{"X-Test":"a b"},"requests":[
      {"kind":"get"},{"kind":"head","method":"HEAD","path":"/"},
      {"kind":"post","path":"/post","body":{"a":1}},
      {"kind":"empty","method":"POST","path":"/empty"},
      {"kind":"named","path":"/host","headers":{"host":"example.org"}}])"));
  const IntervalFrame frame = driver.run(closed_load(3, 500));
  for (const auto& kind : frame.kinds) {
    BOOST_TEST_CONTEXT("kind " << driver.worker().info().kinds[kind.kind]) {
      BOOST_TEST(kind.outcomes[0] > 0u);
      for (std::size_t i = 1; i < outcome_count; ++i) BOOST_TEST(kind.outcomes[i] == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(open_load_is_exact_too) {
  H2Nginx nginx(plain);
  HttpDriver driver(library(), nginx.config(10));
  const std::uint64_t before = nginx.requests();
  LoadSpec spec;
  spec.model = LoadSpec::Model::open;
  spec.sessions = 2;
  spec.rate = 2'000;
  spec.duration_ns = 500 * ms;
  spec.warm_up_ns = 100 * ms;
  const IntervalFrame frame = driver.run(spec);
  BOOST_TEST(nginx.requests() - before == 1'000u);
  BOOST_TEST(frame.wire.measured == 800u);
  BOOST_TEST(frame.wire.warm_up == 200u);
  BOOST_TEST(total(frame, Outcome::ok) == 800u);
}

// nginx says goodbye every 50 requests, and does not look at what was sent after that.
BOOST_AUTO_TEST_CASE(nginx_ends_connections_in_good_order) {
  H2Nginx nginx("keepalive_requests 50;\nlocation / { return 200 'hello'; }");
  for (const std::uint32_t streams : {1u, 8u}) {
    BOOST_TEST_CONTEXT(streams << " streams") {
      HttpDriver driver(library(), nginx.config(streams));
      const std::uint64_t before = nginx.requests();
      const IntervalFrame frame = driver.run(closed_load(2, 2'000));
      const std::uint64_t refused = total(frame, Outcome::refused);
      BOOST_TEST(total(frame, Outcome::ok) + refused == 2'000u);
      BOOST_TEST(count(frame, 937) == refused);  // REFUSED_STREAM
      // At most one round of streams for each goodbye, and none when there is one at a time.
      BOOST_TEST(refused <= (streams - 1) * (2'000u / 50 + 2));
      const std::uint64_t seen = nginx.requests() - before;
      BOOST_TEST(seen >= total(frame, Outcome::ok));
      BOOST_TEST(seen <= frame.wire.measured);
      BOOST_TEST(frame.sessions_failed == 0u);
      BOOST_TEST(frame.misbehaviour == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_server_that_speaks_http_1_is_recognised) {
  Nginx nginx(plain);
  HttpDriver driver(library(), R"({"url":")" + nginx.url() + R"(","protocol":"h2"})");
  const IntervalFrame frame = driver.run(closed_load(1, 0));
  BOOST_TEST(frame.sessions_opened == 0u);
  BOOST_TEST(total(frame, Outcome::dropped) > 0u);
  BOOST_TEST(count(frame, 950) == total(frame, Outcome::dropped));
  BOOST_TEST_REQUIRE(driver.lines().size() == 1u);
  BOOST_TEST(driver.lines()[0].find("does not speak HTTP/2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(over_tls_the_server_must_choose_it) {
  const Certificates files;
  files.self_signed("t", "IP:127.0.0.1");
  for (const bool offered : {true, false}) {
    BOOST_TEST_CONTEXT("offered: " << offered) {
      SecondPort nginx(offered ? " ssl http2" : " ssl", nginx_shows(files, "t") + plain);
      HttpDriver driver(library(), R"({"url":"https://)" + nginx.address() +
                                       R"(","protocol":"h2","streams":5,"tls":{"ca_file":")" +
                                       files.certificate("t") + R"("}})");
      const std::uint64_t before = nginx.requests();
      const LoadSpec spec = closed_load(2, offered ? 1'000 : 0);
      const IntervalFrame frame = driver.run(spec);
      const std::uint64_t seen = nginx.requests() - before;
      if (offered) {
        BOOST_TEST(total(frame, Outcome::ok) == 1'000u);
        BOOST_TEST(seen == 1'000u);
        BOOST_TEST(frame.kinds.at(0).marks.at(2).count() == 2u);  // tls
      } else {
        BOOST_TEST(frame.sessions_opened == 0u);
        // nginx itself says so: the alert no_application_protocol.
        BOOST_TEST(count(frame, -2120) > 0u);
        BOOST_TEST(count(frame, -2120) == total(frame, Outcome::dropped));
        BOOST_TEST(seen == 0u);
        BOOST_TEST_REQUIRE(driver.lines().size() == 1u);
        BOOST_TEST(driver.lines()[0].find("no application protocol") != std::string::npos);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_in_the_way_is_refused) {
  const auto refusal = [](const std::string& more) -> std::string {
    try {
      HttpDriver driver(library(), R"({"url":"http://127.0.0.1:1",)" + more + "}");
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  };
  struct Case {
    const char* more;
    const char* word;
  };
  for (const Case& c :
       {Case{R"("protocol":"h3")", "expected http/1.1 or h2"},
        Case{R"("streams":2)", "needs \"protocol\""},
        Case{R"("protocol":"h2","pipeline":2)", "belongs to http/1.1"},
        Case{R"("protocol":"h2","streams":0)", "1 to 1000"},
        Case{R"("protocol":"h2","streams":1001)", "1 to 1000"},
        Case{R"("protocol":"h2","headers":{"Connection":"close"})", "no place in HTTP/2"},
        Case{R"("protocol":"h2","headers":{"TE":"gzip"})", "no place in HTTP/2"}}) {
    const std::string said = refusal(c.more);
    BOOST_TEST(said.find(c.word) != std::string::npos, c.more << ": " << said);
  }
  BOOST_TEST(refusal(R"("protocol":"h2","streams":1000,"headers":{"TE":"trailers"})") == "");
}

BOOST_AUTO_TEST_CASE(interim_answers_trailers_and_pings) {
  H2Server server([](const H2Server::Request& request) {
    H2Server::Answer answer;
    answer.body = "hello";
    answer.interim = request.number % 2 == 0;
    answer.trailers = request.number % 3 == 0;
    if (request.number % 5 == 0) answer.status = 429;
    return answer;
  });
  HttpDriver driver(library(), server.config(4));
  const IntervalFrame frame = driver.run(closed_load(1, 300));
  BOOST_TEST(total(frame, Outcome::ok) == 240u);
  BOOST_TEST(total(frame, Outcome::throttled) == 60u);
  BOOST_TEST(server.requests() == 300);
  BOOST_TEST(server.accepted() == 1);
  BOOST_TEST(server.pings_answered() > 250);
}

BOOST_AUTO_TEST_CASE(a_reset_is_the_operations_end_not_the_connections) {
  struct Case {
    int error;
    Outcome outcome;
  };
  for (const Case& c :
       {Case{NGHTTP2_REFUSED_STREAM, Outcome::refused}, Case{NGHTTP2_CANCEL, Outcome::refused},
        Case{NGHTTP2_NO_ERROR, Outcome::refused}, Case{NGHTTP2_INTERNAL_ERROR, Outcome::refused},
        Case{NGHTTP2_ENHANCE_YOUR_CALM, Outcome::throttled},
        Case{NGHTTP2_PROTOCOL_ERROR, Outcome::protocol}, Case{12345, Outcome::refused}}) {
    BOOST_TEST_CONTEXT("error " << c.error) {
      H2Server server([&](const H2Server::Request& request) {
        H2Server::Answer answer;
        if (request.number % 4 == 1) answer.reset = c.error;
        return answer;
      });
      HttpDriver driver(library(), server.config(5));
      const IntervalFrame frame = driver.run(closed_load(1, 100));
      BOOST_TEST(total(frame, Outcome::ok) == 75u);
      BOOST_TEST(total(frame, c.outcome) == 25u);
      BOOST_TEST(count(frame, 930 + (c.error > 13 ? 2 : c.error)) == 25u);
      BOOST_TEST(server.accepted() == 1);
      BOOST_TEST(server.requests() == 100);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_operation_given_up_leaves_the_connection_alone) {
  H2Server server([](const H2Server::Request& request) {
    H2Server::Answer answer;
    answer.silent = request.number < 3;
    return answer;
  });
  HttpDriver driver(library(), server.config(4));
  LoadSpec spec = closed_load(1, 200);
  spec.timeout_ns = 100 * ms;
  const IntervalFrame frame = driver.run(spec);
  BOOST_TEST(total(frame, Outcome::timeout) == 3u);
  BOOST_TEST(total(frame, Outcome::ok) == 197u);
  BOOST_TEST(frame.wire.cancelled == 3u);
  BOOST_TEST(server.accepted() == 1);
  BOOST_TEST(arrives([&] { return server.resets()[NGHTTP2_CANCEL] == 3; }));
  BOOST_TEST(arrives([&] { return server.goaways() == 1; }));
  BOOST_TEST(frame.misbehaviour == 0u);
  BOOST_TEST(frame.late == 0u);
}

BOOST_AUTO_TEST_CASE(goaway_in_mid_flight) {
  // Every tenth request ends its connection; what comes behind it on the connection is ignored.
  H2Server server([](const H2Server::Request& request) {
    H2Server::Answer answer;
    if (request.on_connection == 9) answer.goaway = NGHTTP2_NO_ERROR;
    return answer;
  });
  HttpDriver driver(library(), server.config(4));
  const IntervalFrame frame = driver.run(closed_load(1, 300));
  BOOST_TEST(total(frame, Outcome::ok) + total(frame, Outcome::refused) == 300u);
  BOOST_TEST(total(frame, Outcome::ok) >= 210u);
  BOOST_TEST(total(frame, Outcome::refused) == count(frame, 937));
  BOOST_TEST(server.accepted() >= 21);
  BOOST_TEST(frame.sessions_failed == 0u);
  BOOST_TEST(frame.misbehaviour == 0u);
}

BOOST_AUTO_TEST_CASE(goaway_for_an_error_makes_the_session_back_off) {
  H2Server server([](const H2Server::Request& request) {
    H2Server::Answer answer;
    if (request.number == 5) answer.goaway = NGHTTP2_ENHANCE_YOUR_CALM;
    return answer;
  });
  HttpDriver driver(library(), server.config(1));
  const std::uint64_t start = HttpDriver::now();
  const IntervalFrame frame = driver.run(closed_load(1, 20));
  BOOST_TEST(total(frame, Outcome::ok) == 20u);
  BOOST_TEST(server.accepted() == 2);
  BOOST_TEST(HttpDriver::now() - start >= 10 * ms);
}

BOOST_AUTO_TEST_CASE(a_server_that_allows_fewer_streams) {
  H2Server server([](const H2Server::Request&) { return H2Server::Answer{.body = "x"}; },
                  {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 3}});
  HttpDriver driver(library(), server.config(10));
  const IntervalFrame frame = driver.run(closed_load(1, 500));
  BOOST_TEST(total(frame, Outcome::ok) == 500u);
  BOOST_TEST(server.at_once() <= 3);
  BOOST_TEST_REQUIRE(driver.lines().size() == 1u);
  BOOST_TEST(driver.lines()[0] ==
             "the server allows 3 streams at once, 'streams' is 10: operations wait for one");
}

BOOST_AUTO_TEST_CASE(large_bodies_both_ways_under_flow_control) {
  constexpr std::size_t size = 3'000'000;
  H2Server server(
      [](const H2Server::Request& request) {
        return H2Server::Answer{.status = request.body.size() == size ? 200 : 400,
                                .body = std::string(size, 'y')};
      },
      {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 20'000}});
  HttpDriver driver(library(), server.config(3, R"(,"requests":[{"kind":"post","body":")" +
                                                    std::string(size, 'x') + R"("}])"));
  const IntervalFrame frame = driver.run(closed_load(1, 12));
  BOOST_TEST(total(frame, Outcome::ok) == 12u);
  BOOST_TEST(frame.kinds.at(0).bytes_in > 12 * size);
  BOOST_TEST(frame.kinds.at(0).bytes_in < 12 * (size + 10'000));
  BOOST_TEST(frame.kinds.at(0).bytes_out > 12 * size);
}

BOOST_AUTO_TEST_CASE(an_answer_before_the_request_was_sent) {
  H2Server server([](const H2Server::Request&) { return H2Server::Answer{.status = 413}; });
  HttpDriver driver(library(),
                    server.config(2, R"(,"headers":{"X-Early":"1"},"requests":[{"kind":"post",
                    "expect":{"status":413},"body":")" +
                                         std::string(1'000'000, 'x') + R"("}])"));
  const IntervalFrame frame = driver.run(closed_load(1, 50));
  BOOST_TEST(total(frame, Outcome::ok) == 50u);
  BOOST_TEST(server.accepted() == 1);
  BOOST_TEST(arrives([&] { return server.resets()[NGHTTP2_CANCEL] >= 45; }));
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs_up) {
  H2Server server([](const H2Server::Request& request) {
    H2Server::Answer answer;
    answer.hang_up = answer.silent = request.on_connection == 7;
    return answer;
  });
  HttpDriver driver(library(), server.config(2));
  const IntervalFrame frame = driver.run(closed_load(1, 50));
  BOOST_TEST(total(frame, Outcome::ok) + total(frame, Outcome::refused) == 50u);
  BOOST_TEST(total(frame, Outcome::refused) >= 5u);
  BOOST_TEST(total(frame, Outcome::refused) == count(frame, ECONNRESET));
  BOOST_TEST(frame.misbehaviour == 0u);
}

BOOST_AUTO_TEST_CASE(frames_that_break_the_protocol) {
  const std::string cases[] = {
      std::string("\0\0\1\0\0\0\0\0\0x", 10),                     // DATA without a stream
      std::string("\0\0\4\10\0\0\0\0\0\0\0\0\0", 13),             // WINDOW_UPDATE by nothing
      std::string("\0\0\4\10\0\0\0\0\0\177\377\377\377", 13),     // ... beyond all bounds
      std::string("\377\377\377\0\0\0\0\0\1", 9),                 // a frame of 16 MiB
      std::string("\0\0\5\1\4\0\0\0\1\377\377\377\377\377", 14),  // no HPACK
      std::string("\0\0\1\2\0\0\0\0\0x", 10),                     // PRIORITY without a stream
      std::string("\0\0\4\5\4\0\0\0\1\0\0\0\2", 13),              // PUSH_PROMISE, not allowed
      "HTTP/1.1 400 Bad Request\r\n\r\n"};
  for (const std::string& raw : cases) {
    BOOST_TEST_CONTEXT("case " << &raw - cases) {
      H2Server server([&](const H2Server::Request& request) {
        H2Server::Answer answer;
        answer.silent = request.number == 1;
        if (answer.silent) answer.raw = raw;
        return answer;
      });
      HttpDriver driver(library(), server.config(1));
      LoadSpec spec = closed_load(1, 5);
      spec.timeout_ns = 2'000 * ms;
      const IntervalFrame frame = driver.run(spec);
      BOOST_TEST(total(frame, Outcome::ok) == 4u);
      BOOST_TEST(total(frame, Outcome::protocol) == 1u);
      BOOST_TEST(count(frame, 931) == 1u);
      BOOST_TEST(server.accepted() == 2);
    }
  }
}

BOOST_AUTO_TEST_CASE(checks_templates_and_events_as_in_http_1) {
  H2Server server([](const H2Server::Request& request) {
    H2Server::Answer answer;
    answer.body = "you asked for " + request.headers.at(":path") + " with '" + request.body + "'";
    if (request.headers.at(":path") == "/events") {
      answer.headers = {{"content-type", "text/event-stream"}};
      answer.body = "data: 1\n\ndata: 2\n\ndata: 3\n\n";
    }
    return answer;
  });
  HttpDriver driver(library(), server.config(3, R"(,"requests":[
      {"kind":"check","path":"/a","expect":{"contains":"for /a with"}},
      {"kind":"miss","path":"/b","expect":{"contains":"for /a with"}},
      {"kind":"fill","method":"POST","path":"/n/{{$seq}}","body":"<{{$session}}>",
       "expect":{"contains":"with '<0>'"}},
      {"kind":"events","path":"/events","stream":"sse"}])"));
  const IntervalFrame frame = driver.run(closed_load(1, 400));
  const auto outcomes = [&](std::size_t kind) { return frame.kinds.at(kind).outcomes; };
  BOOST_TEST(outcomes(0)[0] > 0u);
  BOOST_TEST(outcomes(1)[1] > 0u);
  BOOST_TEST(outcomes(2)[0] > 0u);
  BOOST_TEST(outcomes(3)[0] > 0u);
  BOOST_TEST(outcomes(0)[0] + outcomes(1)[1] + outcomes(2)[0] + outcomes(3)[0] == 400u);
  BOOST_TEST(count(frame, 903) == outcomes(1)[1]);
}

BOOST_AUTO_TEST_SUITE_END()
