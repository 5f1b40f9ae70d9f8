// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_feeder.h"

#include <boost/json.hpp>
#include <filesystem>

namespace ordeal {
namespace json = boost::json;

Result<void> read_feeder(const CampaignDocument& document, json::object& entry,
                         const std::string& pointer, const std::string& campaign_file,
                         LoadEntry& load) {
  json::value* const given = entry.if_contains("feeder");
  if (given == nullptr) return {};
  json::object& section = given->get_object();
  const std::string at = pointer + "/feeder";
  FeederSpec spec;
  std::error_code failed;
  const std::filesystem::path written = text_member(section, "file");
  const auto folder = std::filesystem::absolute(campaign_file, failed).parent_path();
  spec.file = (folder / written).lexically_normal().string();
  section["file"] = spec.file;

  std::string format = text_member(section, "format");
  if (format.empty()) {
    const std::string extension = written.extension().string();
    if (extension == ".csv") format = "csv";
    if (extension == ".jsonl" || extension == ".ndjson") format = "jsonl";
    if (format.empty())
      return document.error(at + "/file",
                            "the name of '" + written.string() + "' does not tell its format",
                            "a name that ends in .csv, .jsonl or .ndjson, or a key 'format'");
  }
  spec.format = format == "csv" ? FeederSpec::Format::csv : FeederSpec::Format::jsonl;
  const std::string order = text_member(section, "order", "sequential");
  spec.order = order == "random"   ? FeederSpec::Order::random
               : order == "unique" ? FeederSpec::Order::unique
                                   : FeederSpec::Order::sequential;
  spec.header = bool_member(section, "header", true);
  if (section.contains("header") && spec.format == FeederSpec::Format::jsonl)
    return document.error(at + "/header", "JSON lines have no header", {},
                          "leave the key out: every line names its fields", true);
  load.feeder = std::move(spec);
  return {};
}

}  // namespace ordeal
