// SPDX-License-Identifier: Apache-2.0
// Ways to the target other than one TCP connection to one address, against a real nginx: unix
// sockets, address families, several addresses, and several requests in flight on a connection.
#include <netdb.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "places.h"
#include "plugins/http_certificates.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"
#include "plugins/http_nginx.h"
#include "plugins/interposed.h"
#include "plugins/loopback_server.h"

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

// Answers each request of several that come in one piece. The answer is "" where none is to come,
// nor to those behind it.
class PipelinedServer {
 public:
  explicit PipelinedServer(std::function<std::string(std::string_view)> answer)
      : answer_(std::move(answer)) {
    server_.start([this](int fd) { return std::make_unique<Client>(fd, answer_); });
  }
  [[nodiscard]] std::string url() const { return server_.url(); }

 private:
  using AnswerTo = std::function<std::string(std::string_view)>;
  class Client final : public LoopbackServer::Client {
   public:
    Client(int fd, const AnswerTo& answer) : LoopbackServer::Client(fd), answer_(answer) {}
    bool read() override {
      char part[65536];
      const ssize_t n = ::recv(fd(), part, sizeof part, 0);
      if (n <= 0) return false;
      received_.append(part, static_cast<std::size_t>(n));
      std::string out;
      for (std::size_t end = 0; (end = received_.find("\r\n\r\n")) != std::string::npos;) {
        const std::string answer = answer_(std::string_view(received_).substr(0, end));
        received_.erase(0, end + 4);
        silent_ = silent_ || answer.empty();
        if (!silent_) out += answer;
      }
      return out.empty() || send_all(out.data(), out.size());
    }

   private:
    const AnswerTo& answer_;
    std::string received_;
    bool silent_ = false;
  };

  AnswerTo answer_;
  LoopbackServer server_;  // last: its thread uses the rest
};

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
  const std::string h2 = files.path("h2.sock");
  Nginx nginx("listen unix:" + plain + ";\nlisten unix:" + tls + " ssl http2;\nlisten unix:" + h2 +
              " http2;\n" + nginx_shows(files, "leaf") +
              "location / { if ($host != app.test) { return 404; }\n"
              "if ($server_protocol = HTTP/2.0) { return 202; } return 201; }");
  struct Case {
    std::string path;
    bool tls;
    bool h2;
  };
  for (const Case& c : {Case{plain, false, false}, Case{tls, true, false}, Case{h2, false, true},
                        Case{tls, true, true}}) {
    BOOST_TEST_CONTEXT("TLS: " << c.tls << ", HTTP/2: " << c.h2) {
      // The name is not looked up: there is no such host.
      HttpDriver driver(
          library(), R"({"url":"http)" + std::string(c.tls ? "s" : "") +
                         R"(://app.test","unix":")" + c.path + "\"" +
                         (c.tls ? R"(,"tls":{"ca_file":")" + files.authority() + "\"}" : "") +
                         (c.h2 ? R"(,"protocol":"h2","streams":5)" : "") +
                         R"(,"requests":[{"expect":{"status":)" + (c.h2 ? "202" : "201") + "}}]}");
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

// By nginx's own log, which names the address that each connection came to.
BOOST_AUTO_TEST_CASE(sessions_are_spread_over_addresses) {
  const Certificates folder;
  const std::vector<std::string> addresses{"127.0.0.2", "127.0.0.3", "127.0.0.4"};
  const interposed::NameHas known("spread.test", addresses);
  struct Case {
    std::string how;
    bool h2;
    bool all_listen;
    std::map<std::string, int> connections;
  };
  int number = 0;
  for (const Case& c :
       {Case{"spread", false, true, {{"127.0.0.2", 3}, {"127.0.0.3", 3}, {"127.0.0.4", 3}}},
        Case{"spread", true, true, {{"127.0.0.2", 3}, {"127.0.0.3", 3}, {"127.0.0.4", 3}}},
        Case{"first", false, true, {{"127.0.0.2", 9}}},
        // Where nobody listens they go on to the next.
        Case{"spread", false, false, {{"127.0.0.2", 3}, {"127.0.0.4", 6}}}}) {
    BOOST_TEST_CONTEXT(c.how << ", HTTP/2: " << c.h2 << ", all: " << c.all_listen) {
      const std::string port = std::to_string(free_port());
      const std::string log = folder.path("log" + std::to_string(number++));
      std::string listen;
      for (const std::string& address : addresses)
        if (c.all_listen || address != "127.0.0.3")
          listen += "listen " + address + ":" + port + (c.h2 ? " http2;\n" : ";\n");
      const Nginx nginx(listen + "access_log " + log + " where;\nlocation / { return 200; }", -1,
                        "log_format where '$server_addr $connection $server_port';\n");
      HttpDriver driver(library(), R"({"url":"http://spread.test:)" + port + R"(","addresses":")" +
                                       c.how + "\"" + (c.h2 ? R"(,"protocol":"h2")" : "") + "}");
      const IntervalFrame frame = driver.run(closed_load(9, 900));
      BOOST_TEST(total(frame, Outcome::ok) == 900u);
      BOOST_TEST(frame.sessions_failed == 0u);
      static_cast<void>(nginx.requests());  // then the last line has been written, too
      std::map<std::string, std::set<std::string>> seen;
      int requests = 0;
      std::ifstream in(log);
      for (std::string address, connection, at; in >> address >> connection >> at;) {
        if (at != port) continue;  // where nginx is asked whether it is up
        seen[address].insert(connection);
        ++requests;
      }
      BOOST_TEST(requests == 900);
      BOOST_TEST(seen.size() == c.connections.size());
      for (const auto& [address, n] : c.connections)
        BOOST_TEST(seen[address].size() == static_cast<std::size_t>(n), address);
    }
  }
}

BOOST_AUTO_TEST_CASE(pipelined_requests_keep_their_order) {
  const Certificates files;
  files.issued("leaf", "IP:127.0.0.1");
  SecondPort plain("", "location / { return 200 'for $uri;'; }");
  SecondPort secret(" ssl", nginx_shows(files, "leaf") + "location / { return 200 'for $uri;'; }");
  for (const bool tls : {false, true}) {
    for (const std::uint32_t depth : {1u, 2u, 16u, 200u}) {
      BOOST_TEST_CONTEXT(depth << " in flight, TLS: " << tls) {
        SecondPort& nginx = tls ? secret : plain;
        std::string requests;
        for (const std::string name : {"a", "b", "c", "d", "e"})
          requests += (requests.empty() ? "" : ",") + (R"({"kind":")" + name + R"(","path":"/)") +
                      name + R"(","expect":{"contains":"for /)" + name + R"(;"}})";
        HttpDriver driver(
            library(),
            R"({"url":")" + std::string(tls ? "https://" : "http://") + nginx.address() + "\"" +
                (tls ? R"(,"tls":{"ca_file":")" + files.authority() + "\"}" : "") +
                R"(,"pipeline":)" + std::to_string(depth) + R"(,"requests":[)" + requests + "]}");
        BOOST_TEST(driver.worker().info().max_in_flight == depth);
        const std::uint64_t before = nginx.requests();
        const IntervalFrame frame = driver.run(closed_load(3, 5'000));
        BOOST_TEST(nginx.requests() - before == 5'000u);
        BOOST_TEST(frame.wire.measured == 5'000u);
        BOOST_TEST(total(frame, Outcome::ok) == 5'000u);
        BOOST_TEST(frame.sessions_opened == 3u);
        BOOST_TEST(frame.misbehaviour == 0u);
      }
    }
  }
}

// The third request of the first connection is never answered. It and what was sent behind it are
// lost with the connection, and all of them by the target's doing.
BOOST_AUTO_TEST_CASE(a_timeout_in_a_pipeline_is_one_of_all_behind_it) {
  constexpr std::uint64_t depth = 8;
  std::atomic<int> requests{0};
  PipelinedServer server([&](std::string_view request) {
    ++requests;
    return request.starts_with("GET /never ") ? "" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  });
  std::string list = R"({"kind":"get","paths":["/1","/2","/never")";
  for (int i = 0; i < 197; ++i) list += R"(,"/x")";
  HttpDriver driver(library(), R"({"url":")" + server.url() + R"(","pipeline":)" +
                                   std::to_string(depth) + R"(,"requests":[)" + list + "]}]}");
  LoadSpec spec = closed_load(1, 100);
  spec.timeout_ns = 100'000'000;
  const IntervalFrame frame = driver.run(spec);
  BOOST_TEST(total(frame, Outcome::timeout) == depth);
  BOOST_TEST(total(frame, Outcome::cancelled) == 0u);
  BOOST_TEST(total(frame, Outcome::ok) == 100 - depth);
  BOOST_TEST(frame.sessions_opened == 2u);
  BOOST_TEST(frame.sessions_failed == 0u);
  // Not one of them is missing from the count of what was sent.
  BOOST_TEST(frame.wire.measured + frame.wire.cancelled == 100u);
  BOOST_TEST(requests == 100);
  BOOST_TEST(frame.late == 0u);
  BOOST_TEST(frame.misbehaviour == 0u);
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
