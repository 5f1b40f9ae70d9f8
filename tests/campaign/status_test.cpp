// SPDX-License-Identifier: Apache-2.0
#include "campaign/status.h"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "campaign/campaign_registry.h"

using namespace ordeal;

BOOST_AUTO_TEST_SUITE(status)

BOOST_AUTO_TEST_CASE(a_status_comes_back) {
  RunStatus out;
  out.run_id = "20261123T170000Z-quick-1a2b";
  out.campaign = "quick";
  out.state = "phase";
  out.phase = 2;
  out.phases = 8;
  out.phase_name = "caf\xc3\xa9 \"x\"";
  out.elapsed = 12.25;
  out.remaining = 100.5;
  out.phase_elapsed = 1.125;
  out.phase_remaining = 2;
  out.rate = 203.5;
  out.errors = 0.25;
  out.p50 = 0.00123;
  out.p99 = 0.008;
  out.cpu = 0.34;
  out.ladder = "throttle";
  out.final = true;
  out.exit_code = 111;
  out.sentence = "stopped by a safety rule";
  out.reported = true;
  out.updated_wall_ns = 1'795'453'200'123'456'789u;
  out.lines = {{1, 1'795'453'200'000'000'001u, "phase 1 began"}, {2, 7, "phase 1 ended\nreally"}};
  const TemporaryFolder folder;
  const auto written = write_status(folder.path(), out);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(written), why(written));
  const auto in = read_status(folder.path());
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(in), why(in));
  BOOST_TEST(in->run_id == out.run_id);
  BOOST_TEST(in->campaign == out.campaign);
  BOOST_TEST(in->state == out.state);
  BOOST_TEST(in->phase == out.phase);
  BOOST_TEST(in->phases == out.phases);
  BOOST_TEST(in->phase_name == out.phase_name);
  BOOST_TEST(in->elapsed == out.elapsed);
  BOOST_TEST(in->remaining == out.remaining);
  BOOST_TEST(in->phase_elapsed == out.phase_elapsed);
  BOOST_TEST(in->phase_remaining == out.phase_remaining);
  BOOST_TEST(in->rate == out.rate);
  BOOST_TEST(in->errors == out.errors);
  BOOST_TEST(in->p50 == out.p50);
  BOOST_TEST(in->p99 == out.p99);
  BOOST_TEST(in->cpu.value_or(-1) == 0.34);
  BOOST_TEST(!in->memory.has_value());
  BOOST_TEST(in->ladder == out.ladder);
  BOOST_TEST(in->final);
  BOOST_TEST(in->reported);
  BOOST_TEST(in->exit_code == out.exit_code);
  BOOST_TEST(in->sentence == out.sentence);
  BOOST_TEST(in->updated_wall_ns == out.updated_wall_ns);
  BOOST_REQUIRE_EQUAL(in->lines.size(), 2u);
  BOOST_TEST(in->lines[0].wall_ns == out.lines[0].wall_ns);
  BOOST_TEST(in->lines[1].number == 2u);
  BOOST_TEST(in->lines[1].text == out.lines[1].text);
}

BOOST_AUTO_TEST_CASE(a_later_status_replaces_the_earlier) {
  const TemporaryFolder folder;
  RunStatus one;
  one.state = "baseline";
  BOOST_REQUIRE(write_status(folder.path(), one));
  one.state = "phase";
  BOOST_REQUIRE(write_status(folder.path(), one));
  const auto in = read_status(folder.path());
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(in), why(in));
  BOOST_TEST(in->state == "phase");
  BOOST_TEST(in->exit_code == -1);
  BOOST_TEST(!in->final);
}

BOOST_AUTO_TEST_CASE(no_status_and_garbage_are_internal_errors) {
  const TemporaryFolder folder;
  const auto none = read_status(folder.path());
  BOOST_REQUIRE(!none);
  BOOST_TEST((none.error().code == ExitCode::internal));
  for (const char* text : {"", "{", "[1,2]", "null", "\x01\xff\xfe", "{\"phase\": 1,}"}) {
    BOOST_TEST_CONTEXT(text) {
      folder.write("status.json", text);
      const auto in = read_status(folder.path());
      BOOST_REQUIRE(!in);
      BOOST_TEST((in.error().code == ExitCode::internal));
      BOOST_TEST(in.error().line().find("status.json") != std::string::npos, why(in));
    }
  }
}

BOOST_AUTO_TEST_CASE(fields_of_another_type_or_size_are_none) {
  const TemporaryFolder folder;
  folder.write("status.json",
               R"({"run_id": 7, "phase": 1e99, "phases": -1.5, "p50": "fast", "cpu": "0.5",
                   "final": 1, "updated_wall_ns": -3, "lines": [1, {"text": 2, "number": "x"}]})");
  const auto in = read_status(folder.path());
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(in), why(in));
  BOOST_TEST(in->run_id == "");
  BOOST_TEST(in->phase == 0);
  BOOST_TEST(in->phases == 0);
  BOOST_TEST(in->p50 == 0);
  BOOST_TEST(!in->cpu.has_value());
  BOOST_TEST(!in->final);
  BOOST_TEST(in->updated_wall_ns == 0u);
  BOOST_REQUIRE_EQUAL(in->lines.size(), 1u);
  BOOST_TEST(in->lines[0].text == "");
}

BOOST_AUTO_TEST_CASE(an_end_without_its_exit_code_is_no_end) {
  const TemporaryFolder folder;
  for (const char* text : {R"({"final": true})", R"({"final": true, "exit_code": -1})"}) {
    folder.write("status.json", text);
    const auto in = read_status(folder.path());
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(in), why(in));
    BOOST_TEST(!in->final);
    BOOST_TEST(in->exit_code == -1);
  }
}

BOOST_AUTO_TEST_CASE(figures_that_are_no_numbers_stay_readable) {
  const TemporaryFolder folder;
  RunStatus out;
  out.p99 = std::numeric_limits<double>::quiet_NaN();
  out.rate = std::numeric_limits<double>::infinity();
  out.cpu = std::numeric_limits<double>::quiet_NaN();
  BOOST_REQUIRE(write_status(folder.path(), out));
  const auto in = read_status(folder.path());
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(in), why(in));
  BOOST_TEST(in->p99 == 0);
  BOOST_TEST(in->rate == 0);
  BOOST_TEST(!in->cpu.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
