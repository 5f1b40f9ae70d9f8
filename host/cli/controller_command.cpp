// SPDX-License-Identifier: Apache-2.0
// The controller: this same program, started by the guardian with its descriptors.
#include <signal.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "campaign/controller.h"
#include "cli/commands.h"

namespace ordeal {

int controller_command(const Options& options) {
  // The guardian passes stop orders; the terminal's own signals are the front's.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  ::prctl(PR_SET_NAME, "ordeal-control");
  ControllerOptions controller;
  controller.dir.path = options.controller_dir;
  controller.dir.id = options.controller_dir.substr(options.controller_dir.rfind('/') + 1);
  controller.version = ORDEAL_VERSION;
  controller.plugin_dirs = options.plugin_dirs;
  controller.time_scale = options.time_scale;
  controller.baseline_only = options.baseline_only;
  controller.command = options.again;
  if (auto opened = open_log(controller.dir.logs(), "controller"); !opened)
    std::fprintf(stderr, "ordeal: %s\n", opened.error().line().c_str());
  const ExitCode code = Controller(controller).run();
  close_log();
  return static_cast<int>(code);
}

}  // namespace ordeal
