// SPDX-License-Identifier: Apache-2.0
// Writes each stage's document as it is, under the name its readers have always known.
#include <ordeal/plugin.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "document/document.h"

namespace {

using ordeal::Failure;
using ordeal::reports::Document;
using ordeal::reports::View;

/// Letters, digits and `._-`; everything else becomes `_`. At most 100 bytes, never hidden.
std::string file_safe(std::string_view name) {
  std::string safe(name.substr(0, 100));
  std::replace_if(
      safe.begin(), safe.end(),
      [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        return !letter && !digit && c != '-' && c != '.' && c != '_';
      },
      '_');
  if (safe.empty() || safe.front() == '.') safe.insert(0, 1, '_');
  return safe;
}

/// phase_report_<n>_<name>.json: documents count phases from 0, people from 1. A phase run again
/// replaces the report of its earlier attempt.
std::string phase_file(View info) {
  const double index = info["index"].number(-1);
  if (index < 0 || index > 1e6 || index != std::floor(index))
    throw Failure(ORDEAL_E_INVALID, "the phase document has no phase_info.index");
  return "phase_report_" + std::to_string(static_cast<long>(index) + 1) + "_" +
         file_safe(info["name"].text("unnamed")) + ".json";
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
