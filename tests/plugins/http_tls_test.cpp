// SPDX-License-Identifier: Apache-2.0
// TLS of the HTTP plugin against a real nginx: who is trusted, what is agreed upon, and what an
// operation that does not get through is called.
#include <boost/test/unit_test.hpp>

#include "places.h"
#include "plugins/http_certificates.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"
#include "plugins/http_nginx.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr char hello[] = "location / { return 200 'hello'; }";

std::string config(std::uint16_t port, const std::string& tls, const std::string& more = "") {
  return R"({"url":"https://127.0.0.1:)" + std::to_string(port) + R"(","tls":{)" + tls + "}" +
         more + "}";
}

std::string quoted(const std::string& key, const std::string& value) {
  return "\"" + key + "\":\"" + value + "\"";
}

// nginx that speaks TLS on a second port.
struct TlsNginx : SecondPort {
  TlsNginx(const Certificates& files, const std::string& name, const std::string& server = hello)
      : SecondPort(" ssl", nginx_shows(files, name) + server) {}
};

void gets_through(TlsNginx& nginx, const std::string& tls) {
  HttpDriver driver(library(), config(nginx.port(), tls));
  const std::uint64_t before = nginx.requests();
  const IntervalFrame frame = driver.run(closed_load(3, 300));
  BOOST_TEST(total(frame, Outcome::ok) == 300u);
  BOOST_TEST(nginx.requests() - before == 300u);
  BOOST_TEST(frame.sessions_opened == 3u);
  BOOST_TEST(frame.sessions_failed == 0u);
  BOOST_TEST(frame.kinds.at(0).marks.at(2).count() == 3u);  // tls
  BOOST_TEST(driver.lines().empty());
}

// No request is sent, all that fails has this code, and the log says why, once.
void is_refused(std::uint16_t port, const std::string& tls, std::int64_t code,
                const std::string& word, const std::string& more = "") {
  BOOST_TEST_CONTEXT("code " << code) {
    HttpDriver driver(library(), config(port, tls, more));
    const IntervalFrame frame = driver.run(closed_load(2, 0));
    BOOST_TEST(frame.sessions_opened == 0u);
    BOOST_TEST(frame.sessions_failed > 0u);
    BOOST_TEST(frame.wire.measured == 0u);
    BOOST_TEST(count(frame, code) > 0u);
    BOOST_TEST(count(frame, code) == total(frame, Outcome::dropped));
    BOOST_TEST(is_in_the_manifest(code));
    BOOST_TEST_REQUIRE(driver.lines().size() == (word.empty() ? 0u : 1u));
    if (!word.empty())
      BOOST_TEST(driver.lines()[0].find(word) != std::string::npos, driver.lines()[0]);
  }
}

void is_refused(TlsNginx& nginx, const std::string& tls, std::int64_t code,
                const std::string& word) {
  const std::uint64_t before = nginx.requests();
  is_refused(nginx.port(), tls, code, word);
  BOOST_TEST(nginx.requests() == before);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_tls)

BOOST_AUTO_TEST_CASE(who_is_trusted) {
  const Certificates files;
  const std::string trusted = quoted("ca_file", files.authority());
  files.issued("leaf", "IP:127.0.0.1");
  {
    TlsNginx nginx(files, "leaf");
    gets_through(nginx, trusted);
    gets_through(nginx, R"("verify":false)");
    is_refused(nginx, "", -1020, "unable to get local issuer certificate");
  }
  files.append_authority("leaf");
  {
    TlsNginx nginx(files, "leaf");
    gets_through(nginx, trusted);
    is_refused(nginx, "", -1019, "self-signed certificate in certificate chain");
  }
  files.self_signed("alone", "IP:127.0.0.1");
  {
    TlsNginx nginx(files, "alone");
    gets_through(nginx, quoted("ca_file", files.certificate("alone")));
    gets_through(nginx, R"("verify":false)");
    is_refused(nginx, "", -1018, "self-signed certificate");
    is_refused(nginx, trusted, -1018, "self-signed certificate");
  }
  files.issued("old", "IP:127.0.0.1", -1);
  {
    TlsNginx nginx(files, "old");
    is_refused(nginx, trusted, -1010, "certificate has expired");
    gets_through(nginx, R"("verify":false)");
  }
}

BOOST_AUTO_TEST_CASE(whose_certificate_it_is) {
  const Certificates files;
  const std::string trusted = quoted("ca_file", files.authority());
  files.issued("named", "DNS:a.test,DNS:*.b.test");
  // The name in the request stays the url's; an address in digits is no name to ask for.
  TlsNginx nginx(files, "named",
                 "location / { if ($host != 127.0.0.1) { return 404; }\n"
                 "if ($ssl_server_name = a.test) { return 201; }\n"
                 "if ($ssl_server_name = x.b.test) { return 202; }\n"
                 "if ($ssl_server_name = '') { return 203; } return 404; }");
  is_refused(nginx, trusted, -1064, "IP address mismatch");
  is_refused(nginx, trusted + "," + quoted("server_name", "c.test"), -1062, "hostname mismatch");
  is_refused(nginx, trusted + "," + quoted("server_name", "x.y.b.test"), -1062,
             "hostname mismatch");
  struct Case {
    const char* tls;
    int status;
  };
  for (const Case& c : {Case{R"("server_name":"a.test")", 201},
                        Case{R"("server_name":"x.b.test")", 202}, Case{R"("verify":false)", 203}}) {
    BOOST_TEST_CONTEXT(c.tls) {
      const std::string tls = c.status == 203 ? c.tls : trusted + "," + c.tls;
      HttpDriver driver(library(), config(nginx.port(), tls,
                                          R"(,"requests":[{"expect":{"status":)" +
                                              std::to_string(c.status) + "}}]"));
      const IntervalFrame frame = driver.run(closed_load(1, 20));
      BOOST_TEST(total(frame, Outcome::ok) == 20u);
    }
  }
}

BOOST_AUTO_TEST_CASE(sessions_are_resumed) {
  const Certificates files;
  const std::string trusted = quoted("ca_file", files.authority());
  files.issued("leaf", "IP:127.0.0.1");
  for (const std::string version : {"TLSv1.2", "TLSv1.3"}) {
    // A connection for each request: nginx says by the status whether it was resumed.
    TlsNginx nginx(files, "leaf",
                   "ssl_protocols " + version +
                       ";\nkeepalive_requests 1;\nlocation / {\n"
                       "if ($ssl_session_reused = r) { return 201; } return 500; }");
    for (const bool resume : {true, false}) {
      BOOST_TEST_CONTEXT(version << ", resume " << resume) {
        HttpDriver driver(library(),
                          config(nginx.port(), trusted + (resume ? "" : R"(,"resume":false)")));
        const IntervalFrame frame = driver.run(closed_load(1, 50));
        const std::uint64_t resumed = resume ? 49 : 0;
        BOOST_TEST(total(frame, Outcome::ok) == resumed);
        BOOST_TEST(total(frame, Outcome::fail) == 50 - resumed);
        const std::uint64_t opened = frame.sessions_opened;
        BOOST_TEST(opened >= 50u);
        BOOST_TEST(frame.kinds.at(0).marks.at(2).count() == opened);
        BOOST_TEST(frame.kinds.at(0).marks.at(3).count() == (resume ? opened - 1 : 0));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(versions) {
  const Certificates files;
  const std::string trusted = quoted("ca_file", files.authority());
  files.issued("leaf", "IP:127.0.0.1");
  TlsNginx older(files, "leaf", "ssl_protocols TLSv1.2;\n" + std::string(hello));
  gets_through(older, trusted);
  gets_through(older, trusted + R"(,"min_version":"1.2")");
  is_refused(older, trusted + R"(,"min_version":"1.3")", -2070, "protocol version");
  TlsNginx newer(files, "leaf", "ssl_protocols TLSv1.3;\n" + std::string(hello));
  gets_through(newer, trusted + R"(,"min_version":"1.2")");
  gets_through(newer, trusted + R"(,"min_version":"1.3")");
}

BOOST_AUTO_TEST_CASE(a_certificate_of_our_own) {
  const Certificates files;
  const std::string trusted = quoted("ca_file", files.authority());
  files.issued("leaf", "IP:127.0.0.1");
  files.issued("client", "DNS:client.test");
  files.self_signed("stranger", "DNS:client.test");
  for (const std::string version : {"TLSv1.2", "TLSv1.3"}) {
    BOOST_TEST_CONTEXT(version) {
      TlsNginx nginx(files, "leaf",
                     "ssl_protocols " + version + ";\nssl_client_certificate " + files.authority() +
                         ";\nssl_verify_client on;\n" + hello);
      const auto ours = [&](const std::string& name) {
        return trusted + "," + quoted("certificate", files.certificate(name)) + "," +
               quoted("key", files.key(name));
      };
      gets_through(nginx, ours("client"));
      for (const std::string& tls : {trusted, ours("stranger")}) {
        // nginx lets the handshake pass and answers 400.
        HttpDriver driver(library(), config(nginx.port(), tls));
        const IntervalFrame frame = driver.run(closed_load(1, 10));
        BOOST_TEST(total(frame, Outcome::fail) == 10u);
        BOOST_TEST(count(frame, 400) == 10u);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_tls) {
  const Certificates files;
  files.issued("leaf", "IP:127.0.0.1");
  const std::string trusted = quoted("ca_file", files.authority());
  {
    Nginx nginx(hello);
    is_refused(nginx.port(), trusted, -3000, "wrong version number");
  }
  {
    TlsNginx nginx(files, "leaf", "ssl_reject_handshake on;\n" + std::string(hello));
    is_refused(nginx, trusted, -2112, "unrecognized name");
  }
  // Somebody who accepts and says nothing.
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  BOOST_TEST_REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  BOOST_TEST_REQUIRE(::listen(fd, 16) == 0);
  BOOST_TEST_REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  is_refused(ntohs(address.sin_port), trusted, ETIMEDOUT, "", R"(,"timeouts":{"connect":"20ms"})");
  ::close(fd);
}

BOOST_AUTO_TEST_CASE(an_end_without_farewell) {
  const Certificates files;
  files.issued("leaf", "IP:127.0.0.1");
  TlsNginx nginx(files, "leaf",
                 "limit_rate 400;\nlocation / { return 200 '" + std::string(2000, 'x') + "'; }");
  HttpDriver driver(library(), config(nginx.port(), quoted("ca_file", files.authority())));
  LoadSpec spec = closed_load(2, 0);
  spec.duration_ns = 400 * ms;
  driver.begin(spec);
  driver.turn_for(200 * ms);
  nginx.stop();
  const IntervalFrame frame = driver.finish();
  BOOST_TEST(count(frame, -3001) == 2u);
  BOOST_TEST(is_in_the_manifest(-3001));
  BOOST_TEST(total(frame, Outcome::refused) >= 2u);
  BOOST_TEST(total(frame, Outcome::ok) == 0u);
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used) {
  const Certificates files;
  files.issued("one", "DNS:one.test");
  files.issued("two", "DNS:two.test");
  const auto refusal = [](const std::string& tls) -> std::string {
    try {
      HttpDriver driver(library(), config(1, tls));
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  };
  const std::string one = quoted("certificate", files.certificate("one"));
  struct Case {
    std::string tls;
    const char* word;
  };
  for (const Case& c :
       {Case{quoted("ca_file", files.path("none")), "tls.ca_file"},
        Case{quoted("ca_file", files.key("one")), "tls.ca_file"}, Case{one, "tls.key"},
        Case{one + "," + quoted("key", files.key("two")), "key values mismatch"},
        Case{quoted("certificate", files.path("none")), "tls.certificate"},
        Case{quoted("key", files.key("one")), "there is no tls.certificate"},
        Case{R"("min_version":"1.1")", "expected 1.2 or 1.3"},
        Case{R"("verify":false,)" + quoted("ca_file", files.authority()), "nothing is verified"}}) {
    const std::string said = refusal(c.tls);
    BOOST_TEST(said.find(c.word) != std::string::npos, c.tls << ": " << said);
    BOOST_TEST(said.find('\n') == std::string::npos);
  }
  BOOST_TEST(refusal(one + "," + quoted("key", files.key("one"))) == "");
}

BOOST_AUTO_TEST_SUITE_END()
