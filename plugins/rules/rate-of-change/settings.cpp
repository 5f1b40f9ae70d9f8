// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace rate_of_change {

namespace {

constexpr std::uint64_t second = 1'000'000'000;

enum Resource { memory, disk, descriptors, other };

}  // namespace

Settings::Settings(rules::Config& config) {
  const bool named = config.has("metric");
  if (named && config.has("resource")) {
    config.refuse("resource", "give this or 'metric', not both");
  }
  const auto resource = named ? other
                              : static_cast<Resource>(config.choice(
                                    "resource", {"memory", "disk", "descriptors"}, memory));
  static constexpr const char* metrics[] = {"node_memory_MemAvailable_bytes",
                                            "node_filesystem_avail_bytes", "node_filefd_allocated"};
  metric = config.text("metric", named ? "" : metrics[resource]);
  labels = config.text("labels", "*");
  if (metric.empty()) config.refuse("metric", "missing");
  if (named && !config.has("end")) {
    config.refuse("end", "missing: the value at which nothing is left");
  }
  if (!named && config.has("end")) config.refuse("end", "only for a 'metric' of your own");
  end = config.amount("end", 0);
  if (!std::isfinite(end)) config.refuse("end", "not a number");
  if (!named && config.has("direction")) {
    config.refuse("direction", "only for a 'metric' of your own");
  }
  upwards = config.choice("direction", {"up", "down"}, 0) == 0;
  if (!named) upwards = resource == descriptors;
  if (resource == descriptors) end_metric = "node_filefd_maximum";
  in_bytes = metric.ends_with("_bytes");
  window_ns = config.duration("window", 120 * second);
  if (window_ns == 0) config.refuse("window", "a trend needs a time");
  min_points = static_cast<std::size_t>(config.count("min_points", 7));
  if (min_points < 7) config.refuse("min_points", "a trend is not told from fewer than 7 points");

  std::vector<rules::Grades::Grade> limits;
  for (rules::Config& entry : config.list("limits")) {
    rules::Grades::Grade grade;
    grade.limit = static_cast<double>(entry.duration("within", 0)) / 1e9;
    grade.verdict = entry.verdict("verdict", ORDEAL_VERDICT_STOP_PHASE);
    grade.for_ns = entry.duration("for", 0);
    if (grade.limit <= 0) entry.refuse("within", "a time of more than 0s has to be given");
    entry.finish();
    limits.push_back(grade);
  }
  if (limits.empty()) limits.push_back({600, ORDEAL_VERDICT_STOP_PHASE, 30 * second});
  double longest = 0;
  for (const auto& grade : limits) longest = std::max(longest, grade.limit);
  const auto twice = static_cast<std::uint64_t>(std::min(longest * 2, 9e9) * 1e9);
  const std::uint64_t clear_ns = config.duration("clear", twice);
  grades =
      rules::Grades(rules::Grades::Side::under, std::move(limits),
                    static_cast<double>(clear_ns) / 1e9, config.duration("clear_for", 30 * second));
  if (grades.clears_beyond_a_limit()) {
    config.refuse("clear", "lies beyond a limit, so that a verdict would end where it begins");
  }
}

}  // namespace rate_of_change
