// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/documents.h"

#include <boost/json.hpp>
#include <cctype>
#include <limits>

#include "base/files.h"
#include "base/json.h"
#include "campaign/documents/campaign_object.h"
#include "campaign/documents/event_list.h"
#include "campaign/documents/histogram_parts.h"
#include "campaign/documents/json_fields.h"
#include "campaign/documents/operation_series.h"
#include "campaign/documents/phase_object.h"
#include "campaign/documents/setup_objects.h"

namespace ordeal {
namespace json = boost::json;

using namespace documents;

namespace {

constexpr std::uint64_t forever = std::numeric_limits<std::uint64_t>::max();

double since(std::uint64_t wall_ns, std::uint64_t origin_wall_ns) {
  return wall_ns >= origin_wall_ns ? seconds(wall_ns - origin_wall_ns)
                                   : -seconds(origin_wall_ns - wall_ns);
}

/// What is drawn over time. `attempts` by phase, then attempt.
struct SeriesParts {
  const RunFacts& facts;
  const FiguresByPhase& figures;
  const std::vector<MetricSeries>& metrics;
  std::vector<const Attempt*> attempts;
  std::uint64_t origin_wall_ns = 0;
  std::uint64_t to_wall_ns = forever;
};

json::array phase_spans(const SeriesParts& parts) {
  json::array out;
  for (const Attempt* attempt : parts.attempts) {
    const PhaseRow& row = attempt->row;
    const bool counted = parts.facts.last_attempt(row.index) == attempt;
    const auto figures = parts.figures.find(row.index);
    json::object span;
    span["index"] = row.index;
    span["name"] = row.name;
    span["start"] = since(row.started.wall_ns, parts.origin_wall_ns);
    span["end"] = row.ended.wall_ns == 0
                      ? json::value(nullptr)
                      : json::value(since(row.ended.wall_ns, parts.origin_wall_ns));
    span["state"] = attempt->state();
    span["result"] =
        counted && figures != parts.figures.end()
            ? json::value(json::string(phase_result_name(figures->second.outcome.result).data()))
            : json::value(nullptr);
    out.push_back(std::move(span));
  }
  return out;
}

Result<json::object> series_json(JournalReader& journal, const SeriesParts& parts) {
  auto points = operation_points(journal, parts.attempts);
  if (!points) return std::move(points.error());
  const auto inside = [&](const JournalEvent& event) {
    return event.at.wall_ns >= parts.origin_wall_ns && event.at.wall_ns <= parts.to_wall_ns;
  };
  auto marks = event_marks(parts.facts, parts.origin_wall_ns, [&](const JournalEvent& event) {
    return inside(event) && event.topic != "log" && event.topic != "collector";
  });
  if (!marks) return std::move(marks.error());
  json::array gaps = operation_gaps(parts.attempts, *points, parts.origin_wall_ns);
  for (const auto& event : parts.facts.events) {
    if (event.topic != "collector" || !inside(event)) continue;
    auto data = parse_fact(event.data, "event " + std::to_string(event.seq));
    if (!data) return std::move(data.error());
    const double end = since(event.at.wall_ns, parts.origin_wall_ns);
    json::object gap;
    gap["start"] = end - number_field(**data, "seconds").value_or(0);
    gap["end"] = end;
    gap["why"] = event_text(event, **data);
    gaps.push_back(std::move(gap));
  }
  json::object out;
  out["time_origin"] = parts.origin_wall_ns == 0 ? json::value(nullptr)
                                                 : json::value(utc_time(parts.origin_wall_ns));
  out["time_origin_wall_ns"] =
      parts.origin_wall_ns == 0 ? json::value(nullptr) : json::value(parts.origin_wall_ns);
  out["phases"] = phase_spans(parts);
  out["operations"] = operation_series_json(*points, parts.origin_wall_ns);
  out["metrics"] = metric_series_json(parts.metrics, parts.origin_wall_ns);
  out["events"] = std::move(*marks);
  out["gaps"] = std::move(gaps);
  return out;
}

/// Facts and all metrics: what a set-up document takes.
Result<std::string> setup_document(JournalReader& journal,
                                   json::object (*build)(const RunFacts&,
                                                         const std::vector<MetricSeries>&)) {
  auto facts = read_facts(journal);
  if (!facts) return std::move(facts.error());
  auto metrics = read_metric_series(journal, 0, forever);
  if (!metrics) return std::move(metrics.error());
  return pretty_json(json::value(build(*facts, *metrics)));
}

Result<PhaseDocuments> build_phase(JournalReader& journal, std::int32_t index,
                                   bool with_histograms) {
  auto facts = read_facts(journal);
  if (!facts) return std::move(facts.error());
  const Attempt* attempt = facts->last_attempt(index);
  if (attempt == nullptr) {
    Error error;
    error.what = "the journal has no phase " + std::to_string(index);
    return error;
  }
  auto figures = phase_figures(journal, *facts, *attempt);
  if (!figures) return std::move(figures.error());
  auto object = phase_object(*facts, *attempt, *figures);
  if (!object) return std::move(object.error());
  const std::uint64_t from = attempt->row.started.wall_ns;
  const std::uint64_t to = attempt->row.ended.wall_ns == 0 ? forever : attempt->row.ended.wall_ns;
  auto metrics = read_metric_series(journal, from, to);
  if (!metrics) return std::move(metrics.error());
  Result<json::array> histograms = json::array();
  if (with_histograms) histograms = histograms_json(journal, *facts, *attempt, *figures);
  if (!histograms) return std::move(histograms.error());
  FiguresByPhase only;
  only.emplace(index, std::move(*figures));
  auto series = series_json(journal, {*facts, only, *metrics, {attempt}, from, to});
  if (!series) return std::move(series.error());
  (*object)["series"] = std::move(*series);
  json::value document(std::move(*object));
  PhaseDocuments documents;
  documents.plain = pretty_json(document);
  if (with_histograms) {
    // Nobody reads this one: thousands of buckets in lines of their own would only be slow.
    document.get_object()["histograms"] = std::move(*histograms);
    documents.with_histograms = compact_json(document);
  }
  return documents;
}

Result<std::string> build_campaign(JournalReader& journal) {
  auto facts = read_facts(journal);
  if (!facts) return std::move(facts.error());
  auto figures = all_figures(journal, *facts);
  if (!figures) return std::move(figures.error());
  auto evidence = campaign_evidence(*facts, *figures);
  if (!evidence) return std::move(evidence.error());
  auto metrics = read_metric_series(journal, 0, forever);
  if (!metrics) return std::move(metrics.error());
  const CampaignVerdict verdict = judge_evidence(*evidence);
  auto object = campaign_object({*facts, *figures, *evidence, verdict, *metrics});
  if (!object) return std::move(object.error());
  std::vector<const Attempt*> attempts;
  for (const auto& attempt : facts->attempts) attempts.push_back(&attempt);
  auto series = series_json(
      journal, {*facts, *figures, *metrics, std::move(attempts), facts->origin_wall_ns(), forever});
  if (!series) return std::move(series.error());
  (*object)["series"] = std::move(*series);
  return pretty_json(json::value(std::move(*object)));
}

template <typename T>
Result<T> within(Result<T> text, const char* what) {
  if (!text) return std::move(text.error()).within(what);
  return text;
}

}  // namespace

Result<std::string> readiness_document(JournalReader& journal) {
  return within(setup_document(journal, readiness_object), "readiness document");
}

Result<std::string> baseline_document(JournalReader& journal) {
  return within(setup_document(journal, baseline_object), "baseline document");
}

Result<PhaseDocuments> phase_documents(JournalReader& journal, std::int32_t index,
                                       bool with_histograms) {
  return within(build_phase(journal, index, with_histograms), "phase document");
}

Result<std::string> phase_document(JournalReader& journal, std::int32_t index) {
  auto documents = phase_documents(journal, index, false);
  if (!documents) return std::move(documents.error());
  return std::move(documents->plain);
}

Result<std::string> campaign_document(JournalReader& journal) {
  return within(build_campaign(journal), "campaign document");
}

std::string phase_report_name(std::int32_t index, const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
    safe += plain ? c : '_';
  }
  return "phase_report_" + std::to_string(index + 1) + '_' + safe + ".json";
}

}  // namespace ordeal
