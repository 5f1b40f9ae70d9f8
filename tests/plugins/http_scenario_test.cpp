// SPDX-License-Identifier: Apache-2.0
// The HTTP plugin against a real nginx: nothing is lost, nothing is counted twice.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <thread>

#include "places.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"
#include "plugins/http_nginx.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;

std::string config(const std::string& url, const std::string& more = "") {
  return "{\"url\":\"" + url + "\"" + more + "}";
}

LoadSpec open_load(std::uint32_t sessions, double rate, std::uint64_t duration_ns) {
  LoadSpec spec;
  spec.model = LoadSpec::Model::open;
  spec.sessions = sessions;
  spec.rate = rate;
  spec.duration_ns = duration_ns;
  return spec;
}

constexpr char plain[] = "location / { return 200 'hello'; }";

}  // namespace

BOOST_AUTO_TEST_SUITE(http_scenario)

BOOST_AUTO_TEST_CASE(nginx_counts_what_we_count_in_closed_load) {
  Nginx nginx(plain);
  HttpDriver driver(library(), config(nginx.url()));
  BOOST_TEST(driver.id() == "org.ordeal.http");
  BOOST_TEST(driver.worker().info().kinds == std::vector<std::string>{"get"},
             boost::test_tools::per_element());
  const std::uint64_t before = nginx.requests();
  const IntervalFrame frame = driver.run(closed_load(8, 5'000));
  BOOST_TEST(nginx.requests() - before - 1 == 5'000u);
  BOOST_TEST(frame.wire.measured == 5'000u);
  BOOST_TEST(total(frame, Outcome::ok) == 5'000u);
  BOOST_TEST(frame.sessions_opened == 8u);
  BOOST_TEST(frame.misbehaviour == 0u);
  const KindInterval& kind = frame.kinds.at(0);
  BOOST_TEST(kind.marks.at(0).count() == 8u);
  BOOST_TEST(kind.marks.at(1).count() == 5'000u);
  BOOST_TEST(kind.service.count() == 5'000u);
  BOOST_TEST(kind.marks.at(1).max() <= kind.service.max());
  BOOST_TEST(kind.bytes_in % 5'000 == 0u);
  BOOST_TEST(kind.bytes_in > 5'000u * 100);
  BOOST_TEST(kind.bytes_out % 5'000 == 0u);
}

BOOST_AUTO_TEST_CASE(nginx_counts_what_we_count_in_open_load) {
  Nginx nginx(plain);
  HttpDriver driver(library(), config(nginx.url()));
  const std::uint64_t before = nginx.requests();
  LoadSpec spec = open_load(10, 1'000, 500 * ms);
  spec.warm_up_ns = 100 * ms;
  const IntervalFrame frame = driver.run(spec);
  BOOST_TEST(nginx.requests() - before - 1 == 500u);
  BOOST_TEST(frame.wire.measured == 400u);
  BOOST_TEST(frame.wire.warm_up == 100u);
  BOOST_TEST(total(frame, Outcome::ok) == 400u);
  BOOST_TEST(frame.offered == 400u);
}

BOOST_AUTO_TEST_CASE(unexpected_and_expected_status) {
  Nginx nginx(
      "location / { return 200 'hello'; }\nlocation = /503 { return 503; }\n"
      "location = /429 { return 429; }\nlocation = /302 { return 302 /; }\n"
      "location = /204 { return 204; }");
  HttpDriver driver(library(), config(nginx.url(), R"(,"requests":[
      {"kind":"tenth","paths":["/","/","/","/","/","/","/","/","/","/503"]},
      {"kind":"slower","path":"/429"},
      {"kind":"there","path":"/302","expect":{"status":[302]}},
      {"kind":"empty","path":"/204"},
      {"kind":"gone","path":"/503","expect":{"status":["2xx",503]}}])"));
  LoadSpec spec = closed_load(4, 2'000);
  for (const auto& name : driver.worker().info().kinds)
    spec.mix.emplace_back(name, name == "tenth");
  const IntervalFrame frame = driver.run(spec);
  BOOST_TEST(total(frame, Outcome::fail) == 200u);
  BOOST_TEST(total(frame, Outcome::ok) == 1'800u);
  BOOST_TEST(
      (frame.kinds.at(0).codes == std::vector<std::pair<std::int64_t, std::uint64_t>>{{503, 200}}));
  spec.mix.clear();
  const IntervalFrame all = driver.run(spec);
  BOOST_TEST(all.kinds.at(1).outcomes[static_cast<std::size_t>(Outcome::throttled)] > 0u);
  BOOST_TEST(total(all, Outcome::throttled) ==
             all.kinds.at(1).outcomes[static_cast<std::size_t>(Outcome::throttled)]);
  for (const std::size_t kind : {2u, 3u, 4u}) {
    BOOST_TEST(all.kinds.at(kind).outcomes[0] > 0u);
    BOOST_TEST(all.kinds.at(kind).outcomes[1] == 0u);
  }
  BOOST_TEST(all.sessions_opened == 4u);  // none of this costs a connection
}

BOOST_AUTO_TEST_CASE(methods_headers_and_bodies_arrive) {
  Nginx nginx(
      "client_max_body_size 10m;\n"
      "location / { if ($http_x_test != 'a b') { return 400; } return 200 'ok'; }\n"
      "location = /post { if ($request_method != POST) { return 405; }\n"
      "  if ($content_type != 'application/json') { return 415; }\n"
      "  if ($content_length != 7) { return 411; } return 200; }\n"
      "location = /big { if ($content_length != 3000000) { return 411; } return 200; }\n"
      "location = /host { if ($http_host != 'example.org') { return 421; } return 200; }\n");
  const std::string big(3'000'000, 'x');
  HttpDriver driver(library(), config(nginx.url(), R"(,"headers":{"X-Test":"a b"},"requests":[
      {"kind":"get"},{"kind":"head","method":"HEAD","path":"/"},
      {"kind":"post","path":"/post","body":{"a":1}},
      {"kind":"put","method":"PUT","path":"/big","body":")" +
                                                       big + R"("},
      {"kind":"named","path":"/host","headers":{"host":"example.org"}}])"));
  const IntervalFrame frame = driver.run(closed_load(4, 500));
  BOOST_TEST(frame.kinds.size() == 5u);
  for (const auto& kind : frame.kinds) {
    BOOST_TEST_CONTEXT("kind " << driver.worker().info().kinds[kind.kind]) {
      BOOST_TEST(kind.outcomes[0] > 0u);
      for (std::size_t i = 1; i < outcome_count; ++i) BOOST_TEST(kind.outcomes[i] == 0u);
    }
  }
  BOOST_TEST(frame.sessions_opened >= 4u);
}

BOOST_AUTO_TEST_CASE(large_bodies_are_counted_not_kept) {
  Nginx file("location / { return 200 '" + std::string(3'000, 'y') + "'; }");
  HttpDriver driver(library(), config(file.url()));
  const IntervalFrame frame = driver.run(closed_load(2, 500));
  BOOST_TEST(total(frame, Outcome::ok) == 500u);
  BOOST_TEST(frame.kinds.at(0).bytes_in > 500u * 3'000);
}

BOOST_AUTO_TEST_CASE(a_server_that_ends_keep_alive_costs_a_connection_and_no_request) {
  Nginx nginx("keepalive_requests 10;\nlocation / { return 200 'hello'; }");
  HttpDriver driver(library(), config(nginx.url()));
  const std::uint64_t before = nginx.requests();
  const IntervalFrame frame = driver.run(closed_load(4, 400));
  BOOST_TEST(total(frame, Outcome::ok) == 400u);
  BOOST_TEST(nginx.requests() - before - 1 == 400u);
  BOOST_TEST(frame.sessions_opened >= 40u);
  BOOST_TEST(frame.sessions_failed == 0u);
}

BOOST_AUTO_TEST_CASE(nobody_listens) {
  HttpDriver driver(library(), config("http://127.0.0.1:" + std::to_string(free_port())));
  const IntervalFrame frame = driver.run(open_load(3, 200, 200 * ms));
  BOOST_TEST(total(frame, Outcome::dropped) == 40u);
  BOOST_TEST(frame.sessions_opened == 0u);
  BOOST_TEST(frame.sessions_failed > 0u);
  BOOST_TEST(frame.wire.measured == 0u);
  BOOST_TEST_REQUIRE(!frame.kinds.at(0).codes.empty());
  BOOST_TEST(frame.kinds.at(0).codes[0].first == ECONNREFUSED);
}

BOOST_AUTO_TEST_CASE(nginx_goes_and_comes_back_in_mid_run) {
  Nginx nginx(plain);
  HttpDriver driver(library(), config(nginx.url()));
  driver.begin(open_load(5, 1'000, 900 * ms));
  driver.turn_for(300 * ms);
  nginx.stop();
  const IntervalFrame first = driver.worker().swap();
  driver.turn_for(200 * ms);
  const IntervalFrame gone = driver.worker().swap();
  nginx.start();
  const IntervalFrame rest = driver.finish();
  BOOST_TEST(total(first, Outcome::ok) > 200u);
  BOOST_TEST(total(gone, Outcome::dropped) > 50u);
  BOOST_TEST(total(rest, Outcome::ok) > 50u);
  std::uint64_t offered = 0;
  std::uint64_t outcomes = 0;
  for (const IntervalFrame* frame : {&first, &gone, &rest}) {
    offered += frame->offered;
    for (std::size_t i = 0; i < outcome_count; ++i)
      outcomes += total(*frame, static_cast<Outcome>(i));
    BOOST_TEST(frame->misbehaviour == 0u);
  }
  BOOST_TEST(offered == 900u);
  BOOST_TEST(outcomes == 900u);
}

BOOST_AUTO_TEST_CASE(a_name_is_looked_up_without_blocking) {
  Nginx nginx(plain);
  HttpDriver driver(library(), config("http://localhost:" + std::to_string(nginx.port())));
  // localhost may be ::1 first, where nobody listens: the next address is tried.
  const IntervalFrame frame = driver.run(closed_load(3, 30));
  BOOST_TEST(total(frame, Outcome::ok) == 30u);
  BOOST_TEST(frame.sessions_failed == 0u);
}

BOOST_AUTO_TEST_CASE(stop_leaves_nothing_behind) {
  Nginx nginx("location / { return 200 'hello'; }");
  HttpDriver driver(library(), config(nginx.url()));
  LoadSpec spec = closed_load(16, 0);
  spec.duration_ns = 30'000 * ms;
  driver.begin(spec);
  driver.turn_for(50 * ms);
  driver.worker().stop(0);
  const IntervalFrame frame = driver.finish(2'000 * ms);
  BOOST_TEST(frame.in_flight == 0u);
  BOOST_TEST(frame.misbehaviour == 0u);
  BOOST_TEST(frame.sessions_open == 0u);
  // nginx notices that all of ours have gone, and sees only the one that asks.
  std::string status;
  for (int i = 0; i < 200; ++i) {
    status = fetch(nginx.port(), "/stub_status");
    if (status.find("Active connections: 1 ") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  BOOST_TEST(status.find("Active connections: 1 ") != std::string::npos, status);
}

BOOST_AUTO_TEST_SUITE_END()
