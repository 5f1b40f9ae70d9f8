// SPDX-License-Identifier: Apache-2.0
// Every code of an outcome whose meaning the manifest gives is provoked here, by what the meaning
// says, or named with the reason why it is not.
#include <fcntl.h>
#include <netdb.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "places.h"
#include "plugins/h2_server.h"
#include "plugins/http_certificates.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"
#include "plugins/http_nginx.h"
#include "plugins/http_raw_server.h"
#include "plugins/interposed.h"
#include "scenarios/http/codes.h"
#include "scenarios/http/h2_codes.h"
#include "scenarios/http/tls_codes.h"

using namespace ordeal;

namespace {

// Codes that no server can bring about at will.
const std::map<std::int64_t, const char*> unprovoked = {
    {EPIPE,
     "the answer, if there is one, is read before the error of sending is told, and the end "
     "that reading finds is ECONNRESET; only a kernel that tells the two apart shows it"},
};

class Provoked {
 public:
  /// The code was met, with this outcome and no other.
  void met(const IntervalFrame& frame, std::int64_t code, Outcome outcome) {
    BOOST_TEST_CONTEXT("code " << code) {
      BOOST_TEST(count(frame, code) > 0u);
      BOOST_TEST(count(frame, code) == total(frame, outcome));
      BOOST_TEST(is_in_the_manifest(code));
      codes_.insert(code);
    }
  }
  [[nodiscard]] const std::set<std::int64_t>& codes() const { return codes_; }

 private:
  std::set<std::int64_t> codes_;
};

std::string url(const std::string& address, const std::string& more = "") {
  return R"({"url":")" + address + "\"" + more + "}";
}

IntervalFrame run(const std::string& config, std::uint64_t operations,
                  std::vector<std::string> records = {}) {
  HttpDriver driver(library(), config, std::move(records));
  return driver.run(closed_load(1, operations));
}

// No connection comes about.
void refused(Provoked& provoked, const std::string& config, std::int64_t code) {
  provoked.met(run(config, 0), code, Outcome::dropped);
}

void of_certificates(Provoked& provoked) {
  const Certificates files;
  const std::string trusted = R"("ca_file":")" + files.authority() + "\"";
  const auto shown = [&](const std::string& name, const std::string& tls, std::int64_t code) {
    const SecondPort nginx(" ssl", nginx_shows(files, name) + "location / { return 200; }");
    refused(provoked, url("https://" + nginx.address(), R"(,"tls":{)" + tls + "}"), code);
  };
  files.issued("leaf", "IP:127.0.0.1");
  shown("leaf", trusted + R"(,"server_name":"other.test")", -1062);
  shown("leaf", "", -1020);
  files.issued("below", "IP:127.0.0.1", 2, "leaf");
  shown("below", R"("ca_file":")" + files.certificate("leaf") + "\"", -1002);
  files.append_authority("leaf");
  shown("leaf", "", -1019);
  files.self_signed("alone", "IP:127.0.0.1");
  shown("alone", "", -1018);
  files.issued("old", "IP:127.0.0.1", -1);
  shown("old", trusted, -1010);
  files.issued_for_later("later", "IP:127.0.0.1");
  shown("later", trusted, -1009);
  files.issued("elsewhere", "IP:127.0.0.2");
  shown("elsewhere", trusted, -1064);
}

// An nginx whose settings are the reason.
void of_what_servers_want(Provoked& provoked) {
  const Certificates files;
  files.issued("leaf", "IP:127.0.0.1");
  const std::string trusted = R"("ca_file":")" + files.authority() + "\"";
  const auto meets = [&](const std::string& server, const std::string& tls, const std::string& more,
                         std::int64_t code) {
    const SecondPort nginx(" ssl",
                           nginx_shows(files, "leaf") + server + "location / { return 200; }");
    refused(provoked, url("https://" + nginx.address(), R"(,"tls":{)" + tls + "}" + more), code);
  };
  meets("ssl_protocols TLSv1.2;\nssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;\n", trusted, "", -2040);
  meets("ssl_protocols TLSv1.2;\n", trusted + R"(,"min_version":"1.3")", "", -2070);
  meets("ssl_reject_handshake on;\n", trusted, "", -2112);
  meets("", trusted, R"(,"protocol":"h2")", -2120);
}

// A server that says no with an alert, before anything else or once the handshake is over.
class Alerting final : public LoopbackServer::Client {
 public:
  Alerting(int fd, char alert) : LoopbackServer::Client(fd), alert_(alert) {}
  bool read() override {
    const std::string record{'\x15', '\x03', '\x03', '\0', '\x02', '\x02', alert_};
    send_all(record.data(), record.size());
    return false;
  }

 private:
  char alert_;
};

void of_alerts(Provoked& provoked) {
  for (const char alert : {'\x2a', '\x30', '\x74'}) {
    LoopbackServer server;
    server.start([&](int fd) { return std::make_unique<Alerting>(fd, alert); });
    refused(provoked, url("https://127.0.0.1:" + std::to_string(server.port())), -2000 - alert);
  }
}

void of_what_is_no_tls(Provoked& provoked) {
  const Nginx plain("");
  refused(provoked, url("https://127.0.0.1:" + std::to_string(plain.port())), http::tls_protocol);
  // An end without a farewell.
  const Certificates files;
  files.self_signed("t", "IP:127.0.0.1");
  SecondPort nginx(" ssl", nginx_shows(files, "t") + "limit_rate 400;\nlocation / { return 200 '" +
                               std::string(2000, 'x') + "'; }");
  HttpDriver driver(library(), url("https://" + nginx.address(),
                                   R"(,"tls":{"ca_file":")" + files.certificate("t") + "\"}"));
  LoadSpec spec = closed_load(1, 1);
  driver.begin(spec);
  driver.turn_for(200'000'000);
  nginx.stop();
  provoked.met(driver.finish(), http::tls_truncated, Outcome::refused);
}

int unix_listener(const std::string& path, int backlog) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, backlog) != 0)
    throw std::runtime_error("unix listener");
  return fd;
}

void of_unix_sockets(Provoked& provoked) {
  const Certificates folder;
  const std::string path = folder.path("s");
  const auto unix_url = [&](const std::string& at) {
    return url("http://app.test", R"(,"unix":")" + at + "\"");
  };
  refused(provoked, unix_url(path), ENOENT);
  const int full = unix_listener(path, 0);
  {
    // Nobody accepts; the second that waits is one too many.
    HttpDriver driver(library(), unix_url(path));
    LoadSpec spec = closed_load(8, 0);
    spec.timeout_ns = 50'000'000;
    const IntervalFrame frame = driver.run(spec);
    provoked.met(frame, EAGAIN, Outcome::dropped);
  }
  ::chmod(path.c_str(), 0);
  const uid_t nobody = 65534;
  const uid_t me = static_cast<uid_t>(::setfsuid(nobody));  // root may connect to anything
  refused(provoked, unix_url(path), EACCES);
  ::setfsuid(me);
  ::close(full);
}

void of_connecting(Provoked& provoked) {
  refused(provoked, url("http://127.0.0.1:" + std::to_string(free_port())), ECONNREFUSED);
  for (const int error : {EADDRNOTAVAIL, ENETUNREACH, EHOSTUNREACH}) {
    const interposed::ConnectFails fails(error);
    refused(provoked, url("http://127.0.0.1:1"), error);
  }
  {
    LoopbackServer silent;  // accepts nobody
    refused(provoked,
            url("https://127.0.0.1:" + std::to_string(silent.port()),
                R"(,"timeouts":{"connect":"20ms"})"),
            ETIMEDOUT);
  }
  {
    const Nginx nginx("location / { return 200; }");
    HttpDriver driver(library(), url(nginx.url()));
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    const rlimit few{static_cast<rlim_t>(next), before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    const IntervalFrame frame = driver.run(closed_load(1, 0));
    ::setrlimit(RLIMIT_NOFILE, &before);
    provoked.met(frame, EMFILE, Outcome::dropped);
  }
  const RawServer resets(
      [](const std::string&, int) { return RawServer::Answer{.bytes = "", .reset = true}; });
  provoked.met(run(url(resets.url()), 3), ECONNRESET, Outcome::refused);
}

void of_checks(Provoked& provoked) {
  const RawServer server([](const std::string&, int) {
    return RawServer::Answer{"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"a\":\"bcdefg\"}"};
  });
  const auto expecting = [&](const std::string& expect, std::int64_t code,
                             const std::string& more = "") {
    provoked.met(run(url(server.url(), R"(,"requests":[{"expect":{)" + expect + "}}]" + more), 3),
                 code, Outcome::fail);
  };
  expecting(R"("headers":{"X":""})", http::code_header);
  expecting(R"("size":15)", http::code_size);
  expecting(R"("contains":"xyz")", http::code_text);
  expecting(R"("json":[{"pointer":"/b"}])", http::code_json);
  expecting(R"("json":[{"pointer":"/a"}])", http::code_too_long, R"(,"max_body":13)");
  const RawServer text([](const std::string&, int) {
    return RawServer::Answer{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{]"};
  });
  provoked.met(run(url(text.url(), R"(,"requests":[{"expect":{"json":[{"pointer":""}]}}])"), 3),
               http::code_not_json, Outcome::fail);
}

void of_records(Provoked& provoked) {
  const RawServer server([](const std::string&, int) {
    return RawServer::Answer{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  });
  const auto with = [&](const std::string& record) {
    return run(url(server.url(), R"(,"headers":{"X":"{{name}}"})"), 3, {record});
  };
  provoked.met(with(R"({"other":"1"})"), http::code_no_field, Outcome::fail);
  provoked.met(with(R"({"name":"a\nb"})"), http::code_unsendable, Outcome::fail);
}

void of_streams(Provoked& provoked) {
  const auto answered = [&](const std::string& type, const std::string& events, std::int64_t code,
                            Outcome outcome) {
    const RawServer server([&](const std::string&, int) {
      return RawServer::Answer{"HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\n\r\n" + events,
                               true};
    });
    provoked.met(
        run(url(server.url(), R"(,"max_body":99,"requests":[{"stream":"sse","events":2}])"), 3),
        code, outcome);
  };
  answered("text/plain", "data: 1\n\n", http::code_not_stream, Outcome::fail);
  answered("text/event-stream", "data: 1\n\n", http::code_few_events, Outcome::fail);
  answered("text/event-stream", "data: " + std::string(200, 'x'), http::code_endless_event,
           Outcome::protocol);
}

void of_http_2(Provoked& provoked) {
  for (int error = NGHTTP2_NO_ERROR; error <= NGHTTP2_HTTP_1_1_REQUIRED; ++error) {
    const H2Server server(
        [&](const H2Server::Request&) { return H2Server::Answer{.reset = error}; });
    const auto number = static_cast<std::uint32_t>(error);
    provoked.met(run(server.config(1), 3), http::h2_code(number),
                 static_cast<Outcome>(http::h2_outcome(number)));
  }
  const Nginx nginx("location / { return 200; }");
  refused(provoked, url(nginx.url(), R"(,"protocol":"h2")"), http::code_not_h2);
}

void of_names(Provoked& provoked) {
  for (const int error : {EAI_NONAME, EAI_AGAIN, EAI_FAIL}) {
    const interposed::NameHas no_address("nowhere.test", error);
    refused(provoked, url("http://nowhere.test"), error);
  }
}

std::set<std::int64_t> codes_of_the_manifest() {
  std::string text;
  std::getline(std::ifstream(ORDEAL_SOURCE_DIR "/manifests/plugins/org.ordeal.http.json"), text,
               '\0');
  const boost::json::value manifest = boost::json::parse(text);
  std::set<std::int64_t> codes;
  for (const auto& code : manifest.at_pointer("/components/0/codes").as_object())
    codes.insert(std::stol(code.key()));
  return codes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_codes)

BOOST_AUTO_TEST_CASE(each_is_provoked_or_has_a_reason) {
  Provoked provoked;
  of_certificates(provoked);
  of_what_servers_want(provoked);
  of_alerts(provoked);
  of_what_is_no_tls(provoked);
  of_unix_sockets(provoked);
  of_connecting(provoked);
  of_names(provoked);
  of_checks(provoked);
  of_records(provoked);
  of_streams(provoked);
  of_http_2(provoked);
  for (const std::int64_t code : codes_of_the_manifest())
    BOOST_TEST((provoked.codes().contains(code) != unprovoked.contains(code)),
               "code " << code << " is neither provoked nor excused, or both");
}

BOOST_AUTO_TEST_SUITE_END()
