// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "document/document.h"

namespace ordeal::reports {

/// One line of a chart. `t` in seconds since the origin, rising; `v` as long; nothing is a gap.
struct Line {
  std::string label;
  std::string style;  // "area", "line", "dash", "points"
  std::string role;   // what it stands for, for its colour: "ok", "p99", ...; or ""
  std::vector<double> t;
  std::vector<std::optional<double>> v;
};

/// One chart. All lines have the unit and share the axis.
struct Chart {
  std::string id;  // plain letters
  std::string title;
  std::string unit;  // "1/s", "s", "ratio", "bytes", "bytes/s", ""
  bool logarithmic = false;
  bool wide = false;
  std::string note;  // what was left out, if anything
  std::vector<Line> lines;
};

/// Throughput, latency, errors, then the resources: what the document's series hold.
std::vector<Chart> campaign_charts(View series);
/// The resource charts alone: metrics of one kind and unit together, counters as rates.
std::vector<Chart> resource_charts(View metrics);

/// At most `limit` points: of each run of points the lowest and the highest are kept, and every
/// gap.
void thin(Line& line, std::size_t limit);

/// What the page's script draws: charts, phases, gaps and events as JSON for a <script> element.
std::string chart_json(View series, const std::vector<Chart>& charts);

}  // namespace ordeal::reports
