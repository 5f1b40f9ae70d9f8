// SPDX-License-Identifier: Apache-2.0
// What a configuration may hold, and what is said about one that cannot work.
#include <boost/test/unit_test.hpp>

#include "places.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"

namespace {

std::string refusal(const std::string& config) {
  try {
    HttpDriver driver(library(), config);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> kinds(const std::string& more) {
  HttpDriver driver(library(), "{\"url\":\"http://127.0.0.1:1\"" + more + "}");
  return driver.worker().info().kinds;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_config)

BOOST_AUTO_TEST_CASE(kinds_and_marks) {
  using Names = std::vector<std::string>;
  BOOST_TEST(kinds("") == Names{"get"}, boost::test_tools::per_element());
  BOOST_TEST(
      kinds(R"(,"requests":[{"method":"POST"},{"method":"DELETE"}])") == (Names{"post", "delete"}),
      boost::test_tools::per_element());
  BOOST_TEST(kinds(R"(,"requests":[{"kind":"a"},{"kind":"b"},{"kind":"a","path":"/2"}])") ==
                 (Names{"a", "b"}),
             boost::test_tools::per_element());
  HttpDriver streams(library(), R"({"url":"http://localhost","requests":[{"stream":"sse"}]})");
  BOOST_TEST(
      streams.worker().info().marks == (Names{"connect", "first_byte", "first_event", "event_gap"}),
      boost::test_tools::per_element());
  HttpDriver driver(library(), R"({"url":"http://localhost"})");
  BOOST_TEST(driver.worker().info().marks == (Names{"connect", "first_byte"}),
             boost::test_tools::per_element());
  BOOST_TEST(driver.worker().info().max_in_flight == 1u);
}

BOOST_AUTO_TEST_CASE(addresses_that_are_fine) {
  for (const char* url : {"http://127.0.0.1", "http://127.0.0.1:8080", "http://localhost:1/",
                          "http://[::1]:80/a/b", "http://[::1]", "http://a-b.example.org:65535/x/",
                          "http://host_name", "https://example.org"})
    BOOST_TEST(refusal(std::string("{\"url\":\"") + url + "\"}") == "");
}

BOOST_AUTO_TEST_CASE(addresses_that_are_not) {
  struct Case {
    const char* url;
    const char* word;
  };
  for (const Case& c :
       {Case{"", "url is missing"}, Case{"ftp://example.org", "expected http://HOST"},
        Case{"127.0.0.1:80", "expected http://HOST"}, Case{"http://", "no usable host"},
        Case{"http://:80", "no usable host"}, Case{"http://a b", "no usable host"},
        Case{"http://user:secret@host", "Authorization"}, Case{"http://host:", "no port"},
        Case{"http://host:0", "is not a port"}, Case{"http://host:65536", "is not a port"},
        Case{"http://host:8o80", "is not a port"}, Case{"http://[::1", "no ']'"},
        Case{"http://[::1]x", "after ']'"}, Case{"http://host/a?b", "query"},
        Case{"http://host/a b", "space"}}) {
    const std::string said = refusal(std::string("{\"url\":\"") + c.url + "\"}");
    BOOST_TEST(said.find(c.word) != std::string::npos, c.url << ": " << said);
  }
}

BOOST_AUTO_TEST_CASE(requests_that_cannot_be_sent) {
  struct Case {
    const char* more;
    const char* word;
  };
  for (const Case& c :
       {Case{R"("requests":[{"path":"x"}])", "begins with '/'"},
        Case{R"("requests":[{"path":"/a b"}])", "no space"},
        Case{R"("requests":[{"path":"/a\r\nX: y"}])", "begins with '/'"},
        Case{R"("requests":[{"path":"/","paths":["/"]}])", "one of the two"},
        Case{R"("requests":[{"method":"G ET"}])", "cannot be sent"},
        Case{R"("requests":[{"method":"CONNECT"}])", "cannot be sent"},
        Case{R"("requests":[{"headers":{"A b":"1"}}])", "not a header name"},
        Case{R"("headers":{"A":"1\r\nB: 2"})", "control character"},
        Case{R"("headers":{"content-length":"1"})", "leave it out"},
        Case{R"("requests":[{"expect":{"status":"6xx"}}])", "2xx, 3xx"},
        Case{R"("requests":[{"expect":{"status":[99]}}])", "200 to 599"},
        Case{R"("requests":[{"expect":{"status":1.5}}])", "200 to 599"},
        Case{R"("requests":[{"expect":{"headers":{"a b":""}}}])", "header name"},
        Case{R"("requests":[{"expect":{"size":-1}}])", "number of bytes"},
        Case{R"("requests":[{"expect":{"size":{"min":2,"max":1}}}])", "above max"},
        Case{R"("requests":[{"expect":{"contains":""}}])", "not empty"},
        Case{R"("requests":[{"expect":{"contains":["a",1]}}])", "not empty"},
        Case{R"("requests":[{"expect":{"json":[{"pointer":"a"}]}}])", "a pointer"},
        Case{R"("requests":[{"expect":{"json":[{"pointer":"/~2"}]}}])", "a pointer"},
        Case{R"("requests":[{"expect":{"json":[{"pointer":"/a","min":"1"}]}}])", "not a number"},
        Case{R"("requests":[{"expect":{"json":[{"pointer":"/a","exists":false,
                             "equals":1}]}}])",
             "cannot be absent"},
        Case{R"("requests":[{"path":"/{{"}])", "no '}}'"},
        Case{R"("requests":[{"path":"{{x}}"}])", "begins with '/'"},
        Case{R"("requests":[{"path":"/ {{x}}"}])", "no space"},
        Case{R"("requests":[{"headers":{"A":"{{$now}}"}}])", "$uuid"},
        Case{R"("requests":[{"body":{"a":"{{$random:2}}"}}])", "$random:A-B"},
        Case{R"("requests":[{"stream":"ws"}])", "expected sse"},
        Case{R"("requests":[{"events":3}])", "only with"},
        Case{R"("requests":[{"for":"3s"}])", "only with"},
        Case{R"("requests":[{"stream":"sse","events":0}])", "1 or more"},
        Case{R"("requests":[{"stream":"sse","for":"0s"}])", "not a duration"},
        Case{R"("requests":[{"stream":"sse","expect":{"json":[{"pointer":""}]}}])", "is not JSON"},
        Case{R"("requests":[{"stream":"sse","method":"HEAD"}])", "no body"},
        Case{R"("trace":"b3")", "none or w3c"},
        Case{R"("max_body":0)", "at least 1"},
        Case{R"("seed":"x")", "whole number"},
        Case{R"("timeouts":{"connect":"soon"})", "not a duration"},
        Case{R"("timeouts":{"connect":"0s"})", "not a duration"},
        Case{R"("requests":7.)", "not a JSON object"}}) {
    const std::string said = refusal(std::string("{\"url\":\"http://127.0.0.1\",") + c.more + "}");
    BOOST_TEST(said.find(c.word) != std::string::npos, c.more << ": " << said);
  }
}

BOOST_AUTO_TEST_CASE(a_name_that_does_not_exist_drops_and_says_so) {
  HttpDriver driver(library(), R"({"url":"http://no-such-host.invalid"})");
  ordeal::LoadSpec spec;
  spec.model = ordeal::LoadSpec::Model::open;
  spec.sessions = 1;
  spec.rate = 100;
  spec.timeout_ns = 100'000'000;
  spec.duration_ns = 100'000'000;
  const ordeal::IntervalFrame frame = driver.run(spec);
  BOOST_TEST(frame.offered == 10u);
  BOOST_TEST(frame.sessions_opened == 0u);
  BOOST_TEST(frame.kinds.at(0).outcomes[static_cast<std::size_t>(ordeal::Outcome::ok)] == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
