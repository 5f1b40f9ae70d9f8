// SPDX-License-Identifier: Apache-2.0
#include "check/check_output.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace ordeal;

namespace {

std::vector<CheckResult> some_results() {
  std::vector<CheckResult> results(4);
  results[0].about = find_check_case("manifest");
  results[1].about = find_check_case("leaks");
  results[1].component = "a";
  results[1].verdict = CheckVerdict::fail;
  results[1].findings = {{"3 < 4 & \"x\"\x01", "free it"}};
  results[2].about = find_check_case("overrun");
  results[2].verdict = CheckVerdict::skip;
  results[2].findings = {{"it needs the case 'use'", ""}};
  results[3].about = find_check_case("metrics");
  results[3].verdict = CheckVerdict::warn;
  results[3].findings = {{"no help", ""}};
  return results;
}

const CheckHeader header{"org.example.a", "1.0.0", "/a.json", "/a.so", 5, 42};

}  // namespace

BOOST_AUTO_TEST_SUITE(check_output)

BOOST_AUTO_TEST_CASE(text_names_case_reason_and_fix) {
  const auto results = some_results();
  const std::string line = check_line(results[1]);
  BOOST_TEST(line.starts_with("FAIL  leaks (a) "));
  BOOST_TEST(line.find("-> free it") != std::string::npos);
  BOOST_TEST(line.find('\x01') == std::string::npos);
  const std::string summary = check_summary(header, results);
  BOOST_TEST(summary.find("1 ok, 1 with warnings, 1 failed, 1 skipped (level 5, seed 42)") !=
             std::string::npos);
  BOOST_TEST(summary.find("ordeal plugin check /a.json --case leaks --seed 42") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(junit_escapes_and_counts) {
  const std::string xml = check_junit(header, some_results());
  BOOST_TEST(xml.find("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\"") !=
             std::string::npos);
  BOOST_TEST(xml.find("3 &lt; 4 &amp; &quot;x&quot; \"") != std::string::npos);
  BOOST_TEST(xml.find('\x01') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(json_says_whether_it_passed) {
  const auto document = boost::json::parse(check_json(header, some_results()));
  BOOST_TEST(document.at("passed").as_bool() == false);
  BOOST_TEST(document.at("seed").to_number<int>() == 42);
  BOOST_TEST(document.at("cases").as_array()[1].at("verdict").as_string() == "fail");
}

BOOST_AUTO_TEST_SUITE_END()
