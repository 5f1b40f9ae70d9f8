// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "base/schema.h"
#include "campaign/campaign_components.h"
#include "campaign/campaign_document.h"
#include "campaign/campaign_overrides.h"
#include "campaign/campaign_phases.h"
#include "campaign/campaign_safety.h"
#include "campaign/campaign_time_scale.h"
#include "campaign/feeder_index.h"
#include "campaign/slo_parse.h"
#include "campaign/topic_plan.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr std::uint64_t largest_campaign = 4 * 1024 * 1024;
constexpr Duration statistics_block = std::chrono::seconds(10);
constexpr Duration longest_baseline = std::chrono::minutes(10);

/// Every violation of the schema is a problem of the file, but the first is told: later ones often
/// follow from it.
Result<void> check_shape(const CampaignDocument& document) {
  const std::vector<SchemaViolation> violations = check_schema(document.schema(), document.root());
  if (violations.empty()) return {};
  const SchemaViolation& first = violations.front();
  return document.error(first.pointer, first.what, first.expected, first.fix, first.at_key);
}

Result<void> read_target(const CampaignDocument& document, TargetSpec& target) {
  const json::object& section = document.root().get_object().at("target").get_object();
  target.http = text_member(section, "http");
  target.pid_file = text_member(section, "pid_file");
  target.pid = static_cast<std::int64_t>(number_member(section, "pid"));
  if (!section.contains("http")) return {};
  std::string host;
  for (const std::string_view scheme : {"http://", "https://"})
    if (target.http.starts_with(scheme)) host = target.http.substr(scheme.size());
  host = host.substr(0, host.find_first_of("/?#"));
  const bool blank = std::any_of(target.http.begin(), target.http.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
  });
  if (host.empty() || host[0] == ':' || blank) {
    const bool bare =
        !blank && target.http.find("://") == std::string::npos && !target.http.empty();
    return document.error("/target/http", "'" + target.http + "' is not an http:// or https:// URL",
                          "http://HOST:PORT",
                          bare ? "did you mean 'http://" + target.http + "'?" : "");
  }
  return {};
}

Result<void> read_shares(const CampaignDocument& document, Campaign& campaign) {
  const json::object& verdict = document.root().get_object().at("verdict").get_object();
  for (const auto& [key, share] :
       {std::pair<const char*, double*>{"phases_passed", &campaign.verdict_phases_passed},
        {"operations_ok", &campaign.verdict_operations_ok}}) {
    Result<double> read = parse_least_share(text_member(verdict, key));
    if (!read) {
      Error error = read.error();
      error.where = document.locate(std::string("/verdict/") + key);
      return error;
    }
    *share = *read;
  }
  return {};
}

/// At most, and by default, a tenth of the campaign and ten minutes.
void read_baseline(CampaignDocument& document, Campaign& campaign) {
  json::object& section = document.root().get_object().at("baseline").get_object();
  campaign.required_health = number_member(section, "required_health");
  const Duration most = std::min(longest_baseline, campaign.duration / 10);
  campaign.baseline_duration = std::min(duration_member(section, "duration", most), most);
  section["duration"] = format_duration(campaign.baseline_duration);
}

void read_plain(const json::object& root, Campaign& campaign) {
  campaign.name = text_member(root, "campaign");
  campaign.duration = duration_member(root, "duration");
  campaign.fit_scale = text_member(root, "fit") == "scale";
  campaign.seed = static_cast<std::uint64_t>(number_member(root, "seed"));
  campaign.interval = duration_member(root, "interval");
  campaign.block = statistics_block;
  const json::object& escalate = root.at("escalate").get_object();
  campaign.escalate_progressive = bool_member(escalate, "progressive", true);
  campaign.escalate_recover = bool_member(escalate, "recover", true);
  campaign.escalate_select_by_health = bool_member(escalate, "select_by_health", false);
}

Result<void> read_campaign(CampaignDocument& document, const Registry& registry,
                           Campaign& campaign) {
  const json::object& root = document.root().get_object();
  read_plain(root, campaign);
  if (root.contains("duration") && campaign.duration <= Duration::zero()) {
    return document.error("/duration", "a campaign must last", "more than 0s");
  }
  if (campaign.interval < std::chrono::milliseconds(100)) {
    return document.error("/interval", "the interval is too short", "at least 100ms");
  }
  if (auto done = read_target(document, campaign.target); !done) return done;
  Result<Safety> safety = read_safety(document);
  if (!safety) return safety.error();
  campaign.safety = std::move(*safety);
  if (auto done = read_shares(document, campaign); !done) return done;
  if (auto done = read_phases(document, campaign); !done) return done;
  if (auto done = fit_plan(document, campaign); !done) return done;
  read_baseline(document, campaign);
  return read_components(document, registry, campaign);
}

Result<json::value> read_campaign_schema() {
  const std::string file = install_paths().manifests + "/schemas/campaign.json";
  Result<std::string> text = read_file(file, ExitCode::internal);
  if (!text) return std::move(text.error()).within("reading the campaign schema");
  Result<json::value> schema = parse_json(*text, file);
  if (schema) return schema;
  Error error = std::move(schema.error()).within("reading the campaign schema");
  error.code = ExitCode::internal;
  return error;
}

std::string campaigns_folder() { return install_paths().manifests + "/campaigns"; }

std::vector<std::string> installed_campaigns() {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(campaigns_folder(), failed), end;
       !failed && entry != end; entry.increment(failed)) {
    if (entry->path().extension() == ".json") names.push_back(entry->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<Campaign> parse_effective(const std::string& text, const std::string& path,
                                 const CampaignOverrides& overrides, const Registry& registry) {
  if (!std::isfinite(overrides.time_scale) || overrides.time_scale < 1e-6 ||
      overrides.time_scale > 1e3) {
    Error error;
    error.code = ExitCode::usage;
    error.what = "--time-scale is out of range";
    error.expected = "a factor from 0.000001 to 1000";
    return error;
  }
  Result<json::value> schema = read_campaign_schema();
  if (!schema) return schema.error();
  Result<json::value> root = parse_json(text, path);
  if (!root) return root.error();
  CampaignDocument document(*root, *schema, text, path);
  if (!root->is_object())
    return document.error("", "a campaign is not a list or a single value", "an object {...}");
  if (auto done = apply_overrides(document, overrides); !done) return done.error();
  if (auto done = check_shape(document); !done) return done.error();
  apply_defaults(*schema, *root);
  Campaign campaign;
  campaign.source = path;
  campaign.time_scale = overrides.time_scale;
  if (auto done = read_campaign(document, registry, campaign); !done) return done.error();
  campaign.effective = pretty_json(*root);
  // What an override brought in (depth, bytes that are no UTF-8) must be readable on resume.
  if (auto again = parse_json(campaign.effective, path + " with its overrides"); !again) {
    return again.error();
  }
  apply_time_scale(campaign);
  return campaign;
}

Result<Campaign> load_campaign(const std::string& path, const CampaignOverrides& overrides,
                               const Registry& registry) {
  Result<std::string> text = read_file(path, ExitCode::invalid_config, largest_campaign);
  if (!text) {
    Error error = text.error();
    if (path.find('/') == std::string::npos) {
      const std::vector<std::string> names = installed_campaigns();
      for (const std::string& name : names) {
        error.expected += (error.expected.empty() ? "a file, or one of " : ", ") + name;
      }
      const std::string near = nearest(path, names);
      if (!near.empty()) error.fix = "did you mean '" + near + "'?";
    }
    return error;
  }
  Result<Campaign> campaign = parse_effective(*text, path, overrides, registry);
  if (!campaign) return campaign;
  if (Result<TopicPlan> topics = plan_topics(*campaign, registry); !topics) return topics.error();
  for (std::size_t i = 0; i < campaign->load.size(); ++i) {
    if (!campaign->load[i].feeder) continue;
    if (auto sound = check_feeder(*campaign->load[i].feeder); !sound)
      return std::move(sound.error()).within("feeder of /load/" + std::to_string(i));
  }
  return campaign;
}

std::size_t worker_number(const Campaign& campaign, std::size_t load, std::uint32_t worker) {
  std::size_t number = worker;
  for (std::size_t i = 0; i < load; ++i) number += campaign.load[i].workers;
  return number;
}

std::string resolve_campaign_path(const std::string& name_or_path) {
  std::error_code ignored;
  if (name_or_path.find('/') != std::string::npos ||
      std::filesystem::exists(name_or_path, ignored)) {
    return name_or_path;
  }
  const std::string installed = campaigns_folder() + "/" + name_or_path + ".json";
  return std::filesystem::exists(installed, ignored) ? installed : name_or_path;
}

}  // namespace ordeal
