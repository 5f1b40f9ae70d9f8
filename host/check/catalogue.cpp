// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.h"

#include <algorithm>
#include <array>

namespace ordeal {

const std::vector<CheckCase>& check_catalogue() {
  constexpr auto plugin = CheckCase::Scope::plugin;
  constexpr auto component = CheckCase::Scope::component;
  static const std::vector<CheckCase> all{
      {"manifest", 1, plugin, "", {}, "the manifest is right, and its library is there", true},
      {"config-schema", 1, component, "", {"manifest"},
       "the config_schema is a JSON Schema that its own defaults satisfy", true},
      {"exports", 1, plugin, "", {"manifest"},
       "the library is a shared object that exports ordeal_plugin_entry and nothing else", true},
      {"load", 1, plugin, "", {"exports"}, "the library loads with every symbol resolved"},
      {"load-time", 1, plugin, "", {"load"}, "loading takes less than 100 ms", false, 5},
      {"entry", 1, plugin, "", {"load"}, "the entry has the right magic, sizes and ABI; init works"},
      {"identity", 1, plugin, "", {"entry"}, "id and version are those of the manifest"},

      {"factories", 2, plugin, "", {"entry"}, "each declared kind has a complete factory"},
      {"unknown-ids", 2, plugin, "", {"entry"}, "unknown factory ids are answered with NULL"},
      {"create", 2, component, "", {"config-schema", "factories"}, "an instance can be created"},
      {"describe", 2, component, "scenario,collector", {"create"}, "it says what it declares"},
      {"use", 2, component, "", {"create", "describe"}, "it does what its kind is for"},
      {"destroy", 2, component, "", {"use"},
       "it ends within a second and gives watches and timers back"},
      {"unknown-component", 2, component, "", {"create"}, "an undeclared component is refused"},
      {"two-instances", 2, component, "", {"destroy"}, "two instances do not disturb each other"},
      {"lifecycle", 2, component, "", {"destroy"},
       "init, a life, deinit, three times; then the process ends"},
      {"output", 2, component, "", {"destroy"}, "nothing is written to stdout or stderr"},
      {"signals", 2, component, "", {"destroy"}, "signal handlers and masks stay the host's"},
      {"process-state", 2, component, "", {"destroy"},
       "working folder, umask, locale, environment, descriptors and limits stay the host's"},

      {"missing-services", 3, component, "", {"destroy"},
       "a host without some service, or without any, is no reason to crash"},
      {"bounds", 3, component, "", {"destroy"},
       "nothing is read beyond a struct's size or a text's length"},
      {"newer-host", 3, component, "", {"destroy", "bounds"},
       "structs and strides of a newer host are read"},
      {"threads", 3, component, "", {"destroy"},
       "[worker] functions of the host are called on the worker's thread"},
      {"operations", 3, component, "scenario", {"destroy"},
       "each operation is completed once, none after a cancel; outcomes and marks are valid"},
      {"metrics", 3, component, "collector", {"describe"},
       "names, labels and units are Prometheus ones"},
      {"samples", 3, component, "collector", {"destroy"},
       "values are declared, finite, labelled as declared; counters do not go back"},
      {"verdicts", 3, component, "rule", {"destroy"},
       "the same snapshots give the same valid verdicts, in any instance and process", false, 2},
      {"files", 3, component, "report", {"destroy"},
       "documents that satisfy their schema are rendered, files well named and ended"},
      {"same-bytes", 3, component, "report", {"destroy"},
       "the same document gives the same bytes, in any process, zone and time", false, 2},

      {"shorter-structs", 4, component, "", {"bounds", "missing-services"},
       "a host that lacks the last function of its tables is no reason to crash"},
      {"configs", 4, component, "", {"destroy"},
       "random configs that satisfy the schema are accepted, or refused with a reason"},
      {"bad-configs", 4, component, "", {"configs"}, "spoiled configs are no reason to crash"},
      {"snapshots", 4, component, "rule", {"destroy"},
       "empty and absurd snapshots are no reason to crash"},
      {"documents", 4, component, "report", {"destroy"},
       "wrong documents are no reason to crash; a refusal has a reason"},

      {"overrun", 5, component, "", {"destroy"},
       "no call of a scenario and no callback takes over 100 ms, no verdict over 1 s"},
      {"leaks", 5, component, "", {"destroy"},
       "eight lives leave no descriptor, thread, process or memory behind", false, 1, true},
      {"out-of-memory", 5, component, "", {"destroy"},
       "failing allocations end in an error, not in a crash", false, 1, true},
  };
  return all;
}

const CheckCase* find_check_case(std::string_view name) {
  const auto& all = check_catalogue();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const CheckCase& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string_view check_level_about(int level) {
  constexpr std::array<std::string_view, check_levels> about{
      "manifest, exports, loading, entry", "the life of an instance, and its manners as a guest",
      "the contract of hosts, threads and kinds", "unusual and wrong input",
      "time, leaks, memory that runs out"};
  return about.at(static_cast<std::size_t>(level - 1));
}

}  // namespace ordeal
