// SPDX-License-Identifier: Apache-2.0
// Writes the histograms of a phase as HdrHistogram's own tools read them.
#include <ordeal/plugin.hpp>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "document/document.h"
#include "document/file_name.h"
#include "hdr/distribution.h"
#include "hdr/series.h"

namespace {

using ordeal::reports::Document;
using ordeal::reports::file_safe;
using ordeal::reports::LogLine;
using ordeal::reports::Series;
using ordeal::reports::View;

constexpr std::size_t longest_name = 40;

struct Unit {
  std::string_view name;
  double ns;
};
constexpr std::array<Unit, 4> units{{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}};

double unit_of(std::string_view config) {
  boost::json::error_code code;
  const boost::json::value parsed =
      boost::json::parse(boost::json::string_view(config.data(), config.size()), code);
  if (code) throw ordeal::Failure(ORDEAL_E_INVALID, "the config is not JSON: " + code.message());
  const std::string_view name = View{&parsed}["unit"].text("us");
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
  if (found == units.end())
    throw ordeal::Failure(ORDEAL_E_INVALID,
                          "unit: '" + std::string(name) + "' is not one of ns, us, ms, s");
  return found->ns;
}

template <typename... Values>
std::string text(const char* format, Values... values) {
  std::array<char, 512> line{};
  std::snprintf(line.data(), line.size(), format, values...);
  return line.data();
}

/// Log format 1.3 of HdrHistogram's HistogramLogWriter: times relative to BaseTime, maxima in
/// milliseconds.
std::string log_head(const Series& series, double base) {
  std::string out = "#[Logged by ordeal: " + file_safe(series.load, longest_name) + " " +
                    file_safe(series.kind, longest_name) + "]\n";
  out += "#[Histogram log format version 1.3]\n";
  out += text("#[StartTime: %.3f (seconds since epoch)]\n", base);
  out += text("#[BaseTime: %.3f (seconds since epoch)]\n", base);
  out += text("#[Values: steps of %.0f ns; Interval_Max: ms]\n", series.unit_ns);
  out +=
      "#[Tags: latency from the intended start, service from the actual send, others as the "
      "scenario names its marks]\n";
  out +=
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
  return out;
}

class HdrReport final : public ordeal::Report {
 public:
  explicit HdrReport(const ordeal::Context& context)
      : Report(context), printed_ns_(unit_of(context.config)) {}

  void render(std::uint32_t stage, std::string_view document, ordeal::FileSink& sink) override {
    if (stage != ORDEAL_STAGE_PHASE) return;
    const Document parsed(document, "phase");
    const View info = parsed.root()["phase_info"];
    const std::string phase = "phase_" + ordeal::reports::phase_number(info) + "_" +
                              file_safe(info["name"].text("unnamed"), longest_name) + "_";
    const std::vector<Series> all = ordeal::reports::read_series(parsed.root()["histograms"]);
    Names names;
    for (std::size_t i = 0; i < all.size();) {
      std::size_t end = i;
      while (end < all.size() && all[end].load == all[i].load && all[end].kind == all[i].kind)
        ++end;
      const std::string stem = names.one(phase + file_safe(all[i].load, longest_name) + "_" +
                                         file_safe(all[i].kind, longest_name));
      write_log(stem + ".hlog",
                {all.begin() + static_cast<std::ptrdiff_t>(i),
                 all.begin() + static_cast<std::ptrdiff_t>(end)},
                sink);
      for (; i < end; ++i)
        sink.file(names.one(stem + "_" + all[i].name) + ".hgrm",
                  ordeal::reports::percentile_distribution(all[i], printed_ns_));
    }
  }

 private:
  /// Two names may be the same once they are safe for a file.
  struct Names {
    std::set<std::string> used;
    std::string one(const std::string& name) {
      std::string free = name;
      for (int n = 2; !used.insert(free).second; ++n) free = name + "-" + std::to_string(n);
      return free;
    }
  };

  static void write_log(const std::string& name, const std::vector<Series>& kind,
                        ordeal::FileSink& sink) {
    std::vector<const LogLine*> lines;
    for (const Series& series : kind)
      for (const LogLine& line : series.lines) lines.push_back(&line);
    // A reader that is asked for a span of time stops at the first line beyond it.
    std::stable_sort(lines.begin(), lines.end(),
                     [](const LogLine* a, const LogLine* b) { return a->start < b->start; });
    const double base = std::floor(lines.front()->start * 1e3) / 1e3;
    sink.begin(name);
    sink.write(log_head(kind.front(), base));
    for (const LogLine* line : lines) {
      sink.write("Tag=" + line->tag +
                 text(",%.3f,%.3f,%.3f,", line->start - base, line->seconds, line->max * 1e3));
      sink.write(line->compressed);
      sink.write("\n");
    }
    sink.end();
  }

  double printed_ns_;
};

}  // namespace

ORDEAL_PLUGIN("org.ordeal.report-hdr", "0.1.0", ordeal::report<HdrReport>("hdr"));
