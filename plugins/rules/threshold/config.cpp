// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "ordeal/component.hpp"

namespace threshold {

namespace json = boost::json;

namespace {

[[noreturn]] void refuse(const std::string& what) { throw ordeal::Failure(ORDEAL_E_INVALID, what); }

std::string text_of(std::string_view key, const json::value& value) {
  if (!value.is_string()) refuse(std::string(key) + ": not a text");
  return std::string(value.get_string().c_str(), value.get_string().size());
}

std::uint64_t duration_of(std::string_view key, const json::value& value) {
  const std::string text = text_of(key, value);
  const auto parsed = parse_duration(text);
  if (!parsed.has_value()) {
    refuse(std::string(key) + ": '" + text + "' is not a duration such as 30s or 1m30s");
  }
  return *parsed;
}

/// A number, "80%" (0.8) or a duration (in seconds).
double amount_of(std::string_view key, const json::value& value) {
  if (value.is_number()) return value.to_number<double>();
  const std::string text = text_of(key, value);
  if (!text.empty() && text.back() == '%') {
    double percent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size() - 1, percent);
    if (error == std::errc() && end == text.data() + text.size() - 1) return percent / 100;
  }
  const auto duration = parse_duration(text);
  if (!duration.has_value()) {
    refuse(std::string(key) + ": '" + text + "' is not a number, a percentage or a duration");
  }
  return static_cast<double>(*duration) / 1e9;
}

template <class T, std::size_t N>
T choice_of(std::string_view key, const json::value& value,
            const std::array<std::pair<std::string_view, T>, N>& choices) {
  const std::string text = text_of(key, value);
  std::string known;
  for (const auto& [name, choice] : choices) {
    if (name == text) return choice;
    known += known.empty() ? "" : ", ";
    known += name;
  }
  refuse(std::string(key) + ": '" + text + "' is none of " + known);
}

constexpr std::array<std::pair<std::string_view, Op>, 4> ops{
    {{">", Op::over}, {">=", Op::at_least}, {"<", Op::under}, {"<=", Op::at_most}}};
constexpr std::array<std::pair<std::string_view, std::uint32_t>, 5> verdicts{
    {{"warn", ORDEAL_VERDICT_WARN},
     {"throttle", ORDEAL_VERDICT_THROTTLE},
     {"hold", ORDEAL_VERDICT_HOLD},
     {"stop_phase", ORDEAL_VERDICT_STOP_PHASE},
     {"abort", ORDEAL_VERDICT_ABORT}}};
constexpr std::array<std::pair<std::string_view, int>, 1> stats{{{"last", 0}}};

}  // namespace

std::optional<std::uint64_t> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 7> units{{{"ns", 1},
                                                                             {"us", 1e3},
                                                                             {"ms", 1e6},
                                                                             {"s", 1e9},
                                                                             {"m", 60e9},
                                                                             {"h", 3600e9},
                                                                             {"d", 86400e9}}};
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    if (text.front() == '-') return std::nullopt;
    double count = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), count, std::chars_format::fixed);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789."));
    text.remove_prefix(unit.size());
    bool known = false;
    for (const auto& [name, factor] : units) {
      if (name != unit) continue;
      total += count * factor;
      known = true;
    }
    if (!known) return std::nullopt;
  }
  if (!(total < 9e18)) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(total));
}

bool beyond(Op op, double value, double bound) {
  switch (op) {
    case Op::over:
      return value > bound;
    case Op::at_least:
      return value >= bound;
    case Op::under:
      return value < bound;
    case Op::at_most:
      return value <= bound;
  }
  return false;
}

Config parse_config(std::string_view text) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) refuse("the config is not a JSON object");
  Config config;
  bool limit_given = false;
  std::optional<double> clear;
  for (const auto& [key_text, entry] : value.get_object()) {
    const std::string_view key(key_text.data(), key_text.size());
    if (key == "metric") {
      config.metric = text_of(key, entry);
    } else if (key == "labels") {
      config.labels = text_of(key, entry);
    } else if (key == "op") {
      config.op = choice_of(key, entry, ops);
    } else if (key == "limit") {
      config.limit = amount_of(key, entry);
      limit_given = true;
    } else if (key == "clear") {
      clear = amount_of(key, entry);
    } else if (key == "for") {
      config.window_ns = duration_of(key, entry);
    } else if (key == "grace") {
      config.grace_ns = duration_of(key, entry);
    } else if (key == "verdict") {
      config.verdict = choice_of(key, entry, verdicts);
    } else if (key == "stat") {
      choice_of(key, entry, stats);
    } else if (key == "rate" && entry.is_bool()) {
      config.rate = entry.get_bool();
    } else {
      refuse("key '" + std::string(key) + "' is not usable");
    }
  }
  if (config.metric.empty()) refuse("metric: missing");
  if (!limit_given) refuse("limit: missing");
  config.clear = clear.value_or(config.limit);
  if (config.clear != config.limit && beyond(config.op, config.clear, config.limit)) {
    refuse("clear: lies beyond the limit, so that a verdict would end where it begins");
  }
  return config;
}

}  // namespace threshold
