// SPDX-License-Identifier: Apache-2.0
// A registry with the components that campaigns name, for tests of parsing: nothing is ever loaded.
#pragma once

#include "places.h"
#include "registry/registry.h"
#include "registry/temporary_plugins.h"

namespace ordeal {

/// Why a result is not what a test expects of it: Boost.Test evaluates messages of checks that hold
/// too.
template <typename T>
std::string why(const Result<T>& result) {
  return result ? "it succeeded" : result.error().line();
}

class CampaignRegistry {
 public:
  CampaignRegistry() {
    add("scenario", "http",
        R"({"type":"object","additionalProperties":false,"required":["url"],"properties":{
            "url":{"type":"string"},"method":{"enum":["GET","POST"],"default":"GET"},
            "headers":{"type":"object","additionalProperties":{"type":"string"}}}})");
    add("collector", "system", R"({"type":"object","additionalProperties":false})");
    add("collector", "process",
        R"({"type":"object","additionalProperties":false,"properties":{
            "pid_file":{"type":"string","default":""},
            "pids":{"type":"array","items":{"type":"integer"},"default":[]}}})");
    add("rule", "threshold",
        R"({"type":"object","additionalProperties":false,"required":["metric"],"properties":{
            "metric":{"type":"string"},"limit":{"type":"number","default":1}}})");
    for (const char* report : {"json", "text", "html"})
      add("report", report, R"({"type":"object"})");
    registry_ = Registry::scan({{folder_.path(), folder_.path(), Trust::owner, "test"}},
                               ORDEAL_SOURCE_DIR "/manifests/schemas");
    for (const PluginProblem& problem : registry_.problems()) BOOST_ERROR(problem.error.line());
  }

  [[nodiscard]] const Registry& get() const { return registry_; }

 private:
  void add(const std::string& kind, const std::string& component, const std::string& schema) {
    const std::string id = "org.example." + kind + "-" + component;
    folder_.write(id + ".json",
                  manifest_text(id, kind, component, "", ", \"config_schema\": " + schema));
    folder_.write(id + ".so", "not opened");
  }

  TemporaryFolder folder_;
  Registry registry_;
};

}  // namespace ordeal
