// SPDX-License-Identifier: Apache-2.0
// Writes each stage's document as it is, under the name its readers have always known.
#include <ordeal/plugin.hpp>

#include <string>
#include <string_view>

#include "document/document.h"
#include "document/file_name.h"

namespace {

using ordeal::reports::Document;
using ordeal::reports::file_safe;
using ordeal::reports::phase_number;
using ordeal::reports::View;

/// phase_report_<n>_<name>.json. A phase run again replaces the report of its earlier attempt.
std::string phase_file(View info) {
  return "phase_report_" + phase_number(info) + "_" + file_safe(info["name"].text("unnamed"), 100) +
         ".json";
}

std::string file_name(std::uint32_t stage, View root) {
  switch (stage) {
    case ORDEAL_STAGE_READINESS:
      return "system_readiness_report.json";
    case ORDEAL_STAGE_BASELINE:
      return "comprehensive_baseline_report.json";
    case ORDEAL_STAGE_PHASE:
      return phase_file(root["phase_info"]);
    default:
      return "autonomous_campaign_report.json";
  }
}

class JsonReport final : public ordeal::Report {
 public:
  using Report::Report;

  void render(std::uint32_t stage, std::string_view text, ordeal::FileSink& sink) override {
    const Document document(text, ordeal::reports::document_kind(stage));
    sink.begin(file_name(stage, document.root()));
    sink.write(text);
    if (!text.ends_with('\n')) sink.write("\n");
    sink.end();
  }
};

}  // namespace

ORDEAL_PLUGIN("org.ordeal.report-json", "0.1.0", ordeal::report<JsonReport>("json"));
