// SPDX-License-Identifier: Apache-2.0
// Body checks, what is filled in and event streams in a whole campaign, against a server on
// Node.js: the reports say in words what a body lacked.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;

namespace {

constexpr char server[] = R"js(
const http = require('http');
const seen = new Set();
http.createServer((request, response) => {
  const trace = request.headers.traceparent || '';
  if (!/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/.test(trace) || seen.has(trace)) {
    response.writeHead(400).end('no trace');
    return;
  }
  seen.add(trace);
  if (request.url === '/events') {
    response.writeHead(200, {'Content-Type': 'text/event-stream'});
    let n = 0;
    const timer = setInterval(() => {
      response.write(`event: tick\r\ndata: ${n}\r\n\r\n`);
      if (++n === 3) { clearInterval(timer); response.end(); }
    }, 20);
    return;
  }
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', () => {
    const id = body === '' ? null : JSON.parse(body).id;
    response.writeHead(200, {'Content-Type': 'application/json'});
    response.end(JSON.stringify({ok: true, text: 'hello', items: [{id}]}));
  });
}).listen(Number(process.argv[1]), '127.0.0.1');
)js";

constexpr char campaign[] = R"json({
  "campaign": "checks", "version": 1, "duration": "1m", "baseline": {"duration": "1s", "required_health": 0},
  "load": [{"scenario": "http", "config": {"trace": "w3c", "requests": [
      {"kind": "post", "body": {"id": "{{$uuid}}"}, "expect": {
        "headers": {"Content-Type": "json"}, "contains": "hello", "size": {"min": 10, "max": 200},
        "json": [{"pointer": "/ok", "equals": true}, {"pointer": "/items/0/id", "contains": "-4"}]}},
      {"kind": "lacks", "path": "/", "expect": {"contains": "good bye"}},
      {"kind": "events", "path": "/events", "stream": "sse", "events": 3}]}}],
  "phases": [{"name": "steady", "duration": "3s", "connections": 4, "rate": 60,
              "slo": {"success": ">=99%"}}],
  "report": [{"report": "json"}, {"report": "text"}] })json";

}  // namespace

BOOST_AUTO_TEST_SUITE(http_checks)

BOOST_AUTO_TEST_CASE(a_body_that_lacks_a_text_is_named) {
  Installed ordeal;
  const int port = free_port();
  Program node({"node", "-e", server, std::to_string(port)}, {}, ordeal.folder(), "node");
  BOOST_REQUIRE(eventually([&] { return !http_get(port, "/").empty(); }, 10));
  spill(ordeal.file("checks.json"), campaign);
  const auto run = ordeal.run({"run", ordeal.file("checks.json"), "--yes", "--set",
                               "target.http=http://127.0.0.1:" + std::to_string(port)});
  BOOST_TEST_CONTEXT(run.out + run.err + node.err()) {
    BOOST_TEST(run.code == 99);
    const auto report = ordeal.report();
    const std::string result = "/phase_results/0/test_result";
    const auto figure = [&](const std::string& kind, const std::string& name) {
      return number_at(report, result + "/operation_breakdown/http." + kind + "/" + name);
    };
    BOOST_TEST(figure("post", "total_operations") > 30);
    BOOST_TEST(figure("post", "failed_operations") == 0);
    BOOST_TEST(figure("lacks", "total_operations") > 30);
    BOOST_TEST(figure("lacks", "successful_operations") == 0);
    BOOST_TEST(figure("events", "total_operations") > 30);
    BOOST_TEST(figure("events", "failed_operations") == 0);
    BOOST_TEST(number_at(report, result + "/errors/0/code") == 903);
    BOOST_TEST(at(report, result + "/errors/0/meaning") == "the body lacks the text expected");
    const std::string marks = "/phase_results/0/marks/";
    const double streams = number_at(report, marks + "first_event/count");
    BOOST_TEST(streams == figure("events", "total_operations"));
    BOOST_TEST(number_at(report, marks + "event_gap/count") == 2 * streams);
    BOOST_TEST(number_at(report, marks + "event_gap/p50") > 0.01);
    const std::string text = slurp(ordeal.run_dir() + "/reports/campaign_summary.txt");
    BOOST_TEST(contains(text, "903: the body lacks the text expected"));
  }
}

BOOST_AUTO_TEST_CASE(the_listing_shows_options_and_codes) {
  Installed ordeal;
  const auto info = ordeal.run({"plugin", "info", "org.ordeal.http"});
  BOOST_TEST(info.code == 0);
  for (const char* part : {"max_body", "default 1048576", "trace_sampled", "{{$uuid}}", "sse",
                           "903  the body lacks the text expected"})
    BOOST_TEST(contains(info.out, part), part);
}

BOOST_AUTO_TEST_CASE(a_mistake_has_its_place) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::string good = campaign;
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    spill(ordeal.file("bad.json"), text);
    const auto run = ordeal.run(
        {"run", ordeal.file("bad.json"), "--yes", "--set", "target.http=" + nginx.url()});
    BOOST_TEST(run.code != 0);
    return run.out + run.err;
  };
  const std::string key = refused("\"contains\": \"good bye\"", "\"contain\": \"good bye\"");
  BOOST_TEST(contains(key, "bad.json:7:49: /load/0/config/requests/1/expect/contain"), key);
  BOOST_TEST(contains(key, "'contains'"), key);
  const std::string place = refused("{{$uuid}}", "{{$uid}}");
  BOOST_TEST(contains(place, "'{{$uid}}': expected a field's name, $seq"), place);
}

BOOST_AUTO_TEST_SUITE_END()
