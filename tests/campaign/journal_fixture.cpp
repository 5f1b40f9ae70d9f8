// SPDX-License-Identifier: Apache-2.0
#include "campaign/journal_fixture.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

namespace ordeal::test {
namespace json = boost::json;
namespace {

constexpr std::uint64_t origin_wall_ns = 1'795'453'200'000'000'000;  // 2026-11-23T17:00:00Z
constexpr std::uint64_t origin_mono_ns = 5'000'000'000'000;
constexpr std::uint64_t second_ns = 1'000'000'000;

void must(const Result<void>& result) {
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(result), why(result));
}

SeriesRow row_of(std::int32_t index, std::uint32_t kind, double at, std::uint64_t duration_ns,
                 const BlockCounts& counts, std::uint64_t parts) {
  const Moment moment = JournalFixture::moment(at);
  SeriesRow row;
  row.phase = index;
  row.kind = kind;
  row.mono_ns = moment.mono_ns;
  row.wall_ns = moment.wall_ns;
  row.duration_ns = duration_ns;
  row.outcomes[0] = counts.ok / parts;
  row.outcomes[1] = counts.fail / parts;
  row.outcomes[2] = counts.timeout / parts;
  row.outcomes[3] = counts.refused / parts;
  row.outcomes[6] = counts.dropped / parts;
  row.outcomes[7] = counts.cancelled / parts;
  for (const auto count : row.outcomes) row.offered += count;
  row.p50_ns = counts.latency_ns;
  row.p99_ns = counts.slow > 0 ? counts.slow_ns : counts.latency_ns;
  row.max_ns = row.p99_ns;
  row.bytes_in = row.offered * 612;
  row.bytes_out = row.offered * 78;
  return row;
}

}  // namespace

JournalFixture::JournalFixture() {
  std::string name = (std::filesystem::temp_directory_path() / "ordeal-journal-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
  folder_ = name;
  auto writer = JournalWriter::open(folder_ + "/journal.db");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(writer), why(writer));
  writer_ = std::move(*writer);
}

JournalFixture::~JournalFixture() {
  writer_.reset();
  std::error_code ignored;  // a folder left in /tmp fails no test
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<JournalReader> JournalFixture::reader() {
  must(writer_->commit());
  auto reader = JournalReader::open(folder_ + "/journal.db");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(reader), why(reader));
  return std::move(*reader);
}

Moment JournalFixture::moment(double at) {
  const auto ns = static_cast<std::uint64_t>(at * 1e9);
  return {"b0071d00-0000-4000-8000-000000000001", origin_mono_ns + ns, origin_wall_ns + ns};
}

void JournalFixture::set(const std::string& key, const std::string& text) {
  must(writer_->set(key, text));
}

namespace {
// Phase 1 has none, as in journals of before it was kept.
constexpr const char* load_model =
    R"(,"load_model":{"text":"open: 50/s to 150/s over 30s; 4 connections; timeout 10s",
    "arrivals":"even","rates":[{"from":50,"to":150,"seconds":30}],"recorded":null,"think":null,
    "renewed_after":10,"max_operations":null,"timeout":10.0,"warm_up":5.0,"entries":[{
      "text":"2 workers","connections":4,"rate":100.0,"workers":2,"cores":[2,3],"mix":{"get":2},
      "timeouts":{"get":1.0},"retry":{"attempts":3,"on":["fail"],"backoff":0.01},
      "feeder":{"file":"/data/users.csv","order":"unique"},"seed":8}]})";
}  // namespace

std::string JournalFixture::plan(std::int32_t index, const std::string& slo, bool judge) {
  const std::string usual = index == 0
                                ? R"([{"metric":"success","op":">=","limit":0.95,"text":">=95%"},
                {"metric":"avg","op":"<","limit":2,"text":"<2s"}])"
                                : R"([{"metric":"p99","op":"<","limit":0.5,"text":"<500ms"}])";
  return R"({"index":)" + std::to_string(index) + R"(,"name":")" +
         (index == 0 ? "warm" : "steady") + R"(","duration":30.0,"warm_up":)" +
         (index == 0 ? "5.0" : "0.0") +
         R"(,"connections":4,"operations":0,"rate":100.0,"stress":"low","judge":)" +
         (judge ? "true" : "false") + R"(,"timeout":10.0,"slo":)" + (slo.empty() ? usual : slo) +
         (index == 0 ? load_model : "") + "}";
}

std::string JournalFixture::config(double phases_passed, double operations_ok) {
  return R"({"campaign":"fixture","baseline":{"required_health":70},
    "safety":{"memory_percent":80,"cpu_percent":85,"disk_percent":90},
    "verdict":{"phases_passed":)" +
         std::to_string(phases_passed) + R"(,"operations_ok":)" + std::to_string(operations_ok) +
         "}}";
}

void JournalFixture::set_up() {
  const auto steps = full_story();
  // The story begins with its set-up: all steps before the first phase.
  for (std::size_t i = 0; i < 11; ++i) steps[i](*this);
}

void JournalFixture::begin_phase(std::int32_t index, double at, std::int32_t attempt,
                                 const std::string& plan_text) {
  PhaseRow row;
  row.index = index;
  row.attempt = attempt;
  row.name = index == 0 ? "warm" : "steady";
  row.state = "running";
  row.started = moment(at);
  row.plan = plan_text.empty() ? plan(index) : plan_text;
  row.result = "{}";
  must(writer_->phase(row));
}

void JournalFixture::block(std::int32_t index, double at, const BlockCounts& counts,
                           std::uint32_t kind) {
  Histogram latency;
  const std::uint64_t ended = counts.ok + counts.fail + counts.timeout + counts.refused;
  latency.record(counts.latency_ns, ended - counts.slow);
  latency.record(counts.slow_ns, counts.slow);
  must(writer_->block(row_of(index, kind, at, 10 * second_ns, counts, 1), latency));
  for (int second = 0; second < 10; ++second) {
    must(writer_->second(row_of(index, kind, at + second, second_ns, counts, 10)));
  }
}

void JournalFixture::histograms(std::int32_t index) {
  for (const char* series : {"service", "send_lag", "mark:connect"}) {
    PhaseHistogram one;
    one.phase = index;
    one.series = series;
    one.histogram.record(1'000'000, 990);
    one.histogram.record(4'000'000, 10);
    must(writer_->phase_histogram(one));
  }
}

void JournalFixture::end_phase(std::int32_t index, double from, double to,
                               const std::string& result, const std::string& state,
                               std::int32_t attempt, const std::string& plan_text) {
  PhaseRow row;
  row.index = index;
  row.attempt = attempt;
  row.name = index == 0 ? "warm" : "steady";
  row.state = state;
  row.started = moment(from);
  row.ended = moment(to);
  row.plan = plan_text.empty() ? plan(index) : plan_text;
  row.result = result.empty() ? phase_result() : result;
  must(writer_->phase(row));
}

void JournalFixture::event(const std::string& topic, const std::string& type, double at,
                           std::int32_t phase, const std::string& data) {
  JournalEvent event;
  event.at = moment(at);
  event.topic = topic;
  event.type = type;
  event.phase = phase;
  event.data = data;
  auto seq = writer_->event(event);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(seq), why(seq));
}

void JournalFixture::end(int exit_code, const std::string& reason, const std::string& detail) {
  json::object end;
  end["exit_code"] = exit_code;
  end["reason"] = reason;
  end["detail"] = detail;
  end["wall_ns"] = moment(90).wall_ns;
  set("end", json::serialize(end));
}

void JournalFixture::whole_phase(std::int32_t index, double at, const BlockCounts& counts,
                                 const std::string& result, const std::string& plan_text) {
  begin_phase(index, at, 1, plan_text);
  for (int i = 0; i < 3; ++i) block(index, at + 10 * i, counts);
  histograms(index);
  end_phase(index, at, at + 30.2, result, "done", 1, plan_text);
}

std::string phase_result(const std::string& members) {
  const json::value usual = json::parse(
      R"({"wire":{"probe":0,"warm_up":500,"measured":3000,"retried":1,"cancelled":2},
      "offered":3000,"sessions":{"opened":4,"failed":1,"renewed":2},"misbehaviour":0,"late":0,
      "generator":{"cpu_share":0.12,"run_delay_share":0.01,"receive_lag_share":0.0,"throttled_share":0.0,
        "send_lag_p50":0.0001,"send_lag_p99":0.0004,"send_lag_max":0.002,"send_rate":1.0,
        "workers":[{"cell":"load-0-http","cpu_share":0.12,"cpu_seconds":3.6,"run_delay_share":0.01,
          "receive_lag_share":0.0,"receive_lag_max":0.004,"descriptors_used":31,
          "descriptors_limit":20000,"without_descriptor":0,"without_port":0}]},
      "valid":true,"invalid_reasons":[],"missing_share":0.0,"stop_reason":null,"codes":[]})");
  json::object result = usual.as_object();
  if (!members.empty()) {
    const json::value over = json::parse(members);
    for (const auto& member : over.as_object()) {
      result[member.key()] = member.value();
    }
  }
  return json::serialize(result);
}

std::vector<std::function<void(JournalFixture&)>> full_story() {
  using F = JournalFixture;
  std::vector<std::function<void(F&)>> steps;
  const auto fact = [&steps](std::string key, std::string text) {
    steps.emplace_back([key = std::move(key), text = std::move(text)](F& f) { f.set(key, text); });
  };
  fact("run",
       R"({"run_id":"20261123T170000Z-fixture-1a2b","campaign":"fixture","hostname":"box",
       "ordeal_version":"0.1.0","started":"2026-11-23T17:00:00Z",
       "started_wall_ns":1795453200000000000,"time_scale":0.5,"fit_factor":1.0,"seed":7,
       "command":["ordeal","run","my file.json","--yes"]})");
  fact("config", F::config());
  fact("plan", "[" + F::plan(0) + "," + F::plan(1) + "]");
  fact("loads",
       R"([{"scenario":"http","plugin":"org.ordeal.http","version":"0.1.0",
       "kinds":["get","post"],"marks":["connect"],"unit_ns":1,
       "codes":{"903":"the body lacks the text","-1010":"the certificate has expired"}}])");
  fact("plugins", R"([{"id":"org.ordeal.http","version":"0.1.0","kind":"scenario",
       "component":"http","isolation":"own"}])");
  fact("containment", R"({"load_tier":2,"service_tier":4,"drill_ns":700000,"reserved":"nothing"})");
  fact("target", R"({"http":"http://127.0.0.1:8080","pid_file":null,"pids":[4711]})");
  steps.emplace_back([](F& f) {
    must(f.writer().metric(
        {1, "system", "node_memory_MemAvailable_bytes", "bytes", "h", "gauge", ""}));
    must(f.writer().metric({2, "system", "node_memory_MemTotal_bytes", "bytes", "h", "gauge", ""}));
    must(f.writer().metric(
        {3, "system", "node_cpu_seconds_total", "seconds", "h", "counter", "cpu,mode"}));
    must(f.writer().metric(
        {4, "process", "process_resident_memory_bytes", "bytes", "h", "gauge", "pid,name"}));
    must(f.writer().metric(
        {5, "system", "node_filesystem_avail_bytes", "bytes", "h", "gauge", "device,mountpoint"}));
    must(f.writer().metric(
        {6, "system", "node_filesystem_size_bytes", "bytes", "h", "gauge", "device,mountpoint"}));
  });
  steps.emplace_back([](F& f) {
    for (int i = 0; i <= 8; ++i) {
      const Moment at = F::moment(i * 10);
      const auto sample = [&](std::uint32_t metric, const char* labels, double value) {
        must(f.writer().sample({metric, labels, at.mono_ns, at.wall_ns, value}));
      };
      sample(1, "", i < 5 ? 6e9 : 4e9);
      sample(2, "", 8e9);
      sample(3, "0,user", i * 3.0);
      sample(3, "0,idle", i * 7.0);
      sample(3, "1,user", i * 1.0);
      sample(3, "1,idle", i * 9.0);
      sample(4, "4711,server%2C v2", 1e8 + i * 1e6);
      sample(5, "/dev/vda1,/", 50e9);
      sample(6, "/dev/vda1,/", 100e9);
    }
  });
  fact("baseline",
       R"({"wall_ns":1795453200500000000,"duration":0.4,
       "calibrations":[{"name":"loopback","unit":"s","median":1.2e-5,"mad":1e-6,"cv":0.03,"samples":4}],
       "probe":[{"load":0,"kind":"get","samples":20,"ok":20,"p50":0.0012,"p99":0.0031}],
       "sensors":[{"name":"memory","group":"memory","metric":"node_memory_MemAvailable_bytes",
         "base":25,"stop":80,"value":27,"score":96.4},
         {"name":"cpu","group":"cpu","metric":"node_cpu_seconds_total","base":5,"stop":90,"value":9,
         "score":null}],
       "health":{"score":95.0,"weakest":"cpu","mean":95.7}})");
  fact("readiness", R"({"ready":true,"wall_ns":1795453201000000000,
       "checks":[{"name":"disk","ok":true,"value":50.0,"limit":10,"detail":"50 % free","remedy":""}]})");
  steps.emplace_back([](F& f) { f.begin_phase(0, 2); });
  steps.emplace_back([](F& f) { f.event("phase", "phase_started", 2, 0, R"({"name":"warm"})"); });
  steps.emplace_back([](F& f) { f.block(0, 2, {}); });
  steps.emplace_back([](F& f) {
    f.event("plugin", "cell_died", 8, 0,
            R"({"plugin":"org.ordeal.http","version":"0.1.0","component":"http","cell":"load-0",
            "how":"signal SIGKILL","restarts":1,"last_log":["a","b"]})");
  });
  steps.emplace_back([](F& f) { f.block(0, 12, {}); });
  steps.emplace_back([](F& f) { f.block(0, 22, {.ok = 990, .fail = 10}); });
  steps.emplace_back([](F& f) { f.histograms(0); });
  steps.emplace_back([](F& f) {
    f.end_phase(0, 2, 32.2,
                phase_result(R"({"codes":[{"load":0,"kind":0,"code":503,"count":10}]})"));
  });
  steps.emplace_back([](F& f) { f.begin_phase(1, 35); });
  steps.emplace_back([](F& f) { f.block(1, 35, {.ok = 10, .fail = 990}); });
  steps.emplace_back([](F& f) {
    f.event("control", "decision", 46, -1, R"({"text":"resumed at phase steady","inputs":{}})");
  });
  steps.emplace_back([](F& f) { f.begin_phase(1, 50, 2); });
  steps.emplace_back([](F& f) { f.block(1, 50, {}); });
  steps.emplace_back([](F& f) {
    f.event("safety", "rule_verdict", 55, 1,
            R"({"level":"throttle","rule":"threshold","plugin":"org.ordeal.threshold",
            "metric":"node_load1","value":9.5,"limit":8,"window_s":10,"reason":null})");
  });
  steps.emplace_back(
      [](F& f) { f.event("collector", "gap", 58, -1, R"({"why":"system: timed out"})"); });
  steps.emplace_back([](F& f) {
    f.block(1, 60, {});
    f.block(1, 60, {.ok = 100}, 1);
  });
  steps.emplace_back([](F& f) { f.histograms(1); });
  steps.emplace_back([](F& f) { f.end_phase(1, 50, 80.1, "", "done", 2); });
  fact("bus_drops",
       R"([{"topic":"interval/1","subscriber":"report-html","dropped":3,"replaced":0}])");
  steps.emplace_back([](F& f) { f.end(0, "finished"); });
  return steps;
}

}  // namespace ordeal::test
