// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "base/json.h"
#include "campaign/documents/documents.h"
#include "campaign/journal_fixture.h"

using namespace ordeal;
using ordeal::test::BlockCounts;
using ordeal::test::JournalFixture;
using ordeal::test::phase_result;
using ordeal::test::why;
namespace json = boost::json;

namespace {

json::value parsed(const Result<std::string>& text) {
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(text), why(text));
  auto value = parse_json(*text, "document");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(value), why(value));
  return std::move(*value);
}

json::value at(const json::value& document, const char* pointer) {
  const json::value* found = at_pointer(document, pointer);
  BOOST_REQUIRE_MESSAGE(found != nullptr, pointer);
  return *found;
}

double number(const json::value& document, const char* pointer) {
  const json::value value = at(document, pointer);
  BOOST_REQUIRE_MESSAGE(value.is_number(), pointer << " is " << json::serialize(value));
  return value.to_number<double>();
}

std::string text(const json::value& document, const char* pointer) {
  const json::value value = at(document, pointer);
  BOOST_REQUIRE_MESSAGE(value.is_string(), pointer << " is " << json::serialize(value));
  return value.as_string().c_str();
}

CampaignVerdict verdict_of(JournalFixture& fixture) {
  auto verdict = judge_campaign(*fixture.reader());
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(verdict), why(verdict));
  return *verdict;
}

PhaseJudgement judged(JournalFixture& fixture, std::int32_t index) {
  auto judgement = judge_phase(*fixture.reader(), index);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(judgement), why(judgement));
  return *judgement;
}

bool contains(const std::vector<std::string>& texts, const std::string& part) {
  for (const auto& one : texts) {
    if (one.find(part) != std::string::npos) return true;
  }
  return false;
}

bool contains(const std::vector<VerdictReason>& reasons, const std::string& part) {
  for (const auto& one : reasons) {
    if (one.text.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(documents)

BOOST_AUTO_TEST_CASE(plugin_trouble_is_added_up_by_plugin_component_and_kind) {
  JournalFixture fixture;
  for (const auto& step : test::full_story()) step(fixture);
  for (int i = 0; i < 3; ++i)
    fixture.event("plugin", "trouble", 60 + i, 0,
                  R"({"plugin":"org.example.spy 2.0.0","component":null,"kind":"denied",
                  "count":5,"reason":"socket() was denied"})");
  fixture.event("plugin", "cell_died", 64, 0,
                R"({"plugin":"org.a 1.0.0, org.b 1.1.0","plugins":["org.a 1.0.0","org.b 1.1.0",
                "org.a 1.0.0"],"cell":"service","how":"hung for 5 s, killed"})");
  fixture.event("safety", "rule_verdict", 65, 0,
                R"({"rule":"late","plugin":"org.example.late 0.1.0","level":"hold",
                "metric":"rule deadline","reason":"rule late: it missed its deadline 2 times"})");
  fixture.event("plugin", "report_failed", 66, 0,
                R"({"plugin":"org.example.pdf 3.0.0","component":"pdf","stage":2,
                "reason":"its cell died: signal SIGSEGV"})");
  const auto document = parsed(campaign_document(*fixture.reader()));
  const json::value list = at(document, "/plugins/trouble");
  std::string all;
  for (const auto& one : list.as_array())
    all += text(one, "/plugin") + " " + text(one, "/version") + " " + text(one, "/kind") + " x" +
           std::to_string(static_cast<int>(number(one, "/count"))) + "\n";
  BOOST_TEST(all ==
             "org.a 1.0.0 hang x1\n"
             "org.b 1.1.0 hang x1\n"
             "org.example.late 0.1.0 overrun x1\n"
             "org.example.pdf 3.0.0 crash x1\n"
             "org.example.spy 2.0.0 denied x15\n"
             "org.ordeal.http 0.1.0 crash x1\n");
}

BOOST_AUTO_TEST_CASE(a_phase_document_carries_what_the_journal_counted) {
  JournalFixture fixture;
  for (const auto& step : test::full_story()) step(fixture);
  const auto document = parsed(phase_document(*fixture.reader(), 0));

  BOOST_TEST(text(document, "/document") == "phase");
  BOOST_TEST(text(document, "/state") == "done");
  BOOST_TEST(text(document, "/start_time") == "2026-11-23T17:00:02Z");
  BOOST_TEST(number(document, "/duration_seconds") == 30.2, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(number(document, "/test_result/summary/total_operations") == 3000);
  BOOST_TEST(number(document, "/test_result/summary/successful_operations") == 2990);
  BOOST_TEST(number(document, "/test_result/summary/failed_operations") == 10);
  BOOST_TEST(number(document, "/test_result/summary/success_rate") == 2990.0 / 3000,
             boost::test_tools::tolerance(1e-12));
  // 30 s planned, 5 s of them warm-up; draining does not count.
  BOOST_TEST(number(document, "/test_result/summary/operations_per_second") == 3000 / 25.0,
             boost::test_tools::tolerance(1e-9));
  BOOST_TEST(number(document, "/test_result/summary/p99_response_time") == 0.002,
             boost::test_tools::tolerance(0.002));
  BOOST_TEST(number(document, "/test_result/operation_breakdown/http.get/total_operations") ==
             3000);
  BOOST_TEST(number(document, "/test_result/outcomes/fail") == 10);
  BOOST_TEST(text(document, "/test_result/errors/0/class") == "fail");
  BOOST_TEST(number(document, "/test_result/errors/0/code") == 503);
  BOOST_TEST(number(document, "/test_result/errors/0/count") == 10);
  BOOST_TEST(at(document, "/test_result/errors").as_array().size() == 1u);
  BOOST_TEST(number(document, "/service_time/max") == 0.004, boost::test_tools::tolerance(0.002));
  BOOST_TEST(number(document, "/service_time/p90") == 0.001, boost::test_tools::tolerance(0.002));
  BOOST_TEST(number(document, "/service_time/p999") == 0.004, boost::test_tools::tolerance(0.002));
  BOOST_TEST(number(document, "/service_time/count") == 1000);
  BOOST_TEST(number(document, "/marks/connect/count") == 1000);
  BOOST_TEST(number(document, "/marks/connect/avg") == 0.00103,
             boost::test_tools::tolerance(0.002));
  BOOST_TEST(number(document, "/marks/connect/p999") == 0.004, boost::test_tools::tolerance(0.002));
  BOOST_TEST(number(document, "/wire/requests_sent/total") == 3503);
  BOOST_TEST(number(document, "/connections/opened") == 4);
  BOOST_TEST(number(document, "/connections/failed") == 1);
  BOOST_TEST(number(document, "/connections/renewed") == 2);
  BOOST_TEST(text(document, "/phase_analysis/result") == "passed");
  BOOST_TEST(text(document, "/phase_analysis/performance_rating") == "EXCELLENT");
  BOOST_TEST(at(document, "/phase_analysis/meets_success_rate_requirement").as_bool());
  BOOST_TEST(at(document, "/success").as_bool());
  BOOST_TEST(at(document, "/plugin_events").as_array().size() == 1u);
  BOOST_TEST(text(document, "/plugin_events/0/text").find("signal SIGKILL") != std::string::npos);
  BOOST_TEST(at(document, "/safety_events").as_array().empty());
  // Short enough for one point per second: 30 of them, 100 operations each.
  BOOST_TEST(at(document, "/series/operations/t").as_array().size() == 30u);
  BOOST_TEST(number(document, "/series/operations/ok/0") == 100);
  BOOST_TEST(number(document, "/series/operations/t/1") == 1);
}

BOOST_AUTO_TEST_CASE(a_phase_document_says_how_its_load_was_made) {
  JournalFixture fixture;
  for (const auto& step : test::full_story()) step(fixture);
  const auto document = parsed(phase_document(*fixture.reader(), 0));
  BOOST_TEST(text(document, "/load_model/text") ==
             "open: 50/s to 150/s over 30s; 4 connections; timeout 10s");
  BOOST_TEST(number(document, "/load_model/rates/0/to") == 150);
  BOOST_TEST(number(document, "/load_model/renewed_after") == 10);
  BOOST_TEST(text(document, "/load_model/entries/0/load") == "http");
  BOOST_TEST(text(document, "/load_model/entries/0/feeder/order") == "unique");
  BOOST_TEST(number(document, "/load_model/entries/0/seed") == 8);
  BOOST_TEST(number(document, "/test_result/summary/timed_operations") == 3000);
  BOOST_TEST(at(parsed(phase_document(*fixture.reader(), 1)), "/load_model").is_null());
}

BOOST_AUTO_TEST_CASE(a_code_comes_with_its_meaning) {
  JournalFixture fixture;
  for (const auto& step : test::full_story()) step(fixture);
  BOOST_TEST(at(parsed(phase_document(*fixture.reader(), 0)), "/test_result/errors/0")
                 .as_object()
                 .if_contains("meaning") == nullptr);
  fixture.end_phase(0, 2, 32.2, phase_result(R"({"codes":[
      {"load":0,"kind":0,"code":903,"count":6},{"load":0,"kind":0,"code":-1010,"count":4}]})"));
  const auto document = parsed(phase_document(*fixture.reader(), 0));
  BOOST_TEST(number(document, "/test_result/errors/0/code") == 903);
  BOOST_TEST(text(document, "/test_result/errors/0/meaning") == "the body lacks the text");
  BOOST_TEST(text(document, "/test_result/errors/1/meaning") == "the certificate has expired");
}

BOOST_AUTO_TEST_CASE(no_failure_is_listed_twice) {
  struct Case {
    BlockCounts counts;
    std::string codes;
    std::string expected;
  };
  const auto coded = [](int code, int count) {
    return R"({"load":0,"kind":0,"code":)" + std::to_string(code) + R"(,"count":)" +
           std::to_string(count) + "}";
  };
  // Of three blocks each.
  for (const Case& c :
       {Case{{.dropped = 100}, coded(111, 300), "dropped 111 300; "},
        Case{{.dropped = 100}, coded(61, 299), "dropped 61 299; dropped null 1; "},
        Case{{.refused = 2, .dropped = 1}, coded(104, 6), "refused 104 6; dropped null 3; "},
        Case{{.refused = 1, .dropped = 100},
             coded(104, 3) + "," + coded(111, 300),
             "null 104 3; null 111 300; "},
        Case{{.timeout = 5, .dropped = 1}, coded(111, 3), "dropped 111 3; timeout null 15; "}}) {
    JournalFixture fixture;
    fixture.set_up();
    fixture.whole_phase(0, 2, c.counts, phase_result("{\"codes\":[" + c.codes + "]}"));
    const auto errors = at(parsed(phase_document(*fixture.reader(), 0)), "/test_result/errors");
    std::string said;
    for (const auto& one : errors.as_array()) {
      const auto& cls = one.at("class");
      said += (cls.is_string() ? std::string(cls.as_string()) : "null") + " " +
              boost::json::serialize(one.at("code")) + " " +
              boost::json::serialize(one.at("count")) + "; ";
    }
    BOOST_TEST(said == c.expected);
  }
}

BOOST_AUTO_TEST_CASE(a_campaign_that_passes_is_a_go_with_its_evidence) {
  JournalFixture fixture;
  for (const auto& step : test::full_story()) step(fixture);
  const auto document = parsed(campaign_document(*fixture.reader()));

  BOOST_TEST(text(document, "/verdict/verdict") == "go");
  BOOST_TEST(number(document, "/verdict/exit_code") == 0);
  BOOST_TEST(text(document, "/headline").find("time scale") != std::string::npos);
  BOOST_TEST(text(document, "/headline").find("GO") != std::string::npos);
  BOOST_TEST(number(document, "/verdict/reasons/0/evidence/measured") == 1);
  BOOST_TEST(number(document, "/campaign_summary/total_operations") == 5100);
  BOOST_TEST(number(document, "/campaign_summary/successful_phases") == 2);
  BOOST_TEST(number(document, "/campaign_info/baseline_health_score") == 95);
  BOOST_TEST(text(document, "/reproduce") == "ordeal run 'my file.json' --yes");
  BOOST_TEST(at(document, "/assertions").as_array().size() == 3u);
  BOOST_TEST(text(document, "/assertions/0/assertion") == "success >= 95%");
  BOOST_TEST(text(document, "/readiness_check/document") == "readiness");
  // Memory from 25 to 50 % used under a limit of 80 %; two processors 20 % busy; disk half full.
  BOOST_TEST(number(document, "/resource_impact_summary/memory/max") == 0.5);
  BOOST_TEST(number(document, "/resource_impact_summary/cpu/avg") == 0.2,
             boost::test_tools::tolerance(1e-9));
  BOOST_TEST(text(document, "/resource_impact_summary/per_process/0/name") == "server, v2");
  BOOST_TEST(number(document, "/resource_impact_summary/per_process/0/pid") == 4711);
  BOOST_TEST(text(document, "/safety/events/0/level") == "throttle");
  BOOST_TEST(text(document, "/safety/nearest_margin/sensor") == "memory");
  BOOST_TEST(number(document, "/safety/nearest_margin/left_percent") == 100 * 30.0 / 55,
             boost::test_tools::tolerance(1e-9));
  BOOST_TEST(number(document, "/readiness_check/system_resources/cpu_count") == 2);
  BOOST_TEST(number(document, "/measurement/bus_drops/0/dropped") == 3);
  BOOST_TEST(!at(document, "/phase_results/0").as_object().contains("series"));
  // Both attempts of phase 1 are drawn; only the second has a result.
  BOOST_TEST(at(document, "/series/phases").as_array().size() == 3u);
  BOOST_TEST(at(document, "/series/phases/1/result").is_null());
  BOOST_TEST(text(document, "/series/phases/1/state") == "interrupted");
  BOOST_TEST(text(document, "/series/phases/2/result") == "passed");
  BOOST_TEST(at(document, "/recommendations").as_array().size() >= 1u);
}

BOOST_AUTO_TEST_CASE(only_the_last_attempt_counts) {
  JournalFixture fixture;
  for (const auto& step : test::full_story()) step(fixture);
  // The first attempt had 990 failures of 1,000; the second has 2,100 good operations.
  const auto document = parsed(phase_document(*fixture.reader(), 1));
  BOOST_TEST(number(document, "/test_result/summary/total_operations") == 2100);
  BOOST_TEST(number(document, "/test_result/summary/failed_operations") == 0);
  BOOST_TEST(number(document, "/phase_info/attempt") == 2);
  BOOST_TEST(at(document, "/attempts").as_array().size() == 2u);
  BOOST_TEST(text(document, "/attempts/0/state") == "interrupted");
  BOOST_TEST(!at(document, "/attempts/0/counted").as_bool());
}

BOOST_AUTO_TEST_CASE(a_missed_limit_fails_the_phase_and_the_campaign_and_is_named) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.whole_phase(0, 2, {.ok = 900, .fail = 100});
  fixture.whole_phase(1, 40, {});
  fixture.end(0, "finished");
  BOOST_TEST((judged(fixture, 0).result == PhaseResult::failed));
  const auto verdict = verdict_of(fixture);
  BOOST_TEST(static_cast<int>(verdict.exit_code) == 99);
  BOOST_TEST(verdict.verdict == "no-go");
  BOOST_TEST(contains(verdict.reasons, "phase warm failed: success was 90 %, limit 95 %"));
}

BOOST_AUTO_TEST_CASE(a_target_that_is_gone_is_a_failure_not_an_invalid_measurement) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.begin_phase(0, 2);
  fixture.block(0, 2, {});
  fixture.block(0, 12, {.ok = 0, .refused = 100, .dropped = 900});
  fixture.block(0, 22, {.ok = 0, .refused = 100, .dropped = 900});
  fixture.end_phase(0, 2, 32, phase_result(R"({"generator":{"send_rate":0.4}})"));
  fixture.end(0, "finished");
  const auto phase = judged(fixture, 0);
  BOOST_TEST((phase.result == PhaseResult::failed));
  BOOST_TEST(contains(phase.reasons, "success was 33.3 %"));
}

BOOST_AUTO_TEST_CASE(a_generator_that_was_the_bottleneck_is_never_a_pass) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.whole_phase(0, 2, {}, phase_result(R"({"generator":{"send_rate":0.9}})"));
  fixture.whole_phase(1, 40, {},
                      phase_result(R"({"valid":false,"invalid_reasons":["send lag p99 2 s"]})"));
  fixture.end(0, "finished");
  BOOST_TEST((judged(fixture, 0).result == PhaseResult::invalid));
  BOOST_TEST((judged(fixture, 1).result == PhaseResult::invalid));
  BOOST_TEST(!judged(fixture, 1).success);
  const auto verdict = verdict_of(fixture);
  BOOST_TEST(static_cast<int>(verdict.exit_code) == 114);
  BOOST_TEST(contains(verdict.reasons, "send lag p99 2 s"));
  const auto document = parsed(phase_document(*fixture.reader(), 1));
  BOOST_TEST(!at(document, "/measurement/valid").as_bool());
}

BOOST_AUTO_TEST_CASE(over_a_hundredth_missing_is_invalid) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.whole_phase(0, 2, {}, phase_result(R"({"missing_share":0.02})"));
  fixture.whole_phase(1, 40, {}, phase_result(R"({"missing_share":0.009})"));
  BOOST_TEST((judged(fixture, 0).result == PhaseResult::invalid));
  BOOST_TEST((judged(fixture, 1).result == PhaseResult::passed));
}

BOOST_AUTO_TEST_CASE(no_data_is_never_a_pass) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.begin_phase(0, 2);
  fixture.end_phase(0, 2, 32);
  fixture.end(0, "finished");
  const auto phase = judged(fixture, 0);
  BOOST_TEST((phase.result == PhaseResult::inconclusive));
  BOOST_TEST(!phase.success);
  const auto document = parsed(phase_document(*fixture.reader(), 0));
  BOOST_TEST(at(document, "/test_result/summary/avg_response_time").is_null());
  BOOST_TEST(at(document, "/test_result/summary/success_rate").is_null());
  BOOST_TEST(text(document, "/phase_analysis/performance_rating") == "NO_DATA");
  BOOST_TEST(static_cast<int>(verdict_of(fixture).exit_code) == 115);
}

BOOST_AUTO_TEST_CASE(too_few_samples_for_a_percentile_are_inconclusive) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.begin_phase(1, 2);
  fixture.block(1, 2, {.ok = 100});
  fixture.end_phase(1, 2, 32);
  const auto phase = judged(fixture, 1);
  BOOST_TEST((phase.result == PhaseResult::inconclusive));
  BOOST_TEST((phase.assertions.at(0).result == SloResult::not_estimable));
  BOOST_TEST(phase.assertions.at(0).samples_needed == 368u);
}

BOOST_AUTO_TEST_CASE(a_phase_that_is_not_to_be_judged_neither_passes_nor_fails) {
  JournalFixture fixture;
  fixture.set_up();
  const auto plan = JournalFixture::plan(0, "", false);
  fixture.whole_phase(0, 2, {.ok = 0, .fail = 1000}, "", plan);
  fixture.whole_phase(1, 40, {});
  fixture.end(0, "finished");
  const auto phase = judged(fixture, 0);
  BOOST_TEST((phase.result == PhaseResult::not_judged));
  BOOST_TEST(!phase.success);
  BOOST_TEST((phase.assertions.at(0).result == SloResult::not_judged));
  BOOST_TEST(static_cast<int>(verdict_of(fixture).exit_code) == 0);
}

BOOST_AUTO_TEST_CASE(a_controller_that_died_leaves_an_incomplete_run) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.whole_phase(0, 2, {});
  fixture.begin_phase(1, 40);
  fixture.block(1, 40, {});
  const auto verdict = verdict_of(fixture);
  BOOST_TEST(verdict.verdict == "incomplete");
  BOOST_TEST(static_cast<int>(verdict.exit_code) == 116);
  const auto document = parsed(phase_document(*fixture.reader(), 1));
  BOOST_TEST(text(document, "/state") == "interrupted");
  BOOST_TEST(at(document, "/end_time").is_null());
  BOOST_TEST(at(document, "/measurement/valid").is_null());
  BOOST_TEST(at(document, "/wire/requests_sent/total").is_null());
  BOOST_TEST(at(document, "/connections/renewed").is_null());
  BOOST_TEST(text(document, "/phase_analysis/result") == "stopped");
  // Ten seconds are known, and the rate is of these.
  BOOST_TEST(number(document, "/test_result/summary/operations_per_second") == 100,
             boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_guardians_evidence_says_why_a_controller_could_not) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.begin_phase(0, 2);
  fixture.event("safety", "guardian", 9, -1,
                R"({"level":"limit","rule":"guardian","reason":"memory: 96 % used, limit 80 %"})");
  const auto verdict = verdict_of(fixture);
  BOOST_TEST(static_cast<int>(verdict.exit_code) == 111);
  BOOST_TEST(verdict.sentence.find("96 % used") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(ends_map_to_their_exit_codes) {
  const struct {
    const char* reason;
    int code;
  } ends[] = {{"person", 105},     {"safety", 111}, {"guardian_lost", 116},
              {"incomplete", 116}, {"finished", 0}, {"controller_error", 109}};
  for (const auto& end : ends) {
    JournalFixture fixture;
    fixture.set_up();
    fixture.whole_phase(0, 2, {});
    fixture.whole_phase(1, 40, {});
    fixture.end(end.code, end.reason);
    BOOST_TEST_INFO(end.reason);
    BOOST_TEST(static_cast<int>(verdict_of(fixture).exit_code) == end.code);
  }
}

BOOST_AUTO_TEST_CASE(a_refused_preflight_keeps_its_code) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.set("readiness",
              R"({"ready":false,"checks":[{"name":"memory","ok":false,"detail":"1 % free"}]})");
  fixture.end(112, "finished");
  const auto verdict = verdict_of(fixture);
  BOOST_TEST(static_cast<int>(verdict.exit_code) == 112);
  BOOST_TEST(verdict.sentence.find("1 % free") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_lost_control_event_fails_the_run) {
  JournalFixture fixture;
  for (const auto& step : test::full_story()) step(fixture);
  fixture.set("bus_drops",
              R"([{"topic":"safety/1","subscriber":"journal","dropped":1,"replaced":0}])");
  BOOST_TEST(static_cast<int>(verdict_of(fixture).exit_code) == 109);
}

BOOST_AUTO_TEST_CASE(a_stopped_phase_names_who_stopped_it) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.begin_phase(0, 2);
  fixture.block(0, 2, {.ok = 990, .cancelled = 10});
  fixture.end_phase(0, 2, 12, phase_result(R"({"stop_reason":"person"})"), "stopped");
  fixture.end(105, "person");
  const auto phase = judged(fixture, 0);
  BOOST_TEST((phase.result == PhaseResult::stopped));
  BOOST_TEST(contains(phase.reasons, "stopped by a person"));
  const auto document = parsed(phase_document(*fixture.reader(), 0));
  BOOST_TEST(number(document, "/test_result/summary/total_operations") == 990);
  BOOST_TEST(number(document, "/test_result/summary/cancelled_operations") == 10);
}

BOOST_AUTO_TEST_CASE(figures_of_two_kinds_are_told_apart) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.begin_phase(0, 2);
  fixture.block(0, 2, {.ok = 600, .latency_ns = 1'000'000}, 0);
  fixture.block(0, 2, {.ok = 400, .latency_ns = 9'000'000}, 1);
  fixture.end_phase(0, 2, 32);
  const auto document = parsed(phase_document(*fixture.reader(), 0));
  BOOST_TEST(number(document, "/test_result/operation_breakdown/http.get/total_operations") == 600);
  BOOST_TEST(
      number(document, "/test_result/operation_breakdown/http.post/p50_response_time") == 0.009,
      boost::test_tools::tolerance(0.002));
  BOOST_TEST(number(document, "/test_result/summary/total_operations") == 1000);
  BOOST_TEST(number(document, "/test_result/summary/avg_response_time") == 0.0042,
             boost::test_tools::tolerance(0.002));
  // One point for both kinds, not two.
  BOOST_TEST(at(document, "/series/operations/t").as_array().size() == 10u);
  BOOST_TEST(number(document, "/series/operations/ok/0") == 100);
}

BOOST_AUTO_TEST_CASE(a_hole_in_the_figures_is_a_gap) {
  JournalFixture fixture;
  fixture.set_up();
  fixture.begin_phase(0, 2);
  fixture.block(0, 2, {});
  fixture.block(0, 22, {});
  fixture.end_phase(0, 2, 32);
  const auto document = parsed(phase_document(*fixture.reader(), 0));
  BOOST_TEST(at(document, "/series/gaps").as_array().size() == 1u);
  BOOST_TEST(number(document, "/series/gaps/0/start") == 10);
  BOOST_TEST(number(document, "/series/gaps/0/end") == 20);
}

BOOST_AUTO_TEST_CASE(the_phase_that_never_was_is_an_error) {
  JournalFixture fixture;
  fixture.set_up();
  BOOST_TEST(!static_cast<bool>(phase_document(*fixture.reader(), 0)));
  BOOST_TEST(!static_cast<bool>(judge_phase(*fixture.reader(), 0)));
}

BOOST_AUTO_TEST_CASE(report_names_are_safe_for_files) {
  BOOST_TEST(phase_report_name(0, "warmup") == "phase_report_1_warmup.json");
  BOOST_TEST(phase_report_name(6, "../stress test") == "phase_report_7_.._stress_test.json");
}

BOOST_AUTO_TEST_SUITE_END()
