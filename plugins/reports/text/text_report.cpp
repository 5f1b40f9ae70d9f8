// SPDX-License-Identifier: Apache-2.0
#include <ordeal/plugin.hpp>

#include <string_view>

#include "document/document.h"
#include "text/summary.h"

namespace {

class TextReport final : public ordeal::Report {
 public:
  using Report::Report;

  void render(std::uint32_t stage, std::string_view text, ordeal::FileSink& sink) override {
    if (stage != ORDEAL_STAGE_CAMPAIGN) return;
    const ordeal::reports::Document document(text, "campaign");
    sink.file("campaign_summary.txt", ordeal::reports::campaign_summary(document.root()));
  }
};

}  // namespace

ORDEAL_PLUGIN("org.ordeal.report-text", "0.1.0", ordeal::report<TextReport>("text"));
