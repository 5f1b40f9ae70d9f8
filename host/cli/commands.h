// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options.h"

namespace ordeal {

/// One function per command; each returns the exit code and prints results to stdout, mistakes to
/// stderr. One thread.
int check_command(const Options& options);
int stop_command(const Options& options);
int status_command(const Options& options);
int runs_command(const Options& options);
int monitor_command(const Options& options);
int guard_command(const Options& options);
int demo_command(const Options& options);
int completion_command(const Options& options);
int plugin_new_command(const Options& options);
int controller_command(const Options& options);

}  // namespace ordeal
