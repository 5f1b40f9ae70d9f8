// SPDX-License-Identifier: Apache-2.0
#include "campaign/bulletin.h"

#include <boost/json.hpp>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"

namespace ordeal {

namespace {
constexpr std::size_t kept_lines = 64;
/// Far more than there are kinds; a forged one could be new each time.
constexpr std::size_t troubles_max = 1000;
}  // namespace

Bulletin::Bulletin(Bus& bus, const Clock& clock)
    : bus_(bus), clock_(clock), boot_id_(ordeal::boot_id()) {}

Moment Bulletin::moment() const { return {boot_id_, clock_.monotonic_ns(), clock_.wall_ns()}; }

void Bulletin::publish(int topic, RecordType type, EventBody body, std::int32_t phase,
                       std::uint64_t number, std::uint32_t source, std::uint32_t generation) {
  const RecordPayload payload{type, phase, number};
  bus_.publish(static_cast<std::uint32_t>(topic), std::as_bytes(std::span(&payload, 1)),
               std::move(body), source, generation);
}

void Bulletin::event(std::string_view topic, std::string_view type, std::int32_t phase,
                     const boost::json::object& data, std::string_view line) {
  JournalEvent event;
  event.at = moment();
  event.topic = topic;
  event.type = type;
  event.phase = phase;
  event.data = compact_json(data);
  const int number = bus_.topic(std::string(topic) + "/1");
  publish(number >= 0 ? number : bus_.topic("control/1"), RecordType::event, encode_record(event),
          phase);
  if (line.empty()) return;
  log(topic == "safety" || topic == "plugin" ? Severity::warning : Severity::info, topic, line);
  lines_.push_back({++line_number_, event.at.wall_ns, std::string(line)});
  if (lines_.size() > kept_lines) lines_.pop_front();
}

void Bulletin::tell(std::int32_t phase, const PluginTrouble& trouble) {
  const std::string component = trouble.component.empty() ? "" : " (" + trouble.component + ")";
  const std::string times =
      trouble.count > 1 ? " (" + std::to_string(trouble.count) + " times)" : "";
  event("plugin", "trouble", phase,
        {{"plugin", trouble.plugin},
         {"component", trouble.component.empty() ? boost::json::value(nullptr)
                                                 : boost::json::value(trouble.component)},
         {"kind", trouble.kind},
         {"count", trouble.count},
         {"reason", trouble.detail}},
        "plugin " + trouble.plugin + component + ": " + trouble.detail + times);
}

void Bulletin::trouble(std::int32_t phase, PluginTrouble trouble) {
  const std::string key = trouble.plugin + '\n' + trouble.component + '\n' + trouble.kind;
  if (troubles_.size() >= troubles_max && troubles_.count(key) == 0) return;
  const auto [found, first] = troubles_.try_emplace(key);
  Waiting& waiting = found->second;
  if (first) {
    tell(phase, trouble);
    trouble.count = 0;
  }
  trouble.count += waiting.trouble.count;
  waiting = {phase, std::move(trouble)};
}

void Bulletin::tell_troubles() {
  for (auto& [key, waiting] : troubles_)
    if (waiting.trouble.count > 0) {
      tell(waiting.phase, waiting.trouble);
      waiting.trouble.count = 0;
    }
}

void Bulletin::phase(const PhaseRow& row) {
  publish(bus_.topic("phase/1"), RecordType::phase, encode_record(row), row.index);
}

void Bulletin::interval(std::int32_t phase, std::span<const std::byte> frame, std::uint32_t source,
                        std::uint32_t generation) {
  publish(bus_.topic("interval/1"), RecordType::interval,
          std::make_shared<std::vector<std::byte>>(frame.begin(), frame.end()), phase, 0, source,
          generation);
}

void Bulletin::samples(const SampleBatch& batch, std::uint32_t source) {
  publish(bus_.topic("sample/1"), RecordType::samples, encode_record(batch), -1, 0, source);
}

void Bulletin::metric(const MetricRow& row) {
  publish(bus_.topic("control/1"), RecordType::metric, encode_record(row));
}

void Bulletin::set(const std::string& key, const boost::json::value& value) {
  publish(bus_.topic("control/1"), RecordType::set, encode_fact(key, compact_json(value)));
}

std::uint64_t Bulletin::barrier() {
  ++barriers_;
  publish(bus_.topic("control/1"), RecordType::barrier, {}, -1, barriers_);
  return barriers_;
}

}  // namespace ordeal
