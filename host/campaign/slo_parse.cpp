// SPDX-License-Identifier: Apache-2.0
#include "campaign/slo_parse.h"

#include <charconv>
#include <chrono>
#include <cmath>

namespace ordeal {
namespace {

enum class Kind { share, time, rate };

Kind kind_of(const std::string& metric) {
  if (metric == "success" || metric == "errors") return Kind::share;
  return metric == "rate" ? Kind::rate : Kind::time;
}

/// Success must be high, errors and times low; a rate may be held from either side.
bool wants_high(const std::string& metric) { return metric == "success"; }

std::string example(const std::string& metric) {
  if (metric == "success") return "an operator and a share such as \">=95%\"";
  if (metric == "errors") return "an operator and a share such as \"<1%\"";
  if (metric == "rate") return "an operator and a rate such as \">100/s\"";
  return "an operator and a duration such as \"<500ms\"";
}

std::string_view trim(std::string_view text) {
  const auto start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

Error bad_limit(const std::string& metric, std::string what, std::string fix = {}) {
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = std::move(what);
  error.expected = example(metric);
  error.fix = std::move(fix);
  return error;
}

bool read_number(std::string_view text, double& number) {
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  return read.ec == std::errc{} && read.ptr == end && std::isfinite(number) && number >= 0;
}

Result<double> read_share(const std::string& metric, std::string_view text) {
  const bool percent = text.ends_with('%');
  double number = 0;
  if (!read_number(trim(percent ? text.substr(0, text.size() - 1) : text), number)) {
    return bad_limit(metric, "'" + std::string(text) + "' is not a share");
  }
  if (percent) number /= 100;
  if (number > 1) {
    return bad_limit(metric, "'" + std::string(text) + "' is more than everything",
                     percent ? "" : "did you mean '" + std::string(text) + "%'?");
  }
  return number;
}

Result<double> read_limit(const std::string& metric, std::string_view text) {
  switch (kind_of(metric)) {
    case Kind::share:
      return read_share(metric, text);
    case Kind::rate: {
      double number = 0;
      const std::string_view digits = text.ends_with("/s") ? text.substr(0, text.size() - 2) : text;
      if (!read_number(trim(digits), number)) {
        return bad_limit(metric, "'" + std::string(text) + "' is not a rate per second");
      }
      return number;
    }
    case Kind::time: {
      const Result<Duration> duration = parse_duration(text);
      if (!duration) return bad_limit(metric, duration.error().what, duration.error().fix);
      return std::chrono::duration<double>(*duration).count();
    }
  }
  return bad_limit(metric, "unknown metric");
}

}  // namespace

Result<Slo> parse_slo(const std::string& metric, std::string_view text) {
  const std::string_view whole = trim(text);
  std::size_t length = 0;
  while (length < whole.size() &&
         std::string_view("<>=!~").find(whole[length]) != std::string_view::npos) {
    ++length;
  }
  Slo slo;
  slo.metric = metric;
  slo.op = std::string(whole.substr(0, length));
  slo.text = std::string(text);
  const std::string quoted = "'" + std::string(text) + "'";
  const std::string usual = wants_high(metric) ? ">=" : metric == "rate" ? ">" : "<";
  if (length == 0) {
    return bad_limit(metric, quoted + " has no operator",
                     "did you mean '" + usual + std::string(whole) + "'?");
  }
  if (slo.op != "<" && slo.op != "<=" && slo.op != ">" && slo.op != ">=") {
    const std::string near = slo.op == "=>" ? ">=" : slo.op == "=<" ? "<=" : usual;
    return bad_limit(metric, "unknown operator '" + slo.op + "'", "did you mean '" + near + "'?");
  }
  const bool high = slo.op[0] == '>';
  if (metric != "rate" && high != wants_high(metric)) {
    return bad_limit(metric, quoted + " would fail a phase for doing well",
                     "did you mean '" + usual + "'?");
  }
  Result<double> limit = read_limit(metric, trim(whole.substr(length)));
  if (!limit) return limit.error();
  slo.limit = *limit;
  return slo;
}

Result<double> parse_least_share(std::string_view text) {
  const std::string_view whole = trim(text);
  if (!whole.starts_with(">=")) {
    return bad_limit("success", "'" + std::string(text) + "' does not start with '>='");
  }
  return read_share("success", trim(whole.substr(2)));
}

}  // namespace ordeal
