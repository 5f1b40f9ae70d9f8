// SPDX-License-Identifier: Apache-2.0
// HTTP/2 against a real nginx: nothing is lost, nothing is counted twice.
#include <boost/test/unit_test.hpp>

#include "plugins/http_driver.h"
#include "plugins/http_nginx.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;

// nginx that speaks HTTP/2 without TLS on a second port.
struct H2Nginx {
  explicit H2Nginx(const std::string& server)
      : port(free_port()),
        nginx("listen 127.0.0.1:" + std::to_string(port) + " http2;\n" + server) {}
  [[nodiscard]] std::string config(std::uint32_t streams, const std::string& more = "") const {
    return R"({"url":"http://127.0.0.1:)" + std::to_string(port) +
           R"(","protocol":"h2","streams":)" + std::to_string(streams) + more + "}";
  }
  // Requests nginx has counted, without the ones that ask.
  std::uint64_t requests() { return nginx.requests() - ++asked; }

  std::uint16_t port;
  Nginx nginx;
  std::uint64_t asked = 0;
};

std::string library() { return ORDEAL_BUILT_PLUGINS "/org.ordeal.http.so"; }

LoadSpec closed_load(std::uint32_t sessions, std::uint64_t operations) {
  LoadSpec spec;
  spec.sessions = sessions;
  spec.max_operations = operations;
  spec.duration_ns = 30'000 * ms;
  return spec;
}

std::uint64_t total(const IntervalFrame& frame, Outcome outcome) {
  std::uint64_t sum = 0;
  for (const auto& kind : frame.kinds) sum += kind.outcomes[static_cast<std::size_t>(outcome)];
  return sum;
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

BOOST_AUTO_TEST_SUITE_END()
