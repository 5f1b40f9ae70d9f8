// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "plugins/rendered.h"

using report_test::contains;
using report_test::fixture;
using report_test::render;
using report_test::replaced;
using report_test::with_drops;

namespace {

std::string summary(std::string_view document) {
  auto rendered = render("text", ORDEAL_STAGE_CAMPAIGN, document);
  BOOST_REQUIRE_MESSAGE(rendered.status == ORDEAL_OK, rendered.error);
  BOOST_REQUIRE_EQUAL(rendered.files.count("campaign_summary.txt"), 1u);
  return rendered.files["campaign_summary.txt"];
}

/// With every line break and its indent a blank.
std::string on_one_line(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (const char next = c == '\n' ? ' ' : c; next != ' ' || !out.ends_with(' ')) out += next;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_text)

BOOST_AUTO_TEST_CASE(the_verdict_stands_first) {
  const std::string text = summary(fixture("campaign.json"));
  BOOST_TEST(text.starts_with("NO-GO: overnight on build-7: stress_test missed p99 < 500 ms"));
  const std::size_t sentence = text.find("Six of eight phases passed");
  BOOST_TEST(sentence < text.find("ASSERTIONS"));
  BOOST_TEST(text.find("Six of eight", sentence + 1) == std::string::npos, "said twice");
}

BOOST_AUTO_TEST_CASE(it_says_all_that_a_person_needs) {
  const std::string text = summary(fixture("campaign.json"));
  for (const char* part : {"ASSERTIONS",
                           "MISSED",
                           "unjudged",
                           "PHASES",
                           "7 stress_test",
                           "! failed",
                           "! invalid",
                           "CAPACITY",
                           "Most load that passed: 313/s ok in high_load_2",
                           "ERRORS",
                           "429",
                           "throttled",
                           "9,412 operations never sent",
                           "SAFETY EVENTS",
                           "rate halved",
                           "PLUGIN TROUBLE",
                           "signal SIGKILL",
                           "MEASUREMENT",
                           "WHAT TO DO",
                           "Keep the target below 330/s",
                           "ordeal run overnight --seed 7"}) {
    BOOST_TEST(contains(text, part), "missing: " << part);
  }
}

BOOST_AUTO_TEST_CASE(the_heaviest_processes_of_a_stopped_run_are_named) {
  const std::string text = summary(
      replaced(fixture("campaign.json"), "\"evidence\":[]",
               R"("evidence":[{"type":"sensors","text":"0.4 s before: MemAvailable 311 MiB"},
                     {"type":"process","text":"by memory, 0.3 s before: 77 hog"}])"));
  BOOST_TEST(contains(text, "by memory, 0.3 s before: 77 hog"));
}

BOOST_AUTO_TEST_CASE(dropped_events_name_topic_and_subscriber) {
  const std::string text = summary(with_drops());
  BOOST_TEST(contains(text,
                      "  - 41 events of com.acme.kv/hot-keys did not reach com.acme.view 2.1.0 "
                      "(report keys)\n"));
  BOOST_TEST(!contains(text, "com.acme.kv/state"));
}

BOOST_AUTO_TEST_CASE(a_code_is_said_with_its_meaning) {
  const std::string text = summary(replaced(fixture("campaign.json"), "\"code\":500,\"count\":5}",
                                            "\"code\":903,\"meaning\":\"the body lacks the text\","
                                            "\"count\":5}"));
  BOOST_TEST(contains(text, "903: the body lacks the text"));
  BOOST_TEST(contains(text, "  500  "));
}

BOOST_AUTO_TEST_CASE(columns_line_up) {
  const std::string text = summary(fixture("campaign.json"));
  const std::size_t begin = text.find("\nPHASES\n") + 8;
  const std::string table = text.substr(begin, text.find("\n\n", begin) - begin);
  std::size_t place = std::string::npos;
  for (std::size_t at = 0; at < table.size();) {
    const std::size_t end = std::min(table.find('\n', at), table.size());
    const std::string line = table.substr(at, end - at);
    const std::size_t slash = line.find("/s");
    BOOST_REQUIRE(slash != std::string::npos);
    if (place != std::string::npos) BOOST_TEST(slash == place, line);
    place = slash;
    at = end + 1;
  }
}

BOOST_AUTO_TEST_CASE(the_same_document_gives_the_same_bytes) {
  const std::string document = fixture("campaign.json");
  BOOST_TEST((summary(document) == summary(document)));
}

BOOST_AUTO_TEST_CASE(no_escape_reaches_the_terminal) {
  const std::string text =
      summary(replaced(fixture("campaign.json"), "\"hostname\":\"build-7\"",
                       "\"hostname\":\"a\\u001b[2J\\r\\nb\\u009b31m\\u0000c\""));
  for (const char c : text) {
    const bool shown = static_cast<unsigned char>(c) >= 0x20 || c == '\n';
    BOOST_REQUIRE(shown && c != 0x7f);
  }
  BOOST_TEST(!contains(text, "\xc2\x9b"));
  BOOST_TEST(contains(text, "a?[2J"));
}

BOOST_AUTO_TEST_CASE(a_document_with_nothing_in_it_is_told_as_such) {
  const std::string text = summary(R"({"document":"campaign","version":1})");
  for (const char* part : {"NO VERDICT", "nothing was judged", "none ran", "SAFETY EVENTS\n  none",
                           "PLUGIN TROUBLE\n  none", "validity unknown"})
    BOOST_TEST(contains(text, part), "missing: " << part << " in\n" << text);
}

BOOST_AUTO_TEST_CASE(missing_figures_are_no_zeros) {
  const std::string text = summary(
      R"({"document":"campaign","version":1,"phase_results":[{"phase_info":{"index":0,"name":"one"},
          "test_result":{"summary":{"p99_response_time":null}}}]})");
  BOOST_TEST(contains(text, "1 one"));
  BOOST_TEST(!contains(text, "0 ms"));
}

BOOST_AUTO_TEST_CASE(other_stages_write_nothing) {
  const auto rendered = render("text", ORDEAL_STAGE_PHASE, fixture("phase.json"));
  BOOST_TEST(rendered.status == ORDEAL_OK);
  BOOST_TEST(rendered.files.empty());
}

BOOST_AUTO_TEST_CASE(latency_service_time_and_marks_stand_side_by_side) {
  const std::string text = summary(fixture("campaign.json"));
  const auto at = text.find("TIMES (latency: from the intended start; service: from the actual");
  BOOST_REQUIRE(at != std::string::npos);
  const std::string times = text.substr(at, text.find("\n\n", at) - at);
  std::size_t place = 0;
  for (const char* part : {"7 stress_test", "latency", "service", "connect", "first_byte"}) {
    const std::size_t next = times.find(part, place);
    BOOST_TEST((next != std::string::npos && next > place), part << " is missing in " << times);
    place = next;
  }
  // p50, p90, p99, p99.9, max, n of the phase that failed.
  const std::string row = on_one_line(times);
  BOOST_TEST(contains(row, " latency 7.88 ms 1.3 s 2.9 s 5.51 s 8.99 s 2,747,520 "), row);
  BOOST_TEST(contains(row, " service 7.88 ms 1.04 s 2.03 s 3.86 s 6.29 s 2,747,520 "), row);
}

BOOST_AUTO_TEST_CASE(the_load_of_every_phase_is_said_in_words) {
  const std::string text = summary(fixture("campaign.json"));
  const auto at = text.find("\nLOAD\n");
  BOOST_REQUIRE(at != std::string::npos);
  const std::string load = on_one_line(text.substr(at, text.find("\n\n", at + 1) - at));
  for (const char* part :
       {" - 1 warmup: open: 20/s; 2 connections; timeout 10s [2 connections opened] - 2 light",
        " 9,412 operations never sent]", ", 212 not opened, 31 requests of further attempts]",
        " - http, in 8 endurance_test: 1 worker; mix 8 get, 2 post seed 7",
        " - http, in 1 warmup, 2 light_load, "})
    BOOST_TEST(contains(load, part), part << " is missing in " << load);
  // Where all phases are alike it is said once; where a document says less, what it does say.
  const std::string alike =
      summary(replaced(fixture("campaign.json"), "\"1 worker; mix 8", "\"2 workers; mix 8"));
  BOOST_TEST(contains(alike, "  - http, in every phase: 2 workers; mix 8 get, 2 post\n"));
  const std::string less =
      summary(replaced(fixture("campaign.json"), "\"text\":\"open: 20/s;", "\"x\":\"open: 20/s;"));
  BOOST_TEST(contains(less, "  - 1 warmup: open, 2 connections, 20/s ["));
}

BOOST_AUTO_TEST_SUITE_END()
