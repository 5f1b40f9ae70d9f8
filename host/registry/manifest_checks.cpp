// SPDX-License-Identifier: Apache-2.0
#include "registry/manifest_checks.h"

#include <ordeal/abi/entry.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>
#include <string_view>

#include "base/json.h"
#include "base/schema.h"
#include "registry/config_schema.h"
#include "registry/manifest_members.h"
#include "registry/privileges.h"

namespace ordeal {
namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 6> host_extensions{
    "ordeal.host.log/1", "ordeal.host.clock/1",   "ordeal.host.metrics/1",
    "ordeal.host.bus/1", "ordeal.host.reactor/1", "ordeal.host.process/1"};

}  // namespace

void check_abi(const PluginInfo& info, const ManifestFailFn& fail) {
  const bool same_major = info.abi_major == ORDEAL_ABI_MAJOR;
  // While the ABI is young (major 0) every minor may break it.
  const bool minor_fits = ORDEAL_ABI_MAJOR == 0 ? info.abi_min_minor == ORDEAL_ABI_MINOR
                                                : info.abi_min_minor <= ORDEAL_ABI_MINOR;
  if (same_major && minor_fits) return;
  const auto version = [](std::uint32_t major, std::uint32_t minor) {
    return std::to_string(major) + "." + std::to_string(minor);
  };
  const std::string mine = version(ORDEAL_ABI_MAJOR, ORDEAL_ABI_MINOR);
  const std::string its = version(info.abi_major, info.abi_min_minor);
  fail(same_major ? "/abi/min_minor" : "/abi/major",
       "the plugin is built for plugin ABI " + its + ", but this ordeal offers " + mine,
       "ABI " + mine, "rebuild the plugin with the SDK of this ordeal", false);
}

void check_platform(const json::value& manifest, const ManifestFailFn& fail) {
  const std::string platform = text_at(manifest, "/platform", "linux");
  utsname machine{};
  uname(&machine);
  const std::string here = std::string("linux-") + machine.machine;
  if (platform == "linux" || platform == here) return;
  fail("/platform", "the plugin is for platform '" + platform + "'", "linux or " + here, {}, false);
}

void check_requirements(const json::value& manifest, const PluginInfo& info,
                        const ManifestFailFn& fail) {
  std::vector<std::string> known(host_extensions.begin(), host_extensions.end());
  const std::vector<std::string> wanted = texts_at(manifest, "/requires/host_extensions");
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (std::find(known.begin(), known.end(), wanted[i]) != known.end()) continue;
    const std::string near = nearest(wanted[i], known);
    fail("/requires/host_extensions/" + std::to_string(i),
         "this ordeal has no host service '" + wanted[i] + "'", {},
         near.empty() ? near : "did you mean '" + near + "'?", false);
  }
  const std::vector<std::string> privileges(known_privileges.begin(), known_privileges.end());
  const std::vector<std::string>& asked = info.privileges;
  const auto listed = [](const std::vector<std::string>& list, std::string_view one) {
    return std::find(list.begin(), list.end(), one) != list.end();
  };
  if (listed(wanted, "ordeal.host.process/1") && !listed(asked, privilege_process))
    fail("/requires/host_extensions",
         "'ordeal.host.process/1' is only for plugins with the privilege process", {},
         "add \"process\" to requires.privileges", false);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (std::find(privileges.begin(), privileges.end(), asked[i]) != privileges.end()) continue;
    const std::string near = nearest(asked[i], privileges);
    fail("/requires/privileges/" + std::to_string(i),
         "this ordeal has no privilege '" + asked[i] + "'", "network or process",
         near.empty() ? near : "did you mean '" + near + "'?", false);
  }
}

void check_components(const json::value& manifest, const PluginInfo& info, SchemaPatterns& patterns,
                      const ManifestFailFn& fail) {
  std::set<std::string> ids;
  for (std::size_t i = 0; i < info.components.size(); ++i) {
    const std::string base = "/components/" + std::to_string(i);
    const ComponentInfo& component = info.components[i];
    if (!ids.insert(component.id).second) {
      fail(base + "/id", "component id '" + component.id + "' is used twice in this plugin",
           "each id once", {}, false);
    }
    if (!component.wants.empty() && component.kind != "report")
      fail(base + "/wants", "a " + component.kind + " is given no documents", "only on a report",
           "leave it out", true);
    const json::value* schema = at_pointer(manifest, base + "/config_schema");
    const json::value* defaults = at_pointer(manifest, base + "/defaults");
    if (schema == nullptr) continue;
    bool usable = true;
    for (const SchemaViolation& one : check_config_schema(*schema, patterns)) {
      fail(base + "/config_schema" + one.pointer, one.what, one.expected, one.fix, one.at_key);
      usable = false;
    }
    if (defaults == nullptr || !usable) continue;
    // Defaults may leave out what the user has to give, but what they say must be right.
    json::value partial = *schema;
    if (partial.is_object()) partial.get_object().erase("required");
    for (const SchemaViolation& one : check_schema(partial, *defaults, patterns)) {
      fail(base + "/defaults" + one.pointer,
           "a default breaks the plugin's own config_schema: " + one.what, one.expected, one.fix,
           one.at_key);
    }
  }
}

}  // namespace ordeal
