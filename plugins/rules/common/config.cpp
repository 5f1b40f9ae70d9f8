// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "ordeal/component.hpp"

namespace rules {

namespace json = boost::json;

namespace {

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 5> verdicts{
    {{"warn", ORDEAL_VERDICT_WARN},
     {"throttle", ORDEAL_VERDICT_THROTTLE},
     {"hold", ORDEAL_VERDICT_HOLD},
     {"stop_phase", ORDEAL_VERDICT_STOP_PHASE},
     {"abort", ORDEAL_VERDICT_ABORT}}};

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

std::optional<double> parse_percent(std::string_view text) {
  if (text.empty() || text.back() != '%') return std::nullopt;
  double percent = 0;
  const char* const last = text.data() + text.size() - 1;
  const auto [end, error] = std::from_chars(text.data(), last, percent);
  if (error != std::errc() || end != last || !std::isfinite(percent)) return std::nullopt;
  return percent / 100;
}

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

struct Config::Tree {
  json::value root;
};

Config::Config(std::string_view text) : tree_(std::make_unique<Tree>()) {
  json::error_code error;
  tree_->root = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !tree_->root.is_object()) {
    throw ordeal::Failure(ORDEAL_E_INVALID, "the config is not a JSON object");
  }
  object_ = &tree_->root.get_object();
}

Config::Config(const json::object& object, std::string path)
    : object_(&object), path_(std::move(path)) {}

Config::~Config() = default;
Config::Config(Config&&) noexcept = default;

void Config::refuse(const char* key, const std::string& what) const {
  throw ordeal::Failure(ORDEAL_E_INVALID, path_ + key + ": " + what);
}

bool Config::has(const char* key) const { return object_->contains(key); }

const json::value* Config::take(const char* key) {
  read_.emplace_back(key);
  return object_->if_contains(key);
}

std::string Config::text(const char* key, std::string_view otherwise) {
  const json::value* const value = take(key);
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) refuse(key, "not a text");
  return std::string(view(value->get_string()));
}

bool Config::flag(const char* key, bool otherwise) {
  const json::value* const value = take(key);
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) refuse(key, "neither true nor false");
  return value->get_bool();
}

std::uint64_t Config::count(const char* key, std::uint64_t otherwise) {
  const json::value* const value = take(key);
  if (value == nullptr) return otherwise;
  json::error_code error;
  const auto number = value->is_number() ? value->to_number<std::int64_t>(error) : 0;
  if (error || number < 1) refuse(key, "not a whole number of at least 1");
  return static_cast<std::uint64_t>(number);
}

std::uint64_t Config::duration(const char* key, std::uint64_t otherwise) {
  if (!has(key)) {
    read_.emplace_back(key);
    return otherwise;
  }
  const std::string given = text(key, "");
  const auto parsed = parse_duration(given);
  if (!parsed.has_value()) {
    refuse(key, "'" + given + "' is not a duration such as 30s or 1m30s");
  }
  return *parsed;
}

double Config::amount(const char* key, double otherwise) {
  const json::value* const value = take(key);
  if (value == nullptr) return otherwise;
  if (value->is_number()) return value->to_number<double>();
  const std::string given = text(key, "");
  if (const auto share = parse_percent(given)) return *share;
  const auto duration = parse_duration(given);
  if (!duration.has_value()) {
    refuse(key, "'" + given + "' is not a number, a percentage or a duration");
  }
  return static_cast<double>(*duration) / 1e9;
}

std::uint32_t Config::verdict(const char* key, std::uint32_t otherwise) {
  if (!has(key)) {
    read_.emplace_back(key);
    return otherwise;
  }
  std::vector<std::string_view> names;
  for (const auto& [name, level] : verdicts) names.push_back(name);
  return verdicts[choice(key, names, 0)].second;
}

std::size_t Config::choice(const char* key, const std::vector<std::string_view>& names,
                           std::size_t otherwise) {
  if (!has(key)) {
    read_.emplace_back(key);
    return otherwise;
  }
  const std::string given = text(key, "");
  std::string known;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == given) return i;
    known += known.empty() ? "" : ", ";
    known += names[i];
  }
  refuse(key, "'" + given + "' is none of " + known);
}

std::vector<Config> Config::list(const char* key) {
  std::vector<Config> out;
  const json::value* const value = take(key);
  if (value == nullptr) return out;
  if (!value->is_array()) refuse(key, "not a list");
  for (const json::value& entry : value->get_array()) {
    const std::string path = path_ + key + "/" + std::to_string(out.size());
    if (!entry.is_object()) throw ordeal::Failure(ORDEAL_E_INVALID, path + ": not an object");
    out.push_back(Config(entry.get_object(), path + "/"));
  }
  return out;
}

void Config::finish() const {
  for (const auto& [key_text, value] : *object_) {
    const std::string_view key(key_text.data(), key_text.size());
    if (std::find(read_.begin(), read_.end(), key) != read_.end()) continue;
    throw ordeal::Failure(ORDEAL_E_INVALID, path_ + std::string(key) + ": this key is not usable");
  }
}

}  // namespace rules
