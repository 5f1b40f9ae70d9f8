// SPDX-License-Identifier: Apache-2.0
// Every way to get a campaign file wrong: where it is said to be wrong, and what is proposed.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <random>

#include "campaign/campaign.h"
#include "campaign/campaign_load.h"
#include "campaign/campaign_registry.h"
#include "temporary_folder.h"

using namespace ordeal;

namespace {

const std::string good =
    "{\n"
    "  \"campaign\": \"c\", \"duration\": \"2m\", \"seed\": 1,\n"
    "  \"target\": {\"http\": \"http://127.0.0.1:8080\"},\n"
    "  \"load\": [{\"scenario\": \"http\", \"config\": {\"method\": \"GET\"}, \"mix\": {\"get\": "
    "1}}],\n"
    "  \"collect\": [{\"collector\": \"system\", \"interval\": \"1s\"}],\n"
    "  \"safety\": {\"memory_percent\": 80, \"rules\": [{\"rule\": \"threshold\", \"config\": "
    "{\"metric\": \"m\"}}]},\n"
    "  \"phases\": [\n"
    "    {\"name\": \"one\", \"duration\": \"1m\", \"rate\": 5, \"stress\": \"low\"},\n"
    "    {\"name\": \"two\", \"duration\": \"1m\", \"slo\": {\"p99\": \"<1s\"}}\n"
    "  ],\n"
    "  \"verdict\": {\"phases_passed\": \">=70%\"},\n"
    "  \"report\": [{\"report\": \"json\"}]\n"
    "}\n";

struct Bad {
  const char* from;
  const char* to;
  ExitCode code;
  std::uint32_t line;
  std::uint32_t column;
  const char* pointer;
  const char* words;  // somewhere in the line
};

std::string replaced(const char* from, const char* to) {
  std::string text = good;
  const std::size_t at = text.find(from);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, std::string(from).size(), to);
}

constexpr ExitCode invalid = ExitCode::invalid_config;
constexpr ExitCode rejected = ExitCode::plugin_rejected;

const Bad table[] = {
    {"\"seed\": 1,", "\"seed\": 1,,", invalid, 2, 48, "", "unexpected ','"},
    {"\"seed\": 1,", "\"seed\": 1, \"seed\": 2,", invalid, 2, 49, "/seed", "given twice"},
    {"\"seed\"", "\"sede\"", invalid, 2, 38, "/sede",
     "unknown key 'sede'; expected one of $schema, campaign"},
    {"\"seed\"", "\"sede\"", invalid, 2, 38, "/sede", "did you mean 'seed'?"},
    {"\"seed\": 1", "\"seed\": \"x\"", invalid, 2, 46, "/seed",
     "'x' is text; expected a whole number"},
    {"\"seed\": 1", "\"seed\": 1.5", invalid, 2, 46, "/seed", "not whole"},
    {"\"seed\": 1", "\"seed\": 1e400", invalid, 2, 46, "/seed", "too large"},
    {"\"c\"", "\"a/b\"", invalid, 2, 15, "/campaign", "'a/b' has the wrong form"},
    {"\"2m\"", "\"2x\"", invalid, 2, 32, "/duration",
     "unknown unit 'x'; expected numbers with units"},
    {"\"2m\"", "120", invalid, 2, 32, "/duration",
     "120 is a number; expected a duration such as \"1m30s\""},
    {"\"2m\"", "\"0s\"", invalid, 2, 32, "/duration", "must last"},
    {"\"2m\"", "\"1m\"", invalid, 2, 32, "/duration",
     "the phases take 2m 00s; expected at most the duration of 1m"},
    {"\"2m\"", "\"2d\"", invalid, 2, 32, "/duration",
     "longer than safety.max_duration; expected at most 12h"},
    {"http://127.0.0.1:8080", "127.0.0.1:8080", invalid, 3, 22, "/target/http",
     "did you mean 'http://127.0.0.1:8080'?"},
    {"http://127.0.0.1:8080", "https://", invalid, 3, 22, "/target/http",
     "'https://' is not an http:// or https:// URL"},
    {"http://127.0.0.1:8080", "http:///x", invalid, 3, 22, "/target/http",
     "not an http:// or https:// URL"},
    {"http://127.0.0.1:8080", "http://a b", invalid, 3, 22, "/target/http",
     "not an http:// or https:// URL"},
    {"http://127.0.0.1:8080", "", invalid, 3, 22, "/target/http", "not an http:// or https:// URL"},
    {"\"http\": \"http", "\"htpp\": \"http", invalid, 3, 14, "/target/htpp",
     "did you mean 'http'?"},
    {"\"scenario\": \"http\"", "\"scenario\": \"htttp\"", rejected, 4, 25, "/load/0/scenario",
     "did you mean 'http'?"},
    {"\"scenario\": \"http\", ", "", invalid, 4, 12, "/load/0", "key 'scenario' is missing"},
    {"\"method\"", "\"metod\"", invalid, 4, 44, "/load/0/config/metod", "did you mean 'method'?"},
    {"\"GET\"", "\"GTE\"", invalid, 4, 54, "/load/0/config/method", "did you mean 'GET'?"},
    {"{\"get\": 1}", "{\"get\": 0}", invalid, 4, 69, "/load/0/mix", "all weights are 0"},
    {"{\"get\": 1}", "{\"get\": -1}", invalid, 4, 77, "/load/0/mix/get", "too small"},
    {"\"system\"", "\"sytem\"", rejected, 5, 29, "/collect/0/collector", "did you mean 'system'?"},
    {"\"interval\": \"1s\"", "\"interval\": \"1ms\"", invalid, 5, 51, "/collect/0/interval",
     "at least 100ms"},
    {"\"interval\": \"1s\"", "\"isolation\": \"shared\"", invalid, 5, 52, "/collect/0/isolation",
     "plugin org.example.collector-system does not allow 'shared'; expected 'own'"},
    {"\"interval\": \"1s\"", "\"isolation\": \"none\"", invalid, 5, 52, "/collect/0/isolation",
     "'none' is not allowed"},
    {"\"rule\": \"threshold\"", "\"isolation\": \"shared\", \"rule\": \"threshold\"", invalid, 6,
     60, "/safety/rules/0/isolation", "does not allow 'shared'; expected 'own'"},
    {"\"memory_percent\": 80", "\"memory_percent\": 180", invalid, 6, 32, "/safety/memory_percent",
     "180 is too large"},
    {"\"threshold\"", "\"treshold\"", rejected, 6, 55, "/safety/rules/0/rule",
     "did you mean 'threshold'?"},
    {"{\"metric\": \"m\"}", "{}", invalid, 6, 78, "/safety/rules/0/config", "'metric' is missing"},
    {"\"rate\": 5", "\"raet\": 5", invalid, 8, 39, "/phases/0/raet", "did you mean 'rate'?"},
    {"\"rate\": 5", "\"rate\": 0", invalid, 8, 47, "/phases/0/rate", "0 is too small"},
    {"\"rate\": 5", "\"rate\": 1.1e7", invalid, 8, 47, "/phases/0/rate", "at most 1e+07"},
    {"\"rate\": 5", "\"rate\": [{\"rate\": 2e7}]", invalid, 8, 57, "/phases/0/rate/0/rate",
     "at most 1e+07"},
    {"\"rate\": 5", "\"operations\": 1e8, \"connections\": 7", invalid, 8, 53,
     "/phases/0/operations", "together would make 1.16667e+07/s; expected at most 1e+07/s"},
    {"\"rate\": 5", "\"rate\": \"fast\"", invalid, 8, 47, "/phases/0/rate",
     "'fast' has the wrong form"},
    {"\"rate\": 5", "\"rate\": \"capacity*0.1\"", invalid, 8, 47, "/phases/0/rate",
     "needs a capacity search, which this version does not do; give a number"},
    {"\"rate\": 5", "\"rate\": {\"from\": 5}", invalid, 8, 47, "/phases/0/rate", "'to' is missing"},
    {"\"rate\": 5", "\"rate\": {\"from\": 0, \"to\": 0}", invalid, 8, 47, "/phases/0/rate",
     "no operation would ever arrive"},
    {"\"rate\": 5", "\"rate\": {\"from\": -1, \"to\": 5}", invalid, 8, 56, "/phases/0/rate/from",
     "-1 is too small"},
    {"\"rate\": 5", "\"rate\": []", invalid, 8, 47, "/phases/0/rate", "the list is empty"},
    {"\"rate\": 5", "\"rate\": [{\"rate\": 5}, {\"rate\": 6}]", invalid, 8, 48, "/phases/0/rate/0",
     "key 'for' is missing; expected how long this step lasts"},
    {"\"rate\": 5", "\"rate\": [{\"for\": \"1s\"}]", invalid, 8, 48, "/phases/0/rate/0",
     "expected either 'rate', or 'from' and 'to'"},
    {"\"rate\": 5", "\"rate\": [{\"rate\": 5, \"to\": 6}]", invalid, 8, 48, "/phases/0/rate/0",
     "one rate or goes from one to another"},
    {"\"rate\": 5", "\"rate\": [{\"rate\": 5, \"for\": \"0s\"}]", invalid, 8, 67,
     "/phases/0/rate/0/for", "a step must last; expected more than 0s"},
    {"\"rate\": 5", "\"rate\": [{\"rate\": 5, \"for\": \"61s\"}]", invalid, 8, 67,
     "/phases/0/rate/0/for",
     "the steps take 1m1s up to here; expected at most the phase's duration"},
    {"\"rate\": 5", "\"rate\": [{\"rate\": 5, \"for\": \"1m\"}, {\"rate\": 6}]", invalid, 8, 74,
     "/phases/0/rate/1", "leave nothing of the phase"},
    {"\"rate\": 5", "\"arrivals\": \"poisson\"", invalid, 8, 51, "/phases/0/arrivals",
     "nothing arrives without a rate"},
    {"\"rate\": 5", "\"rate\": 5, \"arrivals\": \"poison\"", invalid, 8, 62, "/phases/0/arrivals",
     "did you mean 'poisson'?"},
    {"\"rate\": 5", "\"rate\": 5, \"speed\": 2", invalid, 8, 59, "/phases/0/speed",
     "only recorded arrivals have a speed"},
    {"\"rate\": 5", "\"rate\": 5, \"arrivals_file\": \"a\"", invalid, 8, 67,
     "/phases/0/arrivals_file", "leave no choice of a rate"},
    {"\"rate\": 5", "\"arrivals_file\": \"/nowhere/a\"", invalid, 8, 56, "/phases/0/arrivals_file",
     "cannot read /nowhere/a: No such file"},
    {"\"rate\": 5", "\"arrivals_file\": \"/dev/null\"", invalid, 8, 56, "/phases/0/arrivals_file",
     "not a regular file"},
    {"\"rate\": 5", "\"rate\": 5, \"think\": \"1s\"", invalid, 8, 59, "/phases/0/think",
     "only think where nothing else sets the pace"},
    {"\"rate\": 5", "\"think\": {\"min\": \"1s\"}", invalid, 8, 48, "/phases/0/think",
     "expected either 'min' and 'max', or 'mean'"},
    {"\"rate\": 5", "\"think\": {\"min\": \"2s\", \"max\": \"1s\"}", invalid, 8, 69,
     "/phases/0/think/max", "it is below 'min'; expected at least 2s"},
    {"\"rate\": 5", "\"max_operations\": 0", invalid, 8, 57, "/phases/0/max_operations",
     "0 is too small"},
    {"\"rate\": 5", "\"operations_per_connection\": 0", invalid, 8, 68,
     "/phases/0/operations_per_connection", "0 is too small"},
    {"{\"get\": 1}", "{\"get\": 1}, \"timeouts\": {\"get\": \"0s\"}", invalid, 4, 101,
     "/load/0/timeouts/get", "an operation needs time; expected more than 0s"},
    {"{\"get\": 1}", "{\"get\": 1}, \"timeouts\": {\"get\": 5}", invalid, 4, 101,
     "/load/0/timeouts/get", "5 is a number"},
    {"{\"get\": 1}", "{\"get\": 1}, \"retry\": {\"attempts\": 2}", invalid, 4, 90, "/load/0/retry",
     "key 'on' is missing"},
    {"{\"get\": 1}", "{\"get\": 1}, \"retry\": {\"attempts\": 1, \"on\": [\"fail\"]}", invalid, 4,
     103, "/load/0/retry/attempts", "1 is too small"},
    {"{\"get\": 1}", "{\"get\": 1}, \"retry\": {\"attempts\": 2, \"on\": [\"ok\"]}", invalid, 4,
     113, "/load/0/retry/on/0", "'ok' is not allowed"},
    {"{\"get\": 1}", "{\"get\": 1}, \"retry\": {\"attempts\": 2, \"on\": []}", invalid, 4, 112,
     "/load/0/retry/on", "the list is empty"},
    {"\"low\"", "\"lo\"", invalid, 8, 60, "/phases/0/stress", "did you mean 'low'?"},
    {"\"1m\", \"rate\"", "\"0s\", \"rate\"", invalid, 8, 33, "/phases/0/duration", "must last"},
    {"\"rate\": 5", "\"warm_up\": \"1m\"", invalid, 8, 50, "/phases/0/warm_up", "leaves nothing"},
    {"\"rate\": 5", "\"timeout\": \"0s\"", invalid, 8, 50, "/phases/0/timeout", "needs time"},
    {"\"rate\": 5", "\"connections\": 0", invalid, 8, 54, "/phases/0/connections",
     "0 is too small"},
    {"\"rate\": 5", "\"connections\": 1.5", invalid, 8, 54, "/phases/0/connections", "not whole"},
    {"\"rate\": 5", "\"judge\": \"no\"", invalid, 8, 48, "/phases/0/judge",
     "expected true or false"},
    {"\"rate\": 5", "\"safety\": {\"memory_percent\": 81}", invalid, 8, 68,
     "/phases/0/safety/memory_percent",
     "81 is looser than the campaign's own limit; expected at most 80"},
    {"\"rate\": 5", "\"safety\": {\"max_duration\": \"1m\"}", invalid, 8, 50,
     "/phases/0/safety/max_duration", "unknown key"},
    {"\"rate\": 5", "\"safety\": {\"check_interval\": \"1m\"}", invalid, 8, 68,
     "/phases/0/safety/check_interval", "at most 30s"},
    {"\"two\"", "\"one\"", invalid, 9, 14, "/phases/1/name",
     "phase name 'one' is taken by phase 1"},
    {"\"p99\"", "\"p98\"", invalid, 9, 47, "/phases/1/slo/p98", "unknown key 'p98'"},
    {"\"<1s\"", "\"1s\"", invalid, 9, 54, "/phases/1/slo/p99", "did you mean '<1s'?"},
    {"\"<1s\"", "1", invalid, 9, 54, "/phases/1/slo/p99", "1 is a number"},
    {"\">=70%\"", "\"70%\"", invalid, 11, 32, "/verdict/phases_passed", "does not start with '>='"},
    {"\"report\": \"json\"", "\"report\": \"jsn\"", rejected, 12, 25, "/report/0/report",
     "did you mean 'json'?"},
    {"\"load\"", "\"x-load\"", invalid, 1, 1, "", "key 'load' is missing"},
    {"[{\"scenario\": \"http\", \"config\": {\"method\": \"GET\"}, \"mix\": {\"get\": 1}}]", "[]",
     invalid, 4, 11, "/load", "the list is empty"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(campaign_bad_input)

BOOST_AUTO_TEST_CASE(each_is_told_where_and_how_to_mend_it) {
  const CampaignRegistry registry;
  const Result<Campaign> sound = parse_effective(good, "c.json", {}, registry.get());
  BOOST_REQUIRE_MESSAGE(sound, why(sound));
  for (const Bad& one : table) {
    BOOST_TEST_CONTEXT(one.from << " -> " << one.to) {
      const Result<Campaign> parsed =
          parse_effective(replaced(one.from, one.to), "c.json", {}, registry.get());
      BOOST_REQUIRE(!parsed);
      const Error& error = parsed.error();
      BOOST_TEST((error.code == one.code), error.line());
      BOOST_TEST(error.where.file == "c.json");
      BOOST_TEST(error.where.line == one.line, error.line());
      BOOST_TEST(error.where.column == one.column, error.line());
      BOOST_TEST(error.where.pointer == one.pointer, error.line());
      BOOST_TEST(error.line().find(one.words) != std::string::npos, error.line());
      BOOST_TEST(error.line().find('\n') == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_bad_line_of_recorded_arrivals_is_told_where_it_is) {
  const CampaignRegistry registry;
  const ordeal::testing::TemporaryFolder folder;
  const std::string path = folder.file("arrivals.csv");
  const std::string text = replaced("\"rate\": 5", ("\"arrivals_file\": \"" + path + "\"").c_str());
  const auto said = [&](const std::string& lines) {
    std::ofstream(path) << lines;
    return why(parse_effective(text, "c.json", {}, registry.get()));
  };
  BOOST_TEST(said("0\n0.5,get\n1\n") == "it succeeded");
  BOOST_TEST(said("0\n  soon\n") == path +
                                        ":2:3: 'soon' does not begin with a time; expected "
                                        "seconds from the start, 0 to 1e9");
  BOOST_TEST(said("-1\n").find(path + ":1:1: '-1' does not begin with a time") == 0u);
  BOOST_TEST(said("# ok\n0 get\n") ==
             path + ":2:3: 'get' behind the time; expected SECONDS or SECONDS,KIND");
  BOOST_TEST(said("2\n\n1\n") ==
             path + ":3:1: the time is before that of the arrival above; expected times in order");
  BOOST_TEST(said("0\n" + std::string(70'000, '1')).find(path + ":2:1: the line is too long") ==
             0u);
  // Nothing in it: that is the campaign's mistake, and told there.
  BOOST_TEST(said("# nothing\n").find("c.json:8:56: /phases/0/arrivals_file: ") == 0u);
}

BOOST_AUTO_TEST_CASE(kinds_that_the_scenario_has_not_are_named) {
  const CampaignRegistry registry;
  const ordeal::testing::TemporaryFolder folder;
  const std::string path = folder.file("arrivals.csv");
  std::ofstream(path) << "0,get\n1,patch\n";
  const auto said = [&](const std::string& from, const std::string& to) {
    const auto parsed =
        parse_effective(replaced(from.c_str(), to.c_str()), "c.json", {}, registry.get());
    BOOST_REQUIRE_MESSAGE(parsed, why(parsed));
    const auto known = check_kinds(*parsed, parsed->load.at(0), {"get", "post"});
    return known ? std::string() : known.error().line();
  };
  BOOST_TEST(said("{\"get\": 1}", "{\"get\": 1}, \"timeouts\": {\"post\": \"1s\"}") == "");
  BOOST_TEST(said("{\"get\": 1}", "{\"get\": 1}, \"timeouts\": {\"put\": \"1s\"}") ==
             "c.json:4:94: /load/0/timeouts/put: timeouts: scenario 'http' has no operation kind "
             "'put'; expected one of get, post");
  BOOST_TEST(said("\"rate\": 5", "\"arrivals_file\": \"" + path + "\"") ==
             path +
                 ":2:1: arrivals: scenario 'http' has no operation kind 'patch'; expected one "
                 "of get, post");
}

BOOST_AUTO_TEST_CASE(phases_auto_needs_a_capacity_search) {
  const CampaignRegistry registry;
  const Result<Campaign> parsed = parse_effective(
      "{\"campaign\": \"c\", \"load\": [{\"scenario\": \"http\"}],\n \"phases\": \"auto\"}",
      "c.json", {}, registry.get());
  BOOST_REQUIRE(!parsed);
  BOOST_TEST(parsed.error().line() ==
             "c.json:2:12: /phases: \"auto\" needs a capacity search, which this version does not "
             "do; give a list of phases");
  const Result<Campaign> other = parse_effective(
      "{\"campaign\": \"c\", \"load\": [{\"scenario\": \"http\"}],\n \"phases\": \"none\"}",
      "c.json", {}, registry.get());
  BOOST_REQUIRE(!other);
  BOOST_TEST(other.error().line() ==
             "c.json:2:12: /phases: 'none' is not allowed; expected 'auto' or a list [...]");
}

BOOST_AUTO_TEST_CASE(mutated_campaigns_never_crash) {
  const CampaignRegistry registry;
  std::mt19937 random(17);
  const std::string pieces[] = {"{",  "}",    "[",  "]",         "\"",   ",", ":", "1e308",
                                "-1", "null", "0s", "99999999d", "\xff", "0", "<"};
  for (int i = 0; i < 1000; ++i) {
    std::string text = good;
    for (int edits = 1 + static_cast<int>(random() % 2); edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text.erase(at, 1 + random() % 4);
      } else {
        text.insert(at, pieces[random() % std::size(pieces)]);
      }
    }
    const Result<Campaign> parsed = parse_effective(text, "c.json", {}, registry.get());
    if (parsed) {
      BOOST_REQUIRE(parse_effective(parsed->effective, "e.json", {}, registry.get()));
    } else {
      BOOST_REQUIRE(parsed.error().code == invalid || parsed.error().code == rejected);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
