// SPDX-License-Identifier: Apache-2.0
#include "hdr/series.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "document/file_name.h"

namespace ordeal::reports {
namespace {

constexpr std::size_t longest_name = 40;
constexpr std::string_view mark_prefix = "mark:";

bool base64(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  });
}

/// A mark may be called latency, too.
std::string name_of(std::string_view series) {
  if (!series.starts_with(mark_prefix)) return file_safe(series, longest_name);
  const std::string name = file_safe(series.substr(mark_prefix.size()), longest_name);
  return name == "latency" || name == "service" ? "mark_" + name : name;
}

}  // namespace

std::vector<Series> read_series(View histograms) {
  std::vector<Series> all;
  for (std::size_t i = 0; i < histograms.size(); ++i) {
    const View item = histograms.at(i);
    Series series;
    series.load = item["load"].text();
    series.kind = item["kind"].text();
    series.name = name_of(item["series"].text());
    series.unit_ns = std::max(1.0, item["unit_ns"].number(1));
    const View buckets = item["buckets"];
    for (std::size_t n = 0; n < buckets.size(); ++n) {
      const View one = buckets.at(n);
      const Bucket bucket{one.at(0).number(-1), one.at(1).number(-1), one.at(2).number(0)};
      const double above = series.buckets.empty() ? -1 : series.buckets.back().to;
      if (bucket.from > above && bucket.to >= bucket.from && bucket.count > 0)
        series.buckets.push_back(bucket);
    }
    const View intervals = item["intervals"];
    for (std::size_t n = 0; n < intervals.size(); ++n) {
      const View one = intervals.at(n);
      const std::string_view compressed = one["compressed"].text();
      if (!base64(compressed)) continue;
      series.lines.push_back({one["start"].number(0), one["seconds"].number(0),
                              one["max"].number(0), series.name, std::string(compressed)});
    }
    if (!series.buckets.empty() && !series.lines.empty()) all.push_back(std::move(series));
  }
  return all;
}

}  // namespace ordeal::reports
