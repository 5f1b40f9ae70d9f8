// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "cli/commands.h"
#include "cli/front.h"
#include "cli/options.h"
#include "cli/plugin_check.h"
#include "cli/plugin_doctor.h"
#include "cli/plugin_info.h"
#include "cli/plugin_install.h"
#include "cli/plugin_list.h"
#include "cli/plugin_sign.h"
#include "cli/schema_command.h"
#include "registry/registry.h"

namespace {

int dispatch(const ordeal::Options& options) {
  const std::string& command = options.command;
  if (command == "run") return ordeal::run_command(options, false);
  if (command == "baseline") return ordeal::run_command(options, true);
  if (command == "check") return ordeal::check_command(options);
  if (command == "demo") return ordeal::demo_command(options);
  if (command == "stop") return ordeal::stop_command(options);
  if (command == "status") return ordeal::status_command(options);
  if (command == "watch") return ordeal::watch_command(options);
  if (command == "runs") return ordeal::runs_command(options);
  if (command == "report") return ordeal::report_command(options);
  if (command == "monitor") return ordeal::monitor_command(options);
  if (command == "guard") return ordeal::guard_command(options);
  if (command == "completion") return ordeal::completion_command(options);
  if (command == "__controller") return ordeal::controller_command(options);
  if (command == "plugin new") return ordeal::plugin_new_command(options);
  if (command == "plugin check") return ordeal::plugin_check(options);
  if (command == "plugin install") return ordeal::plugin_install(options);
  if (command == "plugin remove") return ordeal::plugin_remove(options);
  if (command == "plugin pack") return ordeal::plugin_pack(options);
  if (command == "plugin sign") return ordeal::plugin_sign(options);
  if (command == "plugin keygen") return ordeal::plugin_keygen(options);
  const auto places = ordeal::Registry::default_places(options.plugin_dirs);
  if (command == "plugin doctor")
    return ordeal::plugin_doctor(ordeal::examine(places), options.json, std::cout);
  const auto registry = ordeal::Registry::scan(places);
  if (command == "schema")
    return ordeal::schema_command(options.name, registry, std::cout, std::cerr);
  if (command == "plugin list") return ordeal::plugin_list(registry, options.json, std::cout);
  return ordeal::plugin_info(registry, options.name, options.json, std::cout, std::cerr);
}

}  // namespace

int main(int argc, char** argv) {
  const auto parsed = ordeal::parse_options(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  try {
    return dispatch(parsed.options);
  } catch (const std::exception& failure) {
    std::cerr << "ordeal: internal error: " << failure.what() << "\n";
    return static_cast<int>(ordeal::ExitCode::internal);
  }
}
