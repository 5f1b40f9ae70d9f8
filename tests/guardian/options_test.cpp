// SPDX-License-Identifier: Apache-2.0
#include "guardian/options.h"

#include <boost/test/unit_test.hpp>

using namespace ordeal;

namespace {

Result<Options> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "ordeal-guardian");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  return parse_options(static_cast<int>(argv.size()), argv.data());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(takes_everything) {
  const auto options = parse({"--run-dir",
                              "/d",
                              "--run-id",
                              "r",
                              "--memory-percent",
                              "81.5",
                              "--disk-percent",
                              "70",
                              "--max-duration-ns",
                              "12",
                              "--tier",
                              "3",
                              "--reserve-cpu-percent",
                              "20",
                              "--reserve-memory-percent",
                              "15.5",
                              "--no-drill",
                              "--guard",
                              "--",
                              "cmd",
                              "--flag"});
  BOOST_REQUIRE(options);
  BOOST_CHECK_EQUAL(options->run_dir, "/d");
  BOOST_CHECK_EQUAL(options->run_id, "r");
  BOOST_CHECK_EQUAL(options->memory_percent, 81.5);
  BOOST_CHECK_EQUAL(options->disk_percent, 70);
  BOOST_CHECK_EQUAL(options->max_duration_ns, 12);
  BOOST_CHECK_EQUAL(options->tier, 3);
  BOOST_CHECK_EQUAL(options->reserve_cpu_percent, 20);
  BOOST_CHECK_EQUAL(options->reserve_memory_percent, 15.5);
  BOOST_CHECK(!options->drill);
  BOOST_CHECK(options->guard_mode);
  BOOST_CHECK_EQUAL(options->argv.size(), 2);
  BOOST_CHECK_EQUAL(options->argv[1], "--flag");
}

BOOST_AUTO_TEST_CASE(refuses_what_it_does_not_know) {
  const std::vector<std::string> good{"--run-dir", "/d", "--run-id", "r"};
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{},
                                             {"--"},
                                             {"--what", "1", "--", "cmd"},
                                             {"--memory-percent", "101", "--", "cmd"},
                                             {"--memory-percent", "nan", "--", "cmd"},
                                             {"--disk-percent", "80x", "--", "cmd"},
                                             {"--max-duration-ns", "-1", "--", "cmd"},
                                             {"--tier", "0", "--", "cmd"},
                                             {"--tier", "5", "--", "cmd"},
                                             {"--reserve-cpu-percent", "-1", "--", "cmd"},
                                             {"--reserve-memory-percent", "", "--", "cmd"},
                                             {"--max-duration-ns"},
                                             {"--run-id", std::string(128, 'x'), "--", "cmd"}}) {
    auto words = good;
    words.insert(words.end(), more.begin(), more.end());
    const auto options = parse(words);
    BOOST_CHECK(!options);
    if (!options) BOOST_CHECK(options.error().code == ExitCode::usage);
  }
  BOOST_CHECK(!parse({"--run-id", "r", "--", "cmd"}));
}

BOOST_AUTO_TEST_SUITE_END()
