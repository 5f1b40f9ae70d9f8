// SPDX-License-Identifier: Apache-2.0
// What is expected of a response, against a real nginx.
#include <boost/test/unit_test.hpp>

#include "places.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"
#include "plugins/http_nginx.h"
#include "scenarios/http/codes.h"

using namespace ordeal;

namespace {

// The code with which all of a few operations failed; 0: all were ok.
std::int64_t code_of(const Nginx& nginx, const std::string& request, const std::string& more = "") {
  HttpDriver driver(
      library(), "{\"url\":\"" + nginx.url() + "\",\"requests\":[{" + request + "}]" + more + "}");
  const IntervalFrame frame = driver.run(closed_load(2, 10));
  BOOST_TEST(frame.misbehaviour == 0u);
  BOOST_TEST(frame.sessions_opened == 2u);  // none of this costs a connection
  const KindInterval& kind = frame.kinds.at(0);
  const std::uint64_t ok = total(frame, Outcome::ok);
  const std::uint64_t fail = total(frame, Outcome::fail);
  BOOST_TEST(ok + fail == 10u);
  if (ok == 10) return 0;
  BOOST_TEST_REQUIRE(kind.codes.size() == 1u);
  BOOST_TEST(kind.codes[0].second == 10u);
  return kind.codes[0].first;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_checks)

BOOST_AUTO_TEST_CASE(each_check_and_its_code) {
  const Nginx nginx(
      "location = /json { default_type application/json;\n"
      "  return 200 '{\"ok\":true,\"items\":[{\"name\":\"first\",\"n\":5}]}'; }\n"
      "location = /text { return 200 'hello, world'; }\n"
      "location = /503 { return 503 'hello'; }\n");
  const auto json = [&](const std::string& checks, const std::string& more = "") {
    return code_of(nginx, R"("path":"/json","expect":{"json":[)" + checks + "]}", more);
  };
  const auto text = [&](const std::string& expect) {
    return code_of(nginx, R"("path":"/text","expect":{)" + expect + "}");
  };
  BOOST_TEST(json(R"({"pointer":"/ok","equals":true},{"pointer":"/items/0/n","min":5,"max":5},
      {"pointer":"/items/0/name","contains":"irs"},{"pointer":"/items"},
      {"pointer":"/items/1","exists":false})") == 0);
  BOOST_TEST(json(R"({"pointer":"/ok","equals":true},{"pointer":"/items/1"})") == http::code_json);
  BOOST_TEST(json(R"({"pointer":"/ok"})", R"(,"max_body":10)") == http::code_too_long);
  BOOST_TEST(code_of(nginx, R"("path":"/text","expect":{"json":[{"pointer":""}]})") ==
             http::code_not_json);
  BOOST_TEST(text(R"("contains":"o, w")") == 0);
  BOOST_TEST(text(R"("contains":["world","hello"],"size":12)") == 0);
  BOOST_TEST(text(R"("contains":["world","Hello"])") == http::code_text);
  BOOST_TEST(text(R"("size":{"max":11})") == http::code_size);
  BOOST_TEST(text(R"("size":{"min":13})") == http::code_size);
  BOOST_TEST(text(R"("size":{"min":12,"max":12})") == 0);
  BOOST_TEST(text(R"("headers":{"content-length":"12","server":"nginx"})") == 0);
  BOOST_TEST(text(R"("headers":{"content-length":"13"})") == http::code_header);
  BOOST_TEST(text(R"("headers":{"x-none":""})") == http::code_header);
  BOOST_TEST(code_of(nginx, R"("path":"/503","expect":{"contains":"bye"})") == 503);
  BOOST_TEST(code_of(nginx, R"("path":"/503","expect":{"status":503,"contains":"bye"})") ==
             http::code_text);
  BOOST_TEST(code_of(nginx, R"("path":"/503","expect":{"status":"5xx","contains":"hello"})") == 0);
  BOOST_TEST(code_of(nginx, R"("method":"HEAD","path":"/text","expect":{"size":0})") == 0);
}

BOOST_AUTO_TEST_CASE(a_long_body_is_searched_to_its_end) {
  const Nginx nginx("location / { return 200 '" + std::string(3'900, 'x') + "end'; }\n");
  BOOST_TEST(code_of(nginx, R"("expect":{"contains":"xend","size":3903})") == 0);
  BOOST_TEST(code_of(nginx, R"("expect":{"contains":"yend"})") == http::code_text);
}

BOOST_AUTO_TEST_SUITE_END()
