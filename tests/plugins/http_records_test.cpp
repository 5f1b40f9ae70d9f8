// SPDX-License-Identifier: Apache-2.0
// Requests filled in from a feeder's records, and traceparent, as they arrive at the target.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <mutex>
#include <set>

#include "places.h"
#include "plugins/http_driver.h"
#include "plugins/http_load.h"
#include "plugins/http_raw_server.h"
#include "scenarios/http/codes.h"

using namespace ordeal;

namespace {

class Target {
 public:
  Target()
      : server_([this](const std::string& request, int) {
          const std::lock_guard lock(mutex_);
          requests_.push_back(request);
          return RawServer::Answer{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
        }) {}
  [[nodiscard]] std::string config(const std::string& more) const {
    return "{\"url\":\"" + server_.url() + "\"," + more + "}";
  }
  [[nodiscard]] std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> requests_;
  RawServer server_;
};

std::string line(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const std::size_t from = at + name.size() + 4;
  return request.substr(from, request.find("\r\n", from) - from);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_records)

BOOST_AUTO_TEST_CASE(each_operation_sends_its_record) {
  Target target;
  HttpDriver driver(library(), target.config(R"("headers":{"X-User":"{{user}}"},"requests":[
      {"kind":"post","path":"/u/{{user}}?n={{$seq}}","body":{"user":"{{user}}","age":"{{age}}"}}])"),
                    {R"({"user":"a/b","age":7})", R"({"user":"q\"","age":"x"})"});
  const IntervalFrame frame = driver.run(closed_load(1, 3));
  BOOST_TEST(frame.kinds.at(0).outcomes[0] == 3u);
  const auto requests = target.requests();
  BOOST_TEST_REQUIRE(requests.size() == 3u);
  BOOST_TEST(requests[0].starts_with("POST /u/a%2Fb?n=1 HTTP/1.1\r\n"));
  BOOST_TEST(requests[0].ends_with("Content-Length: 24\r\n\r\n{\"user\":\"a/b\",\"age\":\"7\"}"));
  BOOST_TEST(line(requests[0], "X-User") == "a/b");
  BOOST_TEST(requests[1].starts_with("POST /u/q%22?n=2 HTTP/1.1\r\n"));
  BOOST_TEST(requests[1].ends_with("\r\n\r\n{\"user\":\"q\\\"\",\"age\":\"x\"}"));
  BOOST_TEST(requests[2].starts_with("POST /u/a%2Fb?n=3 HTTP/1.1\r\n"));
  std::uint64_t bytes = 0;
  for (const auto& request : requests) bytes += request.size();
  BOOST_TEST(frame.kinds.at(0).bytes_out == bytes);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_filled_in_is_not_sent) {
  Target target;
  HttpDriver driver(library(), target.config(R"("requests":[{"headers":{"X":"{{x}}"}}])"),
                    {R"({"x":"1"})", "{}", R"({"x":"a\r\nEvil: 1"})", "not JSON", ""});
  const IntervalFrame frame = driver.run(closed_load(1, 10));
  const KindInterval& kind = frame.kinds.at(0);
  BOOST_TEST(kind.outcomes[static_cast<std::size_t>(Outcome::ok)] == 2u);
  BOOST_TEST(kind.outcomes[static_cast<std::size_t>(Outcome::fail)] == 8u);
  auto codes = kind.codes;
  std::sort(codes.begin(), codes.end());
  BOOST_TEST((codes == std::vector<std::pair<std::int64_t, std::uint64_t>>{
                           {http::code_no_field, 6}, {http::code_unsendable, 2}}));
  BOOST_TEST(frame.wire.measured == 2u);
  BOOST_TEST(frame.misbehaviour == 0u);
  BOOST_TEST(frame.sessions_opened == 1u);
  BOOST_TEST(target.requests().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_form_is_encoded) {
  Target target;
  HttpDriver driver(library(), target.config(R"("requests":[{"kind":"post","body":"a={{x}}&b=1",
          "headers":{"Content-Type":"application/x-www-form-urlencoded; charset=utf-8"}}])"),
                    {R"({"x":"1&2 3"})"});
  driver.run(closed_load(1, 1));
  BOOST_TEST(target.requests().at(0).ends_with("\r\n\r\na=1%262%203&b=1"));
}

BOOST_AUTO_TEST_CASE(traceparent) {
  Target target;
  HttpDriver driver(library(), target.config(R"("trace":"w3c","seed":5)"));
  driver.run(closed_load(1, 50));
  std::set<std::string> traces;
  for (const std::string& request : target.requests()) {
    const std::string value = line(request, "traceparent");
    BOOST_TEST_REQUIRE(value.size() == 55u);
    BOOST_TEST(value.starts_with("00-"));
    BOOST_TEST(value.ends_with("-01"));
    traces.insert(value);
  }
  BOOST_TEST(traces.size() == 50u);

  // The seed repeats the sequence; the flag is a choice; a header given wins.
  Target again;
  HttpDriver same(library(), again.config(R"("trace":"w3c","seed":5,"trace_sampled":false)"));
  same.run(closed_load(1, 1));
  const std::string value = line(again.requests().at(0), "traceparent");
  BOOST_TEST(value.ends_with("-00"));
  BOOST_TEST(value.substr(0, 52) == line(target.requests().at(0), "traceparent").substr(0, 52));
  Target own;
  HttpDriver given(library(), own.config(R"("trace":"w3c","headers":{"Traceparent":"mine"})"));
  given.run(closed_load(1, 1));
  BOOST_TEST(line(own.requests().at(0), "Traceparent") == "mine");
  BOOST_TEST(line(own.requests().at(0), "traceparent") == "");
}

BOOST_AUTO_TEST_SUITE_END()
