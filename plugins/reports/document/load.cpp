// SPDX-License-Identifier: Apache-2.0
#include "document/load.h"

#include <algorithm>

#include "document/campaign.h"
#include "document/figures.h"

namespace ordeal::reports {

std::string load_words(View phase) {
  if (!phase["load_model"]["text"].text().empty())
    return std::string(phase["load_model"]["text"].text());
  const View info = phase["phase_info"];
  std::string text(info["model"].text());
  if (const auto connections = info["max_concurrent_connections"].number())
    text += (text.empty() ? "" : ", ") + counted(*connections, "connection", "connections");
  if (const auto offered = info["rate"].number(); offered && *offered > 0)
    text += ", " + rate(offered);
  return text;
}

std::vector<EntryWords> entry_words(View campaign) {
  std::vector<EntryWords> all;
  const View phases = campaign["phase_results"];
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const View info = phases.at(i)["phase_info"];
    const View entries = phases.at(i)["load_model"]["entries"];
    for (std::size_t j = 0; j < entries.size(); ++j) {
      const std::string load(entries.at(j)["load"].text("?"));
      const std::string text(entries.at(j)["text"].text("?"));
      auto same = std::find_if(all.begin(), all.end(), [&](const EntryWords& one) {
        return one.load == load && one.text == text;
      });
      if (same == all.end()) same = all.insert(all.end(), {load, text, {}});
      same->phases.push_back(phase_label(info["index"].number(), info["name"].text("?")));
    }
  }
  for (EntryWords& one : all)
    if (one.phases.size() == phases.size()) one.phases.clear();
  return all;
}

std::string entry_line(const EntryWords& entry) {
  std::string where = "every phase";
  for (std::size_t i = 0; i < entry.phases.size(); ++i)
    where = (i == 0 ? std::string() : where + ", ") + entry.phases[i];
  return entry.load + ", in " + where + ": " + entry.text;
}

LoadCounts load_counts(View phase) {
  const View connections = phase["connections"];
  return {connections["opened"].number(), connections["failed"].number(),
          connections["renewed"].number(),
          phase["test_result"]["summary"]["dropped_operations"].number(),
          phase["wire"]["requests_sent"]["retried"].number()};
}

}  // namespace ordeal::reports
