// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/event_list.h"

#include <boost/json.hpp>

#include "analysis/wording.h"
#include "base/files.h"
#include "campaign/documents/json_fields.h"

namespace ordeal::documents {
namespace json = boost::json;
namespace {

std::string first_text(const json::value& data, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (auto text = text_field(data, key)) return *text;
  }
  return "";
}

std::string plain_number(double value) {
  return json::serialize(json::value(static_cast<double>(static_cast<std::int64_t>(value)) == value
                                         ? json::value(static_cast<std::int64_t>(value))
                                         : json::value(value)));
}

std::string cell_text(const JournalEvent& event, const json::value& data) {
  const std::string what = first_text(data, {"component", "cell"});
  const std::string plugin = first_text(data, {"plugin"});
  std::string text = plugin.empty() ? "a cell" : "plugin " + plugin;
  if (!what.empty()) text += " (" + what + ")";
  if (event.type == "cell_died") {
    text += " died";
    if (const auto how = text_field(data, "how")) text += ": " + *how;
  } else if (event.type == "cell_restarted") {
    text += " was restarted";
  } else if (event.type == "quarantined") {
    text += " was quarantined";
  } else if (event.type == "trouble") {
    text += ": " + first_text(data, {"reason", "kind"});
    if (const auto count = count_field(data, "count"); count && *count > 1)
      text += " (" + std::to_string(*count) + " times)";
  } else {
    text += ": " + event.type;
  }
  if (const auto restarts = count_field(data, "restarts"); restarts && *restarts > 0) {
    text += " (restarts: " + std::to_string(*restarts) + ")";
  }
  return text;
}

std::string safety_text(const JournalEvent& event, const json::value& data) {
  std::string level = first_text(data, {"level"});
  if (level.empty()) level = event.type;
  const std::string reason = first_text(data, {"reason", "text", "detail"});
  if (!reason.empty()) return level + ": " + reason;
  const std::string metric = first_text(data, {"metric"});
  const auto value = number_field(data, "value");
  const auto limit = number_field(data, "limit");
  if (metric.empty() || !value) return level;
  std::string text = level + ": " + metric + " was " + plain_number(*value);
  if (limit) text += ", limit " + plain_number(*limit);
  if (const auto window = number_field(data, "window_s"); window && *window > 0) {
    text += " for " + say_seconds(*window);
  }
  return text;
}

Result<json::array> list(const RunFacts& facts, std::uint64_t origin_wall_ns, bool whole,
                         const std::function<bool(const JournalEvent&)>& wanted) {
  json::array out;
  for (const auto& event : facts.events) {
    if (!wanted(event)) continue;
    auto data = parse_fact(event.data, "event " + std::to_string(event.seq));
    if (!data) return std::move(data.error());
    json::object one;
    if (whole) {
      one["seq"] = event.seq;
      one["time"] = utc_time(event.at.wall_ns);
    }
    const bool before = event.at.wall_ns < origin_wall_ns;
    one["t"] = before ? -seconds(origin_wall_ns - event.at.wall_ns)
                      : seconds(event.at.wall_ns - origin_wall_ns);
    if (whole) one["phase"] = event.phase < 0 ? json::value(nullptr) : json::value(event.phase);
    one["topic"] = event.topic;
    one["type"] = event.type;
    one["text"] = event_text(event, **data);
    if (whole && (*data)->is_object()) {
      for (const auto& member : (*data)->get_object()) {
        if (!one.contains(member.key())) one[member.key()] = member.value();
      }
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::string event_text(const JournalEvent& event, const json::value& data) {
  if (event.topic == "plugin") return cell_text(event, data);
  if (event.topic == "guardian") return first_text(data, {"reason"});
  if (event.topic == "safety") return safety_text(event, data);
  std::string text = event.type;
  for (char& c : text) {
    if (c == '_') c = ' ';
  }
  const std::string more =
      first_text(data, {"text", "detail", "reason", "why", "name", "collector"});
  return more.empty() ? text : text + ": " + more;
}

Result<json::array> event_list(const RunFacts& facts, std::uint64_t origin_wall_ns,
                               const std::function<bool(const JournalEvent&)>& wanted) {
  return list(facts, origin_wall_ns, true, wanted);
}

Result<json::array> event_marks(const RunFacts& facts, std::uint64_t origin_wall_ns,
                                const std::function<bool(const JournalEvent&)>& wanted) {
  return list(facts, origin_wall_ns, false, wanted);
}

bool belongs_to(const JournalEvent& event, const Attempt& attempt) {
  if (event.phase >= 0 && event.phase != attempt.row.index) return false;
  if (event.at.wall_ns < attempt.row.started.wall_ns) return false;
  const std::uint64_t end = attempt.row.ended.wall_ns;
  return end == 0 || event.at.wall_ns <= end;
}

}  // namespace ordeal::documents
