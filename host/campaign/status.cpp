// SPDX-License-Identifier: Apache-2.0
#include "campaign/status.h"

#include <boost/json.hpp>

#include "base/files.h"
#include "base/json.h"

namespace ordeal {

namespace {

namespace json = boost::json;

json::value optional_number(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

double number(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

/// 0 when there is none, or one that does not fit.
template <typename Whole>
Whole whole(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return 0;
  json::error_code inexact;
  const auto exact = value->to_number<Whole>(inexact);
  return inexact ? 0 : exact;
}

std::optional<double> maybe_number(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

bool truth(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string text(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::string status_json(const RunStatus& s) {
  json::array lines;
  for (const auto& line : s.lines)
    lines.push_back(
        json::object{{"number", line.number}, {"wall_ns", line.wall_ns}, {"text", line.text}});
  const json::value value = json::object{
      {"run_id", s.run_id},
      {"campaign", s.campaign},
      {"state", s.state},
      {"phase", s.phase},
      {"phases", s.phases},
      {"phase_name", s.phase_name},
      {"elapsed", s.elapsed},
      {"remaining", s.remaining},
      {"phase_elapsed", s.phase_elapsed},
      {"phase_remaining", s.phase_remaining},
      {"rate", s.rate},
      {"errors", s.errors},
      {"p50", s.p50},
      {"p99", s.p99},
      {"cpu", optional_number(s.cpu)},
      {"memory", optional_number(s.memory)},
      {"ladder", s.ladder},
      {"final", s.final},
      {"exit_code", s.exit_code},
      {"sentence", s.sentence},
      {"reported", s.reported},
      {"updated_wall_ns", s.updated_wall_ns},
      {"lines", lines},
  };
  return pretty_json(value);
}

Result<RunStatus> read_status(const std::string& run_dir) {
  const std::string path = run_dir + "/status.json";
  auto content = read_file(path, ExitCode::internal);
  if (!content) return std::move(content).error();
  auto parsed = parse_json(*content, path);
  if (!parsed) {
    parsed.error().code = ExitCode::internal;  // nobody's configuration
    return std::move(parsed).error();
  }
  if (!parsed->is_object()) {
    Error error;
    error.where.file = path;
    error.what = "is not a status";
    return error;
  }
  const auto& object = parsed->get_object();
  RunStatus s;
  s.run_id = text(object, "run_id");
  s.campaign = text(object, "campaign");
  s.state = text(object, "state");
  s.phase = whole<std::int32_t>(object, "phase");
  s.phases = whole<std::int32_t>(object, "phases");
  s.phase_name = text(object, "phase_name");
  s.elapsed = number(object, "elapsed");
  s.remaining = number(object, "remaining");
  s.phase_elapsed = number(object, "phase_elapsed");
  s.phase_remaining = number(object, "phase_remaining");
  s.rate = number(object, "rate");
  s.errors = number(object, "errors");
  s.p50 = number(object, "p50");
  s.p99 = number(object, "p99");
  s.cpu = maybe_number(object, "cpu");
  s.memory = maybe_number(object, "memory");
  s.ladder = text(object, "ladder");
  s.reported = truth(object, "reported");
  // Without its exit code an end is none: 0 would be a "go".
  if (object.contains("exit_code")) s.exit_code = whole<std::int32_t>(object, "exit_code");
  s.final = truth(object, "final") && s.exit_code >= 0;
  s.sentence = text(object, "sentence");
  s.updated_wall_ns = whole<std::uint64_t>(object, "updated_wall_ns");
  if (const auto* lines = object.if_contains("lines"); lines != nullptr && lines->is_array()) {
    for (const auto& line : lines->get_array()) {
      if (!line.is_object()) continue;
      const auto& o = line.get_object();
      s.lines.push_back(
          {whole<std::uint64_t>(o, "number"), whole<std::uint64_t>(o, "wall_ns"), text(o, "text")});
    }
  }
  return s;
}

Result<void> write_status(const std::string& run_dir, const RunStatus& status) {
  return write_file(run_dir + "/status.json", status_json(status), false);
}

}  // namespace ordeal
