// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>

#include "base/json.h"
#include "cell/check/schema_values.h"
#include "cell/check/use.h"
#include "ordeal/abi/scenario.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

namespace {

void strings_of(const boost::json::value& value, std::vector<std::string>& found) {
  if (value.is_string()) found.emplace_back(value.get_string());
  if (value.is_object())
    for (const auto& member : value.get_object()) strings_of(member.value(), found);
  if (value.is_array())
    for (const auto& one : value.get_array()) strings_of(one, found);
}

std::vector<std::string> metric_names(const std::string& config) {
  std::vector<std::string> names{"node_load1", "node_memory_MemAvailable_bytes",
                                 "node_cpu_seconds_total"};
  if (auto parsed = parse_json(config, "")) strings_of(*parsed, names);
  return names;
}

}  // namespace

MadeSnapshot make_snapshot(const Instance& instance, std::uint64_t seed, std::uint32_t step,
                           std::uint32_t size, const std::string& config) {
  constexpr std::uint64_t start_ns = 1'000'000'000'000;
  constexpr std::uint64_t step_ns = 10'000'000'000;
  Random random(seed * 1000 + step);
  MadeSnapshot made;
  const std::vector<std::string> names = metric_names(config);
  // No text may move once something points at it.
  made.texts.reserve(names.size() * size * 2 + 4);
  const auto keep = [&made](std::string text) {
    made.texts.push_back(std::move(text));
    return abi::str(made.texts.back());
  };
  ordeal_snapshot snapshot{};
  snapshot.phase = step < 2 ? 0xffffffffu : step / 4;
  snapshot.now_ns = start_ns + step * step_ns;
  std::vector<ordeal_sample> samples;
  for (const std::string& name : names) {
    const ordeal_str metric = keep(name);
    for (std::uint32_t i = 0; i < size; ++i) {
      ordeal_sample sample{};
      sample.struct_size = sizeof sample;
      sample.type = name.ends_with("_total") ? ORDEAL_METRIC_COUNTER : ORDEAL_METRIC_GAUGE;
      sample.metric = metric;
      sample.labels = keep(i == 0 ? "" : "device" + std::to_string(i));
      sample.value = sample.type == ORDEAL_METRIC_COUNTER
                         ? step * 100.0 + i
                         : static_cast<double>(random() % 1'000'000) / 1000;
      sample.mono_ns = snapshot.now_ns - 1'000'000;
      samples.push_back(sample);
    }
  }
  std::vector<ordeal_interval> intervals;
  const ordeal_str scenario = keep("http");
  const ordeal_str kind = keep("get");
  for (std::uint32_t i = 0; i < size; ++i) {
    ordeal_interval interval{};
    interval.struct_size = sizeof interval;
    interval.scenario = scenario;
    interval.kind = kind;
    interval.start_ns = snapshot.now_ns - step_ns;
    interval.end_ns = snapshot.now_ns;
    interval.outcomes[ORDEAL_OUTCOME_OK] = random() % 1000;
    interval.outcomes[ORDEAL_OUTCOME_FAIL] = random() % 100;
    interval.p50_ns = random() % 1'000'000'000;
    interval.p99_ns = interval.p50_ns * 2;
    interval.max_ns = interval.p50_ns * 4;
    intervals.push_back(interval);
  }
  snapshot.n_samples = static_cast<std::uint32_t>(samples.size());
  snapshot.n_intervals = static_cast<std::uint32_t>(intervals.size());
  snapshot.samples =
      guarded_array<ordeal_sample>(samples, instance.sizes(), snapshot.sample_stride);
  snapshot.intervals =
      guarded_array<ordeal_interval>(intervals, instance.sizes(), snapshot.interval_stride);
  made.snapshot = guarded_struct(snapshot, full(instance.sizes()));
  return made;
}

std::string evaluate_once(Instance& instance, const MadeSnapshot& made, bool must_succeed) {
  Record& record = instance.record();
  auto* const verdict = guarded_struct(ordeal_verdict{}, full(instance.sizes()));
  const std::int32_t status = instance.call(
      "evaluate", [&] { return instance.rule().evaluate(instance.get(), made.snapshot, verdict); });
  if (status != ORDEAL_OK) {
    const std::string reason = instance.host().take_error();
    if (must_succeed)
      record.fail("evaluate returned " + std::to_string(status) + ": " +
                      (reason.empty() ? "no reason was given" : reason),
                  "an error counts as a missed deadline: answer with a verdict");
    return "error " + std::to_string(status);
  }
  const ordeal_verdict known = abi::read(verdict);
  if (known.level > ORDEAL_VERDICT_ABORT)
    record.fail("a verdict of level " + std::to_string(known.level) + ", which does not exist");
  if (known.level != ORDEAL_VERDICT_OK && known.reason.len == 0)
    record.fail("a verdict of level " + std::to_string(known.level) + " without a reason",
                "name metric, value, limit and window in one sentence");
  char numbers[96];
  std::snprintf(numbers, sizeof numbers, " %.17g %.17g %llu", known.value, known.limit,
                static_cast<unsigned long long>(known.window_ns));
  return std::to_string(known.level) + " " + std::string(abi::view(known.metric)) + ": " +
         std::string(abi::view(known.reason)) + numbers;
}

void use_rule(Instance& instance) {
  for (std::uint32_t step = 0; step < 8; ++step)
    static_cast<void>(
        evaluate_once(instance, make_snapshot(instance, 1, step, 3, instance.job().config)));
}

}  // namespace ordeal::check
