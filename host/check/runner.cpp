// SPDX-License-Identifier: Apache-2.0
#include "check/runner.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "check/schema_sense.h"
#include "registry/component_config.h"
#include "registry/elf_library.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr std::uint64_t most_load_ns = 100'000'000;
constexpr std::uint64_t largest_library = std::uint64_t{1} << 30;

std::set<std::string> with_needs(const std::vector<std::string>& names) {
  std::set<std::string> all;
  std::vector<std::string> open(names);
  while (!open.empty()) {
    const CheckCase* one = find_check_case(open.back());
    open.pop_back();
    if (one == nullptr || !all.insert(one->name).second) continue;
    open.insert(open.end(), one->needs.begin(), one->needs.end());
  }
  return all;
}

class Runner {
 public:
  Runner(const ManifestReading& plugin, const CheckPlan& plan,
         const std::function<void(const CheckResult&)>& on_result)
      : plugin_(plugin),
        plan_(plan),
        on_result_(on_result),
        chosen_(with_needs(plan.cases)),
        configs_(plan.configs) {}

  Result<std::vector<CheckResult>> run() {
    for (const CheckCase& one : check_catalogue()) {
      const bool wanted =
          plan_.cases.empty() ? one.level <= plan_.level : chosen_.count(one.name) != 0;
      if (!wanted) continue;
      if (one.scope == CheckCase::Scope::plugin) {
        if (auto ran = run_one(one, std::nullopt); !ran) return ran.error();
        continue;
      }
      for (std::size_t i = 0; i < plugin_.info.components.size(); ++i) {
        const std::string& kind = plugin_.info.components[i].kind;
        if (!one.kind.empty() && one.kind.find(kind) == std::string::npos) continue;
        if (auto ran = run_one(one, i); !ran) return ran.error();
      }
    }
    return std::move(results_);
  }

 private:
  /// The case that this one needs and that did not go well, or "".
  std::string unmet(const CheckCase& one, const std::string& component) const {
    for (const std::string& need : one.needs)
      for (const CheckResult& result : results_)
        if (result.about->name == need &&
            (result.component.empty() || component.empty() || result.component == component) &&
            (result.verdict == CheckVerdict::fail || result.verdict == CheckVerdict::skip))
          return need;
    return {};
  }

  Result<void> run_one(const CheckCase& one, std::optional<std::size_t> index) {
    CheckResult result;
    result.about = &one;
    if (index) result.component = plugin_.info.components[*index].id;
    if (const std::string need = unmet(one, result.component); !need.empty()) {
      result.verdict = CheckVerdict::skip;
      result.findings.push_back({"it needs the case '" + need + "'", ""});
    } else if (one.in_front) {
      if (one.name == "manifest") check_manifest(result);
      if (one.name == "config-schema") check_config_schema(*index, result);
      if (one.name == "exports") check_exports(result);
    } else if (auto ran = run_processes(one, index.value_or(0), result); !ran) {
      return ran.error();
    }
    on_result_(result);
    results_.push_back(std::move(result));
    return {};
  }

  static void fail(CheckResult& result, std::string why, std::string fix = {}) {
    result.verdict = CheckVerdict::fail;
    result.findings.push_back({std::move(why), std::move(fix)});
  }
  static void warn(CheckResult& result, std::string why, std::string fix = {}) {
    if (result.verdict == CheckVerdict::ok) result.verdict = CheckVerdict::warn;
    result.findings.push_back({std::move(why), std::move(fix)});
  }

  void check_manifest(CheckResult& result) const {
    for (const Error& error : plugin_.errors) fail(result, error.line());
    const PluginInfo& info = plugin_.info;
    if (plugin_.errors.empty()) {
      if (info.description.empty()) warn(result, "it has no description");
      if (info.license.empty()) warn(result, "it names no license");
      for (const ComponentInfo& one : info.components)
        if (one.title.empty()) warn(result, "component '" + one.id + "' has no title");
    }
    result.note = info.manifest_path;
  }

  void check_config_schema(std::size_t index, CheckResult& result) {
    const ComponentInfo& component = plugin_.info.components[index];
    const auto schema = parse_json(component.config_schema, "config_schema");
    if (!schema) return fail(result, schema.error().line());
    for (const SchemaRemark& remark : schema_remarks(*schema)) {
      const std::string why = (remark.pointer.empty() ? "/" : remark.pointer) + ": " + remark.what;
      if (remark.wrong) {
        fail(result, why);
      } else {
        warn(result, why, "say in one sentence what it does: `ordeal plugin info` shows it");
      }
    }
    // What the author gave for --config is merged and checked as a campaign's would be.
    const auto given = configs_.find(component.id);
    if (given == configs_.end()) return;
    const auto value = parse_json(given->second, "config");
    const auto place = [](const std::string& pointer, bool) {
      return Location{"--config", 0, 0, pointer};
    };
    auto merged = value ? merge_component_config(component, &*value, "", place)
                        : Result<std::string>(value.error());
    if (!merged) return fail(result, merged.error().line());
    given->second = *merged;
  }

  void check_exports(CheckResult& result) const {
    const std::string& file = plugin_.info.library_path;
    const auto bytes = read_file(file, ExitCode::plugin_rejected, largest_library);
    if (!bytes) return fail(result, bytes.error().line());
    const auto library = ElfLibrary::open(*bytes, file);
    if (!library) return fail(result, library.error().line());
    const auto names = library->exported();
    if (!names) return fail(result, names.error().line());
    if (std::find(names->begin(), names->end(), "ordeal_plugin_entry") == names->end())
      fail(result, "it does not export ordeal_plugin_entry",
           "define it with ORDEAL_PLUGIN or as abi/entry.h says");
    std::string others;
    std::size_t count = 0;
    for (const std::string_view name : *names)
      if (name != "ordeal_plugin_entry" && ++count <= 5)
        others.append(others.empty() ? "" : ", ").append(name);
    if (count > 0)
      fail(result,
           "it exports " + std::to_string(count) + " more than ordeal_plugin_entry: " + others +
               (count > 5 ? ", ..." : ""),
           "build it with ordeal_add_plugin(), whose version script hides the rest");
  }

  [[nodiscard]] std::string job(const CheckCase& one, std::size_t index, unsigned round) const {
    const PluginInfo& info = plugin_.info;
    json::array components;
    for (const ComponentInfo& component : info.components)
      components.push_back(json::object{{"id", component.id},
                                        {"kind", component.kind},
                                        {"config_schema", component.config_schema},
                                        {"defaults", component.defaults}});
    const auto config = configs_.find(info.components[index].id);
    json::array privileges;
    for (const std::string& privilege : info.privileges) privileges.emplace_back(privilege);
    return compact_json(json::object{{"case", one.name},
                                     {"id", info.id},
                                     {"version", info.version},
                                     {"library", info.library_path},
                                     {"sha256", info.sha256},
                                     {"trust", static_cast<std::uint32_t>(info.trust)},
                                     {"privileges", std::move(privileges)},
                                     {"components", std::move(components)},
                                     {"component", index},
                                     {"config", config == configs_.end() ? "" : config->second},
                                     {"seed", plan_.seed},
                                     {"round", round}});
  }

  Result<void> run_processes(const CheckCase& one, std::size_t index, CheckResult& result) {
    std::vector<CaseOutcome> rounds;
    for (unsigned round = 0; round < one.rounds; ++round) {
      auto outcome = run_case_process(job(one, index, round), plan_.limit_s, one.own_heap);
      if (!outcome) return outcome.error();
      rounds.push_back(std::move(*outcome));
      result.seconds += rounds.back().seconds;
      if (!rounds.back().failures.empty()) break;
    }
    const CaseOutcome& last = rounds.back();
    result.note = last.note;
    for (const CheckFinding& finding : last.failures) fail(result, finding.why, finding.fix);
    for (const CheckFinding& finding : last.warnings) warn(result, finding.why, finding.fix);
    if (result.verdict == CheckVerdict::fail) return {};
    if (!last.skipped.empty()) {
      result.verdict = CheckVerdict::skip;
      result.findings.insert(result.findings.begin(), {last.skipped, ""});
      return {};
    }
    if (one.name == "load-time") judge_load_time(rounds, result);
    if (one.name == "verdicts" || one.name == "same-bytes") compare(rounds, result);
    if (one.name == "create")
      for (const auto& [key, value] : last.data)
        if (key == "config") configs_[result.component] = value;
    return {};
  }

  /// The quickest of several loads counts: the first also reads the file from the disk, and any may
  /// be disturbed.
  static void judge_load_time(const std::vector<CaseOutcome>& rounds, CheckResult& result) {
    std::uint64_t least = UINT64_MAX;
    std::uint64_t first = 0;
    for (const CaseOutcome& round : rounds)
      for (const auto& [key, value] : round.data)
        if (key == "load_ns") {
          const std::uint64_t ns = std::stoull(value);
          if (&round == &rounds.front()) first = ns;
          least = std::min(least, ns);
        }
    const auto text = [](std::uint64_t ns) {
      return ns < 10'000'000 ? std::to_string(ns / 1000) + " us"
                             : std::to_string(ns / 1'000'000) + " ms";
    };
    result.note = "quickest of " + std::to_string(rounds.size()) + " loads: " + text(least);
    if (least >= most_load_ns) {
      fail(result, "loading takes " + text(least) + "; 100 ms are allowed",
           "do nothing in static constructors; work belongs into create");
    } else if (first >= most_load_ns) {
      warn(result, "the first load took " + text(first) + ", the quickest " + text(least));
    }
  }

  static void compare(const std::vector<CaseOutcome>& rounds, CheckResult& result) {
    if (rounds.size() < 2) return;
    const auto& a = rounds[0].data;
    const auto& b = rounds[1].data;
    std::size_t files = 0;
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      ++files;
      if (i < a.size() && i < b.size() && a[i] == b[i]) continue;
      const std::string what = i < a.size() ? a[i].first : b[i].first;
      const std::string one = i < a.size() ? a[i].second : "nothing";
      const std::string other = i < b.size() ? b[i].second : "nothing";
      fail(result, what + ": two processes differ: " + one + " / " + other,
           "use what you are given: no clock, no random number, no address, no environment");
      return;
    }
    if (result.note.empty()) result.note = std::to_string(files) + " files compared";
  }

  const ManifestReading& plugin_;
  const CheckPlan& plan_;
  const std::function<void(const CheckResult&)>& on_result_;
  std::set<std::string> chosen_;
  std::map<std::string, std::string> configs_;
  std::vector<CheckResult> results_;
};

}  // namespace

const char* verdict_word(CheckVerdict verdict) {
  switch (verdict) {
    case CheckVerdict::ok:
      return "ok";
    case CheckVerdict::warn:
      return "warn";
    case CheckVerdict::fail:
      return "FAIL";
    case CheckVerdict::skip:
      return "skip";
  }
  return "";
}

Result<std::vector<CheckResult>> run_checks(
    const ManifestReading& plugin, const CheckPlan& plan,
    const std::function<void(const CheckResult&)>& on_result) {
  return Runner(plugin, plan, on_result).run();
}

}  // namespace ordeal
