// SPDX-License-Identifier: Apache-2.0
// The contract of each kind.
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "cell/check/cases.h"
#include "cell/check/subject.h"
#include "cell/check/use.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

namespace {

constexpr std::array base_units{"",        "bytes",  "seconds", "ratio",  "celsius", "volts",
                                "amperes", "joules", "grams",   "meters", "hertz",   "watts"};
constexpr std::array other_units{
    "percent", "%",  "ms", "us", "ns", "milliseconds", "microseconds", "nanoseconds", "minutes",
    "hours",   "kb", "KB", "mb", "MB", "kilobytes",    "megabytes",    "gigabytes",   "bits"};

template <class List>
bool one_of(const List& list, std::string_view word) {
  return std::any_of(list.begin(), list.end(), [&](const char* one) { return word == one; });
}

bool name_of(std::string_view name, bool colons) {
  const auto letter = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colons && c == ':');
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::vector<std::string> label_names(std::string_view labels) {
  std::vector<std::string> names;
  for (std::size_t at = 0; !labels.empty() && at <= labels.size();) {
    const std::size_t end = std::min(labels.find(',', at), labels.size());
    names.emplace_back(labels.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

std::string checksum(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325u;
  for (const char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return std::to_string(bytes.size()) + " bytes, checksum " + std::to_string(sum);
}

}  // namespace

void case_operations(const Job& job, Record& record) {
  const Subject subject(job, record);
  Instance instance(subject, job.subject());
  if (!instance.create(job.config) || !instance.describe()) return;
  CheckEngine& engine = instance.engine();
  const bool reached = open_session(instance, 7);
  if (engine.session(7) != CheckEngine::Session::refused) {
    instance.call("close", [&] { instance.scenario().close(instance.get(), 7, 0); });
    engine.closed(7);
  }
  instance.use();
  static_cast<void>(instance.host().run_until([] { return false; }, 100'000'000));
  for (const Misuse& one : instance.host().misuses())
    if (one.kind == Misuse::Kind::engine) record.fail(one.text, "see ordeal/abi/scenario.h");
  static_cast<void>(instance.destroy());
  if (record.failures() > 0) return;
  if (!reached) {
    record.skip("no session could be opened (code " + std::to_string(engine.last_code()) +
                "), so no operation was seen; give a config with a target that answers: --config "
                "FILE");
    return;
  }
  record.note(std::to_string(engine.total()) + " operations completed, " +
              std::to_string(engine.count(ORDEAL_OUTCOME_OK)) + " of them ok");
}

void case_metrics(const Job& job, Record& record) {
  const Subject subject(job, record);
  Instance instance(subject, job.subject());
  if (!instance.create(job.config) || !instance.describe()) return;
  std::set<std::string> names;
  for (const ordeal_metric_info& info : instance.metrics) {
    const std::string name(abi::view(info.name));
    const std::string unit(abi::view(info.unit));
    const std::string which = "metric '" + name + "'";
    if (!name_of(name, true))
      record.fail(which + " is no Prometheus name",
                  "letters, digits, _ and : only, no digit first");
    if (!names.insert(name).second) record.fail(which + " is declared twice");
    if (info.type > ORDEAL_METRIC_COUNTER)
      record.fail(which + " has type " + std::to_string(info.type) + ", which does not exist");
    if (one_of(other_units, unit)) {
      record.fail(which + " is in '" + unit + "'",
                  "use Prometheus base units: bytes, seconds, ratio");
    } else if (!one_of(base_units, unit)) {
      record.warn(which + " has the unit '" + unit + "', which is no Prometheus base unit");
    }
    if (info.help.len == 0)
      record.warn(which + " has no help text", "one sentence says what it is");
    if (info.type == ORDEAL_METRIC_COUNTER && !name.ends_with("_total"))
      record.warn(which + " is a counter whose name does not end in _total");
    std::set<std::string> labels;
    for (const std::string& label : label_names(abi::view(info.labels)))
      if (!name_of(label, false) || !labels.insert(label).second)
        record.fail(which + ": the label '" + label + "' is no label name, or is given twice");
  }
  record.note(std::to_string(names.size()) + " metrics");
}

void case_samples(const Job& job, Record& record) {
  const Subject subject(job, record);
  Instance instance(subject, job.subject());
  if (!instance.create(job.config) || !instance.describe()) return;
  std::map<std::pair<std::uint32_t, std::string>, double> last;
  std::size_t seen = 0;
  std::string refused;
  for (int round = 0; round < 5; ++round) {
    std::vector<TakenSample> samples;
    if (collect_once(instance, samples) != ORDEAL_OK) {
      refused = instance.host().take_error();
      continue;
    }
    std::set<std::pair<std::uint32_t, std::string>> series;
    seen += samples.size();
    if (samples.size() >= 4096)
      record.fail("more than 4,096 values in one call", "the host takes no more");
    for (const TakenSample& one : samples) {
      if (one.metric >= instance.metrics.size()) {
        record.fail("a value of metric " + std::to_string(one.metric) + "; " +
                    std::to_string(instance.metrics.size()) + " are declared");
        continue;
      }
      const ordeal_metric_info& info = instance.metrics[one.metric];
      const std::string which =
          "metric '" + std::string(abi::view(info.name)) + "{" + one.labels + "}'";
      if (!std::isfinite(one.value))
        record.fail(which + " is no finite number", "leave out what cannot be read");
      if (label_names(one.labels).size() != label_names(abi::view(info.labels)).size())
        record.fail(
            which + ": other labels than declared (" + std::string(abi::view(info.labels)) + ")",
            "one value for each label, in their order; a comma inside is %2C");
      const auto key = std::make_pair(one.metric, one.labels);
      if (!series.insert(key).second) record.fail(which + " is given twice in one call");
      const auto before = last.find(key);
      if (info.type == ORDEAL_METRIC_COUNTER && before != last.end() && one.value < before->second)
        record.fail(which + " is a counter and went back", "declare a gauge");
      last[key] = one.value;
    }
    timespec pause{0, 20'000'000};
    ::nanosleep(&pause, nullptr);
  }
  static_cast<void>(instance.destroy());
  if (seen == 0)
    record.warn(refused.empty() ? "it gave no value at all" : "it gave no value at all: " + refused,
                "give a config with something to read: --config FILE");
  record.note(std::to_string(last.size()) + " series in 5 calls");
}

void case_verdicts(const Job& job, Record& record) {
  constexpr std::uint32_t steps = 24;
  const Subject subject(job, record);
  Instance first(subject, job.subject());
  Instance second(subject, job.subject());
  if (!first.create(job.config) || !second.create(job.config)) return;
  std::string all;
  for (std::uint32_t step = 0; step < steps; ++step) {
    const MadeSnapshot snapshot = make_snapshot(first, job.seed, step, 3, job.config);
    const std::string once = evaluate_once(first, snapshot);
    const std::string again = evaluate_once(first, snapshot);
    const std::string other = evaluate_once(second, snapshot);
    const std::string where = " in snapshot " + std::to_string(step);
    if (once != again)
      record.fail("the same snapshot gave two verdicts" + where + ": " + once + " / " + again,
                  "judge by the snapshot and its times alone");
    if (once != other)
      record.fail(
          "two instances of one config judge differently" + where + ": " + once + " / " + other,
          "judge by the snapshots alone: no clock, no random number, no global");
    static_cast<void>(evaluate_once(second, snapshot));
    all += once + "\n";
  }
  // Compared between two processes.
  record.data("verdicts", checksum(all));
  record.note(std::to_string(steps) + " snapshots");
}

void case_files(const Job& job, Record& record) {
  const Subject subject(job, record);
  Instance instance(subject, job.subject());
  if (!instance.create(job.config)) return;
  std::size_t files = 0;
  std::size_t documents = 0;
  for (std::uint32_t stage = ORDEAL_STAGE_READINESS; stage <= ORDEAL_STAGE_CAMPAIGN; ++stage) {
    for (std::uint64_t round = 0; round < 6; ++round) {
      const std::string document = make_document(stage, round == 0 ? 0 : job.seed * 100 + round);
      if (document.empty()) continue;
      ++documents;
      record.data("document", std::to_string(stage));
      const Rendered rendered = render_once(instance, stage, document);
      if (rendered.status != ORDEAL_OK)
        record.fail("a document of stage " + std::to_string(stage) +
                        " that satisfies its schema is refused: " + rendered.reason,
                    "`ordeal schema` prints the schemas: what is not required may be missing");
      for (const std::string& wrong : rendered.wrong) record.fail(wrong, "see ordeal/abi/report.h");
      std::set<std::string> names;
      for (const auto& [name, bytes] : rendered.files)
        if (!names.insert(name).second)
          record.warn("'" + name + "' is written twice in one call; the last one is kept");
      files += rendered.files.size();
    }
  }
  static_cast<void>(instance.destroy());
  if (documents == 0) {
    record.skip("no document could be made from the schemas");
    return;
  }
  if (files == 0) record.warn("it wrote no file for any stage");
  record.note(std::to_string(files) + " files of " + std::to_string(documents) + " documents");
}

void case_same_bytes(const Job& job, Record& record) {
  // What must not matter differs between the two processes and between the two calls.
  HostShape shape;
  if (job.round > 0) {
    shape.wall_shift_ns = 86'400'000'000'000u;
    ::setenv("TZ", "Pacific/Kiritimati", 1);
    ::tzset();
    if (::chdir("/") != 0) record.note("the working folder could not be changed");
  }
  const Subject subject(job, record);
  Instance first(subject, job.subject(), shape);
  Instance second(subject, job.subject(), shape);
  if (!first.create(job.config) || !second.create(job.config)) return;
  std::vector<std::string> documents;
  std::vector<Rendered> earlier;
  for (std::uint32_t stage = ORDEAL_STAGE_READINESS; stage <= ORDEAL_STAGE_CAMPAIGN; ++stage) {
    documents.push_back(make_document(stage, job.seed));
    earlier.push_back(render_once(first, stage, documents.back()));
  }
  if (job.round > 0) {  // so that a time in seconds shows too
    timespec pause{1, 10'000'000};
    ::nanosleep(&pause, nullptr);
  }
  for (std::uint32_t stage = ORDEAL_STAGE_READINESS; stage <= ORDEAL_STAGE_CAMPAIGN; ++stage) {
    const Rendered again = render_once(second, stage, documents[stage]);
    if (earlier[stage].files != again.files)
      record.fail("two renderings of one document of stage " + std::to_string(stage) + " differ",
                  "use what the document says: no clock, no random number, no address");
    for (const auto& [name, bytes] : again.files) record.data("file " + name, checksum(bytes));
  }
}

}  // namespace ordeal::check
