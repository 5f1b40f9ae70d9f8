// SPDX-License-Identifier: Apache-2.0
// The commands around a run.
#include <signal.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "e2e/installed.h"
#include "e2e/nginx.h"

using namespace ordeal::testing;
namespace json = boost::json;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(version_and_help) {
  Installed ordeal;
  const auto version = ordeal.run({"--version"});
  BOOST_TEST(version.code == 0);
  BOOST_TEST(contains(version.out, "ordeal 0."));
  for (const char* command : {"run", "check", "baseline", "demo", "stop", "status", "watch", "runs",
                              "report", "monitor", "guard", "schema", "completion"}) {
    const auto help = ordeal.run({command, "--help"});
    BOOST_TEST_CONTEXT(command << help.err) {
      BOOST_TEST(help.code == 0);
      BOOST_TEST(contains(help.out, "Example:"));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_detached_run_is_followed_by_the_others) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const auto start =
      ordeal.run({"run", "quick", "--detach", "--set", "target.http=" + nginx.url(), "--set",
                  "phases.0.duration=5s", "--set", "baseline.duration=500ms"});
  BOOST_TEST_CONTEXT(start.err) { BOOST_REQUIRE(start.code == 0); }
  const std::string id = start.out.substr(0, start.out.find('\n'));
  BOOST_TEST(id == ordeal.run_id());
  BOOST_REQUIRE(ordeal.wait_for_load());

  const auto status = ordeal.run({"status", "--json"});
  const auto state = json::parse(status.out);
  BOOST_TEST(at(state, "/standing") == "running");
  BOOST_TEST(at(state, "/state") == "phase");
  BOOST_TEST(number_at(state, "/rate") > 0);
  BOOST_TEST(contains(ordeal.run({"status"}).out, "phase 1/1 load"));

  const auto watch = ordeal.run({"watch", id.substr(0, id.size() - 1)}, 40);
  BOOST_TEST_CONTEXT(watch.out + watch.err) { BOOST_TEST(watch.code == 0); }

  const auto runs = json::parse(ordeal.run({"runs", "--json"}).out);
  BOOST_TEST(at(runs, "/0/run_id") == id);
  BOOST_TEST(at(runs, "/0/state") == "ended");
  BOOST_TEST(number_at(runs, "/0/exit_code") == 0);

  // Reports are made again from the journal, the same bytes.
  const std::string summary = ordeal.run_dir() + "/reports/campaign_summary.txt";
  const std::string before = slurp(summary);
  fs::remove(summary);
  const auto report = ordeal.run({"report"});
  BOOST_TEST_CONTEXT(report.out + report.err) {
    BOOST_TEST(report.code == 0);
    BOOST_TEST(contains(report.out, "campaign_report.html"));
  }
  BOOST_TEST(slurp(summary) == before);
}

BOOST_AUTO_TEST_CASE(check_and_baseline_apply_no_load) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::uint64_t before = nginx.requests();
  const auto check = ordeal.run({"check", "quick", "--set", "target.http=" + nginx.url()});
  BOOST_TEST_CONTEXT(check.out + check.err) {
    BOOST_TEST(check.code == 0);
    BOOST_TEST(contains(check.out, "target"));
    BOOST_TEST(contains(check.out, "load http: 1 worker, operations "));
    BOOST_TEST(contains(check.out, "load_memory: the load's histograms take at most "));
  }
  const auto no_kind = ordeal.run({"check", "quick", "--set", "target.http=" + nginx.url(), "--set",
                                   R"(load.0.mix={"no-such":1})"});
  BOOST_TEST_CONTEXT(no_kind.out + no_kind.err) {
    BOOST_TEST(no_kind.code == 112);
    BOOST_TEST(contains(no_kind.out,
                        "FAILED  load http: mix: the scenario has no operation kind "
                        "'no-such'"));
  }
  BOOST_TEST(nginx.requests() == before);
  BOOST_TEST(ordeal.run_dirs().empty());
  const auto baseline =
      ordeal.run({"baseline", "quick", "--yes", "--set", "target.http=" + nginx.url()});
  BOOST_TEST_CONTEXT(baseline.out + baseline.err) { BOOST_TEST(baseline.code == 0); }
  BOOST_TEST(nginx.requests() - before == 20u);  // the probe
  BOOST_TEST(fs::exists(ordeal.run_dir() + "/reports/comprehensive_baseline_report.json"));
}

BOOST_AUTO_TEST_CASE(an_unhealthy_target_is_refused_by_name) {
  Installed ordeal;
  Nginx nginx(ordeal.folder(), 100);
  const auto run = ordeal.run({"run", "quick", "--yes", "--set", "target.http=" + nginx.url(),
                               "--set", "baseline.required_health=50"});
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(run.code == 112);
    BOOST_TEST(contains(run.out, "target 0"));
  }
  BOOST_TEST(nginx.requests() == 20u);  // the probe, and no load
}

BOOST_AUTO_TEST_CASE(monitor_reads_the_machine) {
  Installed ordeal;
  const auto monitor = ordeal.run({"monitor", "--interval", "0.2", "--count", "3", "--json"});
  BOOST_TEST_CONTEXT(monitor.err) { BOOST_TEST(monitor.code == 0); }
  BOOST_TEST(std::count(monitor.out.begin(), monitor.out.end(), '\n') == 3);
  BOOST_TEST(contains(monitor.out, "node_memory_MemAvailable_bytes"));
  BOOST_TEST(contains(ordeal.run({"monitor", "--interval", "0.1", "--count", "1"}).out, "memory"));
}

BOOST_AUTO_TEST_CASE(guard_runs_any_command) {
  Installed ordeal;
  const auto fine = ordeal.run({"guard", "--", "sh", "-c", "echo guarded; exit 7"});
  BOOST_TEST_CONTEXT(fine.err) {
    BOOST_TEST(fine.code == 7);
    BOOST_TEST(fine.out == "guarded\n");
  }
  const auto late = ordeal.run({"guard", "--max-duration", "500ms", "--", "sleep", "30"});
  BOOST_TEST_CONTEXT(late.err) { BOOST_TEST(late.code == 111); }
  BOOST_TEST(processes_of(ordeal.run_id()).empty());
}

BOOST_AUTO_TEST_CASE(plugins_schemas_and_completion_are_listed) {
  Installed ordeal;
  const auto list = ordeal.run({"plugin", "list"});
  BOOST_TEST(list.code == 0);
  for (const char* id :
       {"org.ordeal.http", "org.ordeal.system", "org.ordeal.process", "org.ordeal.threshold",
        "org.ordeal.pressure", "org.ordeal.rate-of-change", "org.ordeal.consecutive-failures",
        "org.ordeal.circuit-breaker", "org.ordeal.process-limits", "org.ordeal.target-alive",
        "org.ordeal.report-html"})
    BOOST_TEST(contains(list.out, id), id);
  BOOST_TEST(json::parse(ordeal.run({"plugin", "list", "--json"}).out).is_object());
  const auto info = ordeal.run({"plugin", "info", "org.ordeal.http"});
  BOOST_TEST(info.code == 0);
  BOOST_TEST(contains(info.out, "url"));
  BOOST_TEST(ordeal.run({"plugin", "info", "org.ordeal.htpt"}).code == 113);
  for (const char* name : {"campaign", "plugin-manifest", "readiness-report", "baseline-report",
                           "phase-report", "campaign-report"}) {
    const auto schema = ordeal.run({"schema", name});
    BOOST_TEST(schema.code == 0, name);
    BOOST_TEST(json::parse(schema.out).is_object());
  }
  const auto completion = ordeal.run({"completion", "bash"});
  BOOST_TEST(completion.code == 0);
  spill(ordeal.file("completion"), completion.out);
  const auto completed = ordeal::testing::run(
      {"bash", "-c",
       "source \"$0\"; COMP_WORDS=(ordeal ru); COMP_CWORD=1; _ordeal; echo \"${COMPREPLY[@]}\"",
       ordeal.file("completion")},
      {}, ordeal.folder());
  BOOST_TEST_CONTEXT(completed.err) { BOOST_TEST(completed.out == "run runs\n"); }
}

BOOST_AUTO_TEST_CASE(health_chooses_how_many_phases_run_and_a_mix_is_judged_before_load) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::string phase = R"({"name": "NAME", "duration": "1s", "connections": 2, "rate": 50,)"
                            R"( "slo": {"success": ">=99%"}})";
  std::string phases;
  for (const char* name : {"a", "b", "c", "d"}) {
    std::string one = phase;
    one.replace(one.find("NAME"), 4, name);
    phases += (phases.empty() ? "" : ", ") + one;
  }
  spill(ordeal.file("four.json"),
        R"({"campaign": "four", "version": 1, "duration": "30s", "load": [{"scenario": "http"}],)"
        R"("baseline": {"duration": "1s", "required_health": 0}, "phases": [)" +
            phases + "]}");
  const auto run =
      ordeal.run({"run", ordeal.file("four.json"), "--yes", "--set", "target.http=" + nginx.url(),
                  "--set", "escalate.select_by_health=true", "--set", "safety.cpu_percent=1",
                  "--set", "safety.check_interval=30s"});
  BOOST_TEST_CONTEXT(run.out + run.err) { BOOST_TEST(contains(run.err, "of 4 phases will run")); }
  const auto mixed =
      ordeal.run({"run", ordeal.file("four.json"), "--yes", "--set", "target.http=" + nginx.url(),
                  "--set", R"(load.0.mix={"zap": 1})"});
  BOOST_TEST_CONTEXT(mixed.out + mixed.err) {
    BOOST_TEST(mixed.code == 104);
    BOOST_TEST(contains(mixed.out + mixed.err, "zap"));
  }
}

BOOST_AUTO_TEST_CASE(a_rule_stops_the_run) {
  Installed ordeal;
  Nginx nginx(ordeal.folder());
  const std::string rule =
      R"([{"rule": "threshold", "config": {"metric": "node_load1", "op": ">=", "limit": 0,)"
      R"( "for": "0s", "verdict": "abort"}}])";
  const auto run = ordeal.run({"run", "quick", "--yes", "--set", "target.http=" + nginx.url(),
                               "--set", "safety.rules=" + rule, "--set",
                               "safety.check_interval=500ms", "--set", "baseline.duration=1s"});
  BOOST_TEST_CONTEXT(run.out + run.err) {
    BOOST_TEST(run.code == 111);
    BOOST_TEST(contains(run.err, "node_load1"));
  }
  BOOST_TEST(contains(at(ordeal.report(), "/safety/events"), "threshold"));
}

BOOST_AUTO_TEST_SUITE_END()
