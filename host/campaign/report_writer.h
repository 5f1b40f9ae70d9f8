// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "campaign/bulletin.h"
#include "campaign/campaign.h"
#include "campaign/cell_link.h"
#include "campaign/documents/documents.h"
#include "campaign/loop.h"
#include "campaign/report_files.h"
#include "campaign/services.h"
#include "campaign/topic_hub.h"
#include "registry/registry.h"

namespace ordeal {

/// Runs the campaign's report plugins, each in a cell of its own, and writes what they give into
/// the run's reports folder. Used by the controller, and by the front when the controller is gone.
/// One thread; the loop goes on turning while a report is being rendered.
class ReportWriter {
 public:
  /// `topics`: as for Services.
  ReportWriter(Loop& loop, CellStarter& starter, const Registry& registry,
               std::vector<ReportEntry> reports, std::string folder, TopicHub* topics = nullptr);
  ~ReportWriter();

  /// What one report made of one stage.
  struct Outcome {
    std::string report;
    std::string plugin;              // id and version
    std::vector<std::string> files;  // names in the folder
    std::string problem;             // "" when it succeeded
  };

  /// Starts all cells and creates the reports in them. "" or why one cannot be used, naming its
  /// plugin. Without it, each is started when it is first asked to render.
  std::string prepare();
  /// What a report's cell complains of; called on the loop's thread.
  void on_trouble(std::function<void(PluginTrouble)> fn) { on_trouble_ = std::move(fn); }

  /// A stage's document, and what those get instead whose manifest wants histograms ("": the same).
  struct StageDocument {
    StageDocument(const char* text) : plain(text) {}
    StageDocument(std::string text) : plain(std::move(text)) {}  // NOLINT: most stages have one
    StageDocument(PhaseDocuments both)
        : plain(std::move(both.plain)), with_histograms(std::move(both.with_histograms)) {}
    std::string plain;
    std::string with_histograms;
  };
  /// Whether any report's manifest wants them. Needs no cell.
  [[nodiscard]] bool wants_histograms() const;

  /// Renders `document` of `stage` (ORDEAL_STAGE_*) with every report. A report has 60 s; one that
  /// dies or fails loses this stage only, and is given up after three failures. With `failed` (of
  /// an earlier call, for the same stage) those that failed then are left out.
  std::vector<Outcome> render(std::uint32_t stage, const StageDocument& document,
                              const std::vector<Outcome>* failed = nullptr);
  /// Passes one interval/1 event to every report that is up. A slow one loses it, counted.
  void stream(const std::string& json);
  /// Reports that lost interval events, and how many.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> lost() const;
  /// Id and version behind a report, "" before it was started.
  [[nodiscard]] std::string plugin_of(const std::string& report) const;
  /// Ends the cells.
  void stop();

  /// Takes what a report recorded through ordeal.host.metrics/1 since its last render; without it
  /// that is dropped. `known` as Services::own_metrics wants it. Called on the loop's thread.
  using MetricsFn = std::function<void(const std::string& component,
                                       std::vector<Services::OwnMetric>& known, Decoder& in)>;
  void on_metrics(MetricsFn fn) { on_metrics_ = std::move(fn); }

  /// While `urgent` says so, no report gets more than 3 s. Asked on the loop's thread.
  void set_urgent(std::function<bool()> urgent) { urgent_ = std::move(urgent); }

 private:
  std::function<bool()> out_of_patience();
  struct Report {
    ReportEntry entry;
    std::size_t index = 0;
    std::uint32_t generation = 0;
    const PluginInfo* plugin = nullptr;
    std::unique_ptr<CellLink> link;
    std::uint32_t failures = 0;
    std::uint64_t lost = 0;
    std::uint64_t token = 0;
    bool done = false;
    Outcome outcome;
    std::vector<Services::OwnMetric> metrics;
  };
  [[nodiscard]] bool wants_histograms(const ReportEntry& entry) const;
  void start(Report& report);
  /// Its cell has died, was killed or never came up.
  void drop(Report& report);
  void render_one(Report& report, std::uint32_t stage, const std::string& document);
  void message(Report& report, CellMessage type, Decoder& in);
  void file(Report& report, Decoder& in);

  std::function<bool()> urgent_;
  MetricsFn on_metrics_;
  std::function<void(PluginTrouble)> on_trouble_;
  Loop& loop_;
  CellStarter& starter_;
  const Registry& registry_;
  ReportFiles files_;
  TopicHub* topics_;
  std::vector<std::unique_ptr<Report>> reports_;
  std::uint64_t next_token_ = 1;
};

}  // namespace ordeal
