// SPDX-License-Identifier: Apache-2.0
// The times of HTTP over TLS in the reports: latency, service time and every mark, side by side.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;
namespace testing = ordeal::testing;

BOOST_AUTO_TEST_SUITE(times)

BOOST_AUTO_TEST_CASE(the_times_of_https_stand_side_by_side_and_add_up) {
  Installed ordeal;
  const std::string key = ordeal.file("key.pem");
  const std::string certificate = ordeal.file("certificate.pem");
  const auto made =
      testing::run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate},
                   {}, ordeal.folder());
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.err);
  const std::string port = std::to_string(free_port());
  Nginx nginx(ordeal.folder(), 0,
              "  server {\n    listen 127.0.0.1:" + port + " ssl;\n    ssl_certificate " +
                  certificate + ";\n    ssl_certificate_key " + key +
                  ";\n    location / { return 200 hello; }\n  }\n");
  spill(ordeal.file("times.json"),
        R"({"campaign": "times", "baseline": {"duration": "1s", "required_health": 0},
            "target": {"http": "https://127.0.0.1:)" +
            port + R"("}, "load": [{"scenario": "http", "config": {"tls": {"ca_file": ")" +
            certificate +
            R"("}}}], "phases": [{"name": "p", "duration": "1s", "rate": 200, "judge": false,
              "connections": 4, "operations_per_connection": 10}],
            "report": [{"report": "json"}, {"report": "text"}]})");
  const auto run = ordeal.run({"run", ordeal.file("times.json"), "--yes"});
  const auto report = ordeal.report();
  const auto of = [&](const std::string& part, const std::string& figure) {
    return number_at(report, "/phase_results/0/" + part + "/" + figure);
  };
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(number_at(report, "/phase_results/0/test_result/outcomes/ok") == 200);
    const double latency =
        number_at(report, "/phase_results/0/test_result/summary/avg_response_time");
    BOOST_TEST(of("marks/first_byte", "avg") > 0);
    BOOST_TEST(of("marks/first_byte", "avg") <= of("service_time", "avg"));
    BOOST_TEST(of("service_time", "avg") <= latency);
    // Every connection was opened, its handshake timed, and most handshakes were shortened.
    const double opened = number_at(report, "/phase_results/0/connections/opened");
    BOOST_TEST(opened >= 20);
    BOOST_TEST(of("marks/connect", "count") == opened);
    BOOST_TEST(of("marks/tls", "count") == opened);
    BOOST_TEST(of("marks/tls_resumed", "count") > 0);
    BOOST_TEST(of("marks/tls_resumed", "count") <= opened);
    const std::string text = slurp(ordeal.run_dir() + "/reports/campaign_summary.txt");
    const auto at = text.find("\nTIMES (latency: from the intended start; service: from the");
    BOOST_TEST_REQUIRE(at != std::string::npos);
    const std::string rows = text.substr(at, text.find("\n\n", at + 1) - at);
    const std::string page = slurp(Installed::prefix() + "/share/man/man1/ordeal.1");
    for (const char* part : {"latency", "service"})
      BOOST_TEST(contains(rows, std::string(" ") + part + " "), rows);
    for (const char* mark : {"connect", "first_byte", "tls", "tls_resumed"}) {
      BOOST_TEST(contains(rows, std::string(" ") + mark + " "), rows);
      BOOST_TEST(contains(page, std::string("\n.Ql ") + mark + "\n"), mark);
    }
    BOOST_TEST(contains(text, ", a new connection after 10 operations; 4 connections"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
