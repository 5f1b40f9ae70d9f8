// SPDX-License-Identifier: Apache-2.0
#include "demo/options.h"

#include <boost/test/unit_test.hpp>
#include <vector>

using namespace ordeal;
using namespace ordeal::demo;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

Result<Options> parse(const std::vector<const char*>& arguments) {
  return parse_options(arguments);
}

std::string refusal(const std::vector<const char*>& arguments) {
  const auto options = parse(arguments);
  BOOST_REQUIRE(!options);
  BOOST_TEST(static_cast<int>(options.error().code) == 2);
  const std::string line = options.error().line();
  BOOST_TEST(line.find('\n') == std::string::npos);
  return line;
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(nothing_given_behaves_well) {
  const auto options = parse({});
  BOOST_REQUIRE(options);
  BOOST_TEST((options->flaw == Flaw::none));
  BOOST_TEST(options->port == 0);
  BOOST_TEST(options->concurrency == 0u);
  BOOST_TEST((options->service_time == milliseconds(2)));
}

BOOST_AUTO_TEST_CASE(both_forms_of_a_value) {
  const auto options = parse({"--port", "8080", "--service-time=5ms", "--pid-file=/tmp/x"});
  BOOST_REQUIRE(options);
  BOOST_TEST(options->port == 8080);
  BOOST_TEST((options->service_time == milliseconds(5)));
  BOOST_TEST(options->pid_file == "/tmp/x");
}

BOOST_AUTO_TEST_CASE(a_flaw_brings_its_defaults) {
  const auto leak = parse({"--flaw", "leak"});
  const auto knee = parse({"--flaw", "knee"});
  const auto stall = parse({"--flaw", "stall"});
  BOOST_REQUIRE((leak && knee && stall));
  BOOST_TEST(leak->leak_per_request == 16'384u);
  BOOST_TEST(knee->concurrency == 4u);
  BOOST_TEST((stall->stall_every == seconds(10)));
  BOOST_TEST((stall->stall_for == seconds(1)));
}

BOOST_AUTO_TEST_CASE(bad_input_is_one_clear_line) {
  BOOST_TEST(contains(refusal({"--prot", "1"}), "did you mean '--port'"));
  BOOST_TEST(contains(refusal({"--flaw", "stal"}), "did you mean 'stall'"));
  BOOST_TEST(contains(refusal({"--port", "70000"}), "0 to 65535"));
  BOOST_TEST(contains(refusal({"--port", "-1"}), "bad value '-1'"));
  BOOST_TEST(contains(refusal({"--port", "80x"}), "bad value '80x'"));
  BOOST_TEST(contains(refusal({"--port"}), "--port has no value"));
  BOOST_TEST(contains(refusal({"--service-time", "2"}), "1m30s"));
  BOOST_TEST(contains(refusal({"--max-lifetime", "0"}), "bad value '0'"));
  BOOST_TEST(contains(refusal({"--pid-file", ""}), "a path"));
  BOOST_TEST(contains(refusal({"8080"}), "unexpected argument"));
  BOOST_TEST(contains(refusal({"--stall-for", "1s"}), "--flaw stall"));
  BOOST_TEST(contains(refusal({"--leak-per-request", "1"}), "--flaw leak"));
  BOOST_TEST(contains(refusal({"--flaw", "stall", "--stall-for", "11s"}), "no time to serve"));
}

BOOST_AUTO_TEST_CASE(help_names_every_option) {
  const auto options = parse({"--help", "--nonsense"});
  BOOST_REQUIRE(options);
  BOOST_TEST(options->help);
  for (const char* name : {"--port", "--pid-file", "--flaw", "--service-time", "--concurrency",
                           "--leak-per-request", "--stall-every", "--stall-for", "--max-lifetime"})
    BOOST_TEST(contains(std::string(help_text()), name), name);
}

BOOST_AUTO_TEST_SUITE_END()
