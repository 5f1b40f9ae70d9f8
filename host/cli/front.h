// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "campaign/run_dir.h"
#include "campaign/status.h"
#include "cli/options.h"

namespace ordeal {

/// The front: stands outside the run's process tree, shows it, turns signals into requests, and
/// picks up what is left when the tree is gone. One thread.

/// `ordeal run` and `ordeal baseline`: from the campaign file to the exit code.
int run_command(const Options& options, bool baseline_only);

/// What a started run needs besides its campaign.
struct RunRequest {
  Options options;
  bool baseline_only = false;
  bool ask = true;             // ask a person at a terminal before starting
  std::string campaign;        // path
  std::int32_t bystander = 0;  // a child of ours that is no part of the run
};
/// The same for `ordeal demo`, which has prepared the request itself.
int run_campaign(const RunRequest& request);

/// How a run ended, from what it left behind.
struct Conclusion {
  int exit_code = 116;
  std::string sentence;
  std::vector<std::string> reports;  // paths
};

/// Follows a run until its guardian is gone, showing progress on stderr. With `pass_signals` SIGINT
/// and SIGTERM become stop requests, twice: forced.
void follow_run(const RunDir& dir, bool pass_signals);

/// The exit code the guardian recorded as its last act, for those who are not its parent; 116
/// without.
int guardian_verdict(const RunDir& dir);

/// After the tree is empty: sweeps orphans, merges the guardian's evidence, completes the journal
/// and writes the reports that the controller did not write. Safe to repeat.
Conclusion conclude_run(const RunDir& dir, const Options& options, int guardian_exit_code);

/// `ordeal watch`.
int watch_command(const Options& options);
/// `ordeal report`: renders again from the journal.
int report_command(const Options& options);

}  // namespace ordeal
