// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ordeal {

/// The folder of one run: campaign.json, journal.db, guardian.evidence, guardian.pid, status.json,
/// logs/, reports/.
struct RunDir {
  std::string path;
  std::string id;  // the folder's name

  [[nodiscard]] std::string file(const std::string& name) const { return path + "/" + name; }
  [[nodiscard]] std::string logs() const { return path + "/logs"; }
  [[nodiscard]] std::string reports() const { return path + "/reports"; }
};

/// Makes a new run folder with `effective` as its campaign.json: <runs>/<utc>-<campaign>-<4 hex>,
/// or `explicit_path`, which must not exist or be empty. All or nothing. Error: preflight.
Result<RunDir> create_run_dir(const std::string& runs, const std::string& explicit_path,
                              const std::string& campaign, const std::string& effective,
                              const Clock& clock);

/// Takes a run back that came to nothing before load: only what create_run_dir and the guardian
/// made.
void remove_run_dir(const RunDir& dir);

/// All runs below `runs`, oldest first.
std::vector<RunDir> list_run_dirs(const std::string& runs);

/// By id, unique beginning of an id, path, or "" for the newest. Error: usage, naming what exists.
Result<RunDir> find_run_dir(const std::string& runs, const std::string& name);

}  // namespace ordeal
