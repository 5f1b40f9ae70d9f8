// SPDX-License-Identifier: Apache-2.0
// Ways to the target other than one TCP connection to one address, against a real nginx: unix
// sockets, address families, and several requests in flight on a connection.
#include <netdb.h>

#include <boost/test/unit_test.hpp>

#include "places.h"
#include "plugins/http_certificates.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"
#include "plugins/http_nginx.h"

using namespace ordeal;

namespace {

bool resolves(const char* host, int family) {
  addrinfo wanted{};
  wanted.ai_family = family;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const bool ok = ::getaddrinfo(host, "80", &wanted, &found) == 0;
  if (ok) ::freeaddrinfo(found);
  return ok;
}

bool has_ipv6() {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool ok =
      fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (fd >= 0) ::close(fd);
  return ok;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_transport)

BOOST_AUTO_TEST_CASE(a_unix_socket) {
  const Certificates files;
  files.issued("leaf", "DNS:app.test");
  const std::string plain = files.path("plain.sock");
  const std::string tls = files.path("tls.sock");
  Nginx nginx("listen unix:" + plain + ";\nlisten unix:" + tls + " ssl;\nssl_certificate " +
              files.certificate("leaf") + ";\nssl_certificate_key " + files.key("leaf") +
              ";\nlocation / { if ($http_host = app.test) { return 200; } return 404; }");
  for (const bool secret : {false, true}) {
    BOOST_TEST_CONTEXT("TLS: " << secret) {
      // The name is not looked up: there is no such host.
      HttpDriver driver(library(),
                        secret ? R"({"url":"https://app.test","unix":")" + tls +
                                     R"(","tls":{"ca_file":")" + files.authority() + R"("}})"
                               : R"({"url":"http://app.test","unix":")" + plain + R"("})");
      const std::uint64_t before = nginx.requests();
      const IntervalFrame frame = driver.run(closed_load(3, 600));
      BOOST_TEST(total(frame, Outcome::ok) == 600u);
      BOOST_TEST(nginx.requests() - before - 1 == 600u);
      BOOST_TEST(frame.sessions_opened == 3u);
    }
  }
  nginx.stop();
  for (const auto& [path, code] : {std::pair{plain, ECONNREFUSED}, {plain + "x", ENOENT}}) {
    HttpDriver driver(library(), R"({"url":"http://app.test","unix":")" + path + R"("})");
    const IntervalFrame frame = driver.run(closed_load(1, 0));
    BOOST_TEST(count(frame, code) > 0u);
    BOOST_TEST(count(frame, code) == total(frame, Outcome::dropped));
  }
}

BOOST_AUTO_TEST_CASE(address_families) {
  const bool ipv6 = has_ipv6();
  const std::string port = std::to_string(free_port());
  Nginx nginx("listen 127.0.0.1:" + port + ";\n" + (ipv6 ? "listen [::1]:" + port + ";\n" : "") +
              "location / { if ($server_addr = 127.0.0.1) { return 204; } return 206; }");
  struct Case {
    std::string host;
    std::string family;
    std::string status;
    bool possible;
  };
  for (const Case& c : {Case{"localhost", "ipv4", "204", resolves("localhost", AF_INET)},
                        Case{"localhost", "ipv6", "206", ipv6 && resolves("localhost", AF_INET6)},
                        Case{"localhost", "any", "\"2xx\"", resolves("localhost", AF_UNSPEC)},
                        Case{"127.0.0.1", "ipv4", "204", true}, Case{"[::1]", "ipv6", "206", ipv6},
                        Case{"[::1]", "any", "206", ipv6}}) {
    BOOST_TEST_CONTEXT(c.host << ", " << c.family) {
      if (!c.possible) {
        BOOST_TEST_MESSAGE("left out: this machine has no such address");
        continue;
      }
      HttpDriver driver(library(), R"({"url":"http://)" + c.host + ":" + port + R"(","family":")" +
                                       c.family + R"(","requests":[{"expect":{"status":)" +
                                       c.status + "}}]}");
      const IntervalFrame frame = driver.run(closed_load(2, 50));
      BOOST_TEST(total(frame, Outcome::ok) == 50u);
    }
  }
}

BOOST_AUTO_TEST_CASE(pipelined_requests_keep_their_order) {
  Nginx nginx("location / { return 200 'for $uri;'; }");
  for (const std::uint32_t depth : {1u, 2u, 16u, 200u}) {
    BOOST_TEST_CONTEXT(depth << " in flight") {
      std::string requests;
      for (const std::string name : {"a", "b", "c", "d", "e"})
        requests += (requests.empty() ? "" : ",") + (R"({"kind":")" + name + R"(","path":"/)") +
                    name + R"(","expect":{"contains":"for /)" + name + R"(;"}})";
      HttpDriver driver(library(), R"({"url":")" + nginx.url() + R"(","pipeline":)" +
                                       std::to_string(depth) + R"(,"requests":[)" + requests +
                                       "]}");
      BOOST_TEST(driver.worker().info().max_in_flight == depth);
      const std::uint64_t before = nginx.requests();
      const IntervalFrame frame = driver.run(closed_load(3, 5'000));
      BOOST_TEST(nginx.requests() - before - 1 == 5'000u);
      BOOST_TEST(frame.wire.measured == 5'000u);
      BOOST_TEST(total(frame, Outcome::ok) == 5'000u);
      BOOST_TEST(frame.sessions_opened == 3u);
      BOOST_TEST(frame.misbehaviour == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_close_with_requests_in_flight) {
  Nginx nginx(
      "keepalive_requests 50;\nlingering_close always;\nlocation / { return 200 'hello'; }");
  for (const std::uint32_t depth : {1u, 8u}) {
    BOOST_TEST_CONTEXT(depth << " in flight") {
      HttpDriver driver(library(), R"({"url":")" + nginx.url() + R"(","pipeline":)" +
                                       std::to_string(depth) + "}");
      const std::uint64_t before = nginx.requests();
      const IntervalFrame frame = driver.run(closed_load(2, 2'000));
      const std::uint64_t refused = total(frame, Outcome::refused);
      BOOST_TEST(total(frame, Outcome::ok) + refused == 2'000u);
      BOOST_TEST(count(frame, ECONNRESET) == refused);
      // nginx answers each request it has looked at; what was behind the last is what is refused.
      BOOST_TEST(nginx.requests() - before - 1 == total(frame, Outcome::ok));
      BOOST_TEST((depth > 1) == (refused > 0));
      BOOST_TEST(refused <= (depth - 1) * (2'000u / 50 + 2));
      BOOST_TEST(frame.sessions_failed == 0u);
      BOOST_TEST(frame.misbehaviour == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_go_together_is_refused) {
  const auto refusal = [](const std::string& more) -> std::string {
    try {
      HttpDriver driver(library(), R"({"url":"http://127.0.0.1:1",)" + more + "}");
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  };
  struct Case {
    std::string more;
    const char* word;
  };
  for (const Case& c :
       {Case{R"("pipeline":0)", "1 to 1024"}, Case{R"("pipeline":1025)", "1 to 1024"},
        Case{R"("pipeline":"2")", "1 to 1024"},
        Case{R"("pipeline":2,"requests":[{"stream":"sse"}])", "leave 'pipeline'"},
        Case{R"("family":"ipv5")", "expected any, ipv4 or ipv6"},
        Case{R"("family":"ipv6")", "is of the other one"},
        Case{R"("unix":"/a","family":"ipv4")", "a unix socket has none"},
        Case{R"("unix":"/)" + std::string(107, 'x') + "\"", "longer than the 107"},
        Case{R"("tls":{})", "only https://"}}) {
    const std::string said = refusal(c.more);
    BOOST_TEST(said.find(c.word) != std::string::npos, c.more << ": " << said);
  }
}

BOOST_AUTO_TEST_SUITE_END()
