// SPDX-License-Identifier: Apache-2.0
// The cells and plugins of this build, for tests that run them.
#pragma once

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

#include "campaign/containment.h"
#include "campaign/loop.h"
#include "places.h"
#include "registry/registry.h"

namespace ordeal {

/// A loop, a starter of cells and the plugins that ordeal ships.
struct BuiltCells {
  explicit BuiltCells(const std::string& program = ORDEAL_BUILD_DIR "/libexec/ordeal/ordeal-cell")
      : cells(loop, program, "") {
    for (const PluginProblem& problem : registry.problems()) BOOST_ERROR(problem.error.line());
  }

  [[nodiscard]] const PluginInfo& plugin(const std::string& id) const {
    for (const PluginInfo& one : registry.plugins())
      if (one.id == id) return one;
    throw std::runtime_error(id + " is not built");
  }

  SystemClock clock;
  Loop loop{clock};
  ChildCells cells;
  Registry registry = Registry::scan({{ORDEAL_BUILD_DIR "/share/ordeal/manifests/plugins",
                                       ORDEAL_BUILT_PLUGINS, Trust::owner, "test"}},
                                     ORDEAL_SOURCE_DIR "/manifests/schemas");
};

}  // namespace ordeal
