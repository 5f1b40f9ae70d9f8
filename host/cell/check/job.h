// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cell/loader.h"
#include "registry/registry.h"

namespace ordeal::check {

/// What one case process is to do; JSON on its standard input.
struct Job {
  std::string name;  // of the case
  LoadRequest plugin;
  std::vector<std::string> privileges;  // what the manifest asks for
  std::vector<ComponentInfo> components;
  std::size_t component = 0;  // the one that a component's case is about
  std::string config;  // one that `create` was seen to accept, or what the author gave, or ""
  std::uint64_t seed = 1;
  std::uint32_t round = 0;  // of cases that are run several times

  [[nodiscard]] const ComponentInfo& subject() const { return components[component]; }
};

/// Error: usage, with what is wrong with the text.
Result<Job> read_job(const std::string& text);

}  // namespace ordeal::check
