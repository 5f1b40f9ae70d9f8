// SPDX-License-Identifier: Apache-2.0
// Input that is unusual or wrong, and memory that runs out.
#include <boost/json.hpp>
#include <limits>

#include "base/json.h"
#include "cell/check/cases.h"
#include "cell/check/heap.h"
#include "cell/check/schema_values.h"
#include "cell/check/subject.h"
#include "cell/check/use.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

namespace {

std::string share(int part, int whole, const char* what) {
  return std::to_string(part) + " of " + std::to_string(whole) + " configs " + what;
}

/// Fails each allocation that `body` makes, one at a time, then all from one on. `body` answers
/// whether the case may go on.
template <class Body>
void starve(const Job& job, Record& record, const std::string& what, Body&& body) {
  constexpr std::uint64_t most_points = 250;
  std::uint64_t total = 0;
  {
    const HeapFault counting(0, false);
    if (!body()) return;
    total = counting.allocations();
  }
  Random random(job.seed);
  std::vector<std::uint64_t> points;
  if (total <= most_points) {
    for (std::uint64_t n = 1; n <= total; ++n) points.push_back(n);
  } else {
    for (std::uint64_t n = 0; n < most_points; ++n) points.push_back(1 + random() % total);
  }
  for (const bool onwards : {false, true}) {
    for (const std::uint64_t nth : points) {
      record.at(what + " with allocation " + std::to_string(nth) + " of " + std::to_string(total) +
                (onwards ? " and all after it" : "") + " failing");
      const HeapFault fault(nth, onwards);
      static_cast<void>(body());
    }
  }
  record.note(what + ": " + std::to_string(points.size()) + " of " + std::to_string(total) +
              " allocations failed");
}

}  // namespace

void case_configs(const Job& job, Record& record) {
  constexpr int tries = 120;
  const Subject subject(job, record);
  Random random(job.seed);
  int accepted = 0;
  int made = 0;
  for (int i = 0; i < tries; ++i) {
    const std::string config = random_config(job.subject(), random);
    if (config.empty()) continue;
    ++made;
    Instance instance(subject, job.subject());
    if (!instance.create(config)) continue;
    ++accepted;
    if (!instance.describe()) record.fail("that was with config " + config.substr(0, 300));
  }
  if (made == 0) {
    record.skip("no config could be made from its schema");
    return;
  }
  record.note(share(accepted, made,
                    "that satisfy the schema were accepted, the rest refused with "
                    "a reason"));
}

void case_bad_configs(const Job& job, Record& record) {
  constexpr int tries = 240;
  const Subject subject(job, record);
  Random random(job.seed);
  auto valid = parse_json(job.config, "config");
  if (!valid) {
    record.skip("the config given is not JSON");
    return;
  }
  const auto schema = parse_json(job.subject().config_schema, "config_schema");
  const bool has_options =
      schema && schema->is_object() && schema->get_object().contains("properties") &&
      schema->at("properties").is_object() && !schema->at("properties").get_object().empty();
  int refused = 0;
  std::string not_json;
  for (int i = 0; i < tries; ++i) {
    const std::string config = spoiled_config(*valid, random);
    Instance instance(subject, job.subject());
    if (!instance.create(config)) {
      ++refused;
    } else if (!parse_json(config, "")) {
      not_json = config.substr(0, 100);
    }
  }
  if (!not_json.empty() && has_options)
    record.warn("a config that is not JSON was accepted: " + not_json,
                "refuse with ORDEAL_E_INVALID what cannot be read");
  record.note(share(refused, tries, "that were spoiled were refused with a reason"));
}

void case_snapshots(const Job& job, Record& record) {
  const Subject subject(job, record);
  Random random(job.seed);
  Instance instance(subject, job.subject());
  if (!instance.create(job.config)) return;
  const double numbers[] = {std::numeric_limits<double>::quiet_NaN(),
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::max(),
                            -0.0,
                            1e-300};
  ordeal_snapshot nothing{};
  nothing.struct_size = sizeof nothing;
  nothing.sample_stride = sizeof(ordeal_sample);
  nothing.interval_stride = sizeof(ordeal_interval);
  MadeSnapshot empty;
  empty.snapshot = &nothing;
  for (std::uint32_t step = 0; step < 150; ++step) {
    static_cast<void>(evaluate_once(instance, empty, false));
    // Time may stand still or jump, series come and go.
    MadeSnapshot made = make_snapshot(instance, job.seed, static_cast<std::uint32_t>(random() % 50),
                                      static_cast<std::uint32_t>(random() % 4), job.config);
    auto* const samples = const_cast<ordeal_sample*>(made.snapshot->samples);
    for (std::uint32_t i = 0; i < made.snapshot->n_samples; ++i) {
      if (random() % 2 == 0) samples[i].value = numbers[random() % std::size(numbers)];
      if (random() % 4 == 0) samples[i].labels = abi::str("a,b,c,%2C,\xff");
      if (random() % 8 == 0) samples[i].mono_ns = random();
      if (random() % 8 == 0) samples[i].metric = ordeal_str{nullptr, 0};
    }
    auto* const intervals = const_cast<ordeal_interval*>(made.snapshot->intervals);
    for (std::uint32_t i = 0; i < made.snapshot->n_intervals; ++i) {
      if (random() % 2 == 0) intervals[i].end_ns = intervals[i].start_ns;
      if (random() % 2 == 0) intervals[i].outcomes[random() % 8] = UINT64_MAX;
    }
    static_cast<void>(evaluate_once(instance, made, false));
  }
}

void case_documents(const Job& job, Record& record) {
  constexpr int tries = 40;
  const Subject subject(job, record);
  Random random(job.seed);
  Instance instance(subject, job.subject());
  if (!instance.create(job.config)) return;
  int refused = 0;
  int all = 0;
  const auto feed = [&](std::uint32_t stage, const std::string& document) {
    const Rendered rendered = render_once(instance, stage, document);
    ++all;
    if (rendered.status == ORDEAL_OK) return;
    ++refused;
    if (rendered.reason.empty())
      record.fail("render refused a document without saying why",
                  "call set_error before returning an error");
  };
  for (const char* text : {"", " ", "null", "[]", "{}", "{", "0", "\"x\""})
    for (std::uint32_t stage = 0; stage < 5; ++stage) feed(stage, text);
  for (std::uint32_t stage = ORDEAL_STAGE_READINESS; stage <= ORDEAL_STAGE_CAMPAIGN; ++stage) {
    const std::string document = make_document(stage, job.seed);
    const auto parsed = parse_json(document, "");
    if (!parsed) continue;
    feed((stage + 1) % 4, document);
    feed(0xffffffffu, document);
    for (int i = 0; i < tries; ++i) feed(stage, spoiled_config(*parsed, random));
  }
  record.note(std::to_string(refused) + " of " + std::to_string(all) +
              " wrong documents were refused with a reason");
}

void case_out_of_memory(const Job& job, Record& record) {
  if (!heap_available()) {
    record.skip("allocations cannot be made to fail in this build");
    return;
  }
  const Subject subject(job, record);
  // What libraries make once, on first use, is not the plugin's to survive.
  {
    Instance instance(subject, job.subject());
    if (!instance.create(job.config) || !instance.describe()) return;
    instance.use();
  }
  record.tolerate(true);
  const std::string& kind = job.subject().kind;
  starve(job, record, "create", [&] {
    Instance* instance = nullptr;
    {
      const HeapPause pause;
      instance = new Instance(subject, job.subject());
    }
    const bool created = instance->create_when_starved(job.config);
    if (created && instance->alive()) {
      if (kind == "scenario") {
        ordeal_scenario_info info{};
        info.struct_size = sizeof info;
        static_cast<void>(instance->scenario().describe(instance->get(), &info));
      } else if (kind == "collector") {
        const ordeal_metric_info* infos = nullptr;
        std::uint32_t count = 0;
        static_cast<void>(instance->collector().describe(instance->get(), &infos, &count));
      }
    }
    const HeapPause pause;
    delete instance;
    return true;
  });
  if (kind == "scenario") return;  // its work is done in callbacks, which nobody can answer for
  Instance instance(subject, job.subject());
  if (!instance.create(job.config) || !instance.describe()) return;
  std::vector<MadeSnapshot> snapshots;
  std::vector<std::string> documents;
  for (std::uint32_t i = 0; i < 4; ++i) {
    if (kind == "rule") snapshots.push_back(make_snapshot(instance, job.seed, i, 2, job.config));
    if (kind == "report") documents.push_back(make_document(i, 0));
  }
  std::uint32_t turn = 0;
  starve(job, record,
         kind == "rule"     ? "evaluate"
         : kind == "report" ? "render"
                            : "collect",
         [&] {
           ++turn;
           const HeapPause pause;  // ours; the plugin's own are resumed around its calls
           if (kind == "rule") {
             ordeal_verdict verdict{};
             verdict.struct_size = sizeof verdict;
             const HeapResume resume;
             static_cast<void>(
                 instance.rule().evaluate(instance.get(), snapshots[turn % 4].snapshot, &verdict));
           } else if (kind == "report") {
             instance.starved_calls = true;
             for (std::uint32_t stage = 0; stage < 4; ++stage)
               static_cast<void>(render_once(instance, stage, documents[stage]));
           } else {
             instance.starved_calls = true;
             std::vector<TakenSample> samples;
             static_cast<void>(collect_once(instance, samples));
           }
           return true;
         });
}

}  // namespace ordeal::check
