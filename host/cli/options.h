// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal {

/// Options of `plugin check`.
struct PluginCheckOptions {
  int level = 5;
  std::vector<std::string> cases;
  bool list = false;
  std::optional<std::uint64_t> seed;  // without it a new one, which is printed
  std::string format = "text";
  std::string output;
  std::string config;
  double time_limit = 20;  // seconds, of one case
};

/// A parsed command line: data only. Every field is filled in by the options of its command.
struct Options {
  std::string command;  // "run", "plugin list", ...
  std::string campaign;
  std::string run;   // id, beginning of an id, or path; "" the newest
  std::string name;  // of a schema, plugin or shell
  std::string run_dir;
  std::vector<std::string> sets;
  std::vector<std::string> plugin_dirs;
  double time_scale = 1;
  std::uint32_t tier = 0;  // of containment; 0: the best there is
  bool json = false;
  bool yes = false;
  bool detach = false;
  bool force = false;
  std::optional<std::string> halt;  // stop: the reason, may be empty
  bool lift = false;                // stop
  bool system = false;              // plugin install, remove: in /usr/local
  bool user = false;                // plugin install, remove: the default
  std::string prefix;               // plugin install, remove: in another system place
  bool dry_run = false;
  bool allow_downgrade = false;
  std::string key;           // plugin sign
  std::string output = ".";  // plugin pack
  std::string flaw = "none";
  double interval = 1;      // monitor, seconds
  std::uint64_t count = 0;  // monitor, 0: until stopped
  double memory_percent = 80;
  double disk_percent = 90;
  std::string max_duration = "12h";
  std::vector<std::string> command_line;  // guard
  std::string kind;                       // plugin new
  std::string lang = "c++";
  std::string id;
  std::string dir;
  PluginCheckOptions plugin_check;
  // hidden: how the guardian starts the controller
  std::string controller_dir;
  bool baseline_only = false;
  std::string again;
};

/// What came of reading the command line: options, or an exit code after help, version or a
/// mistake.
struct ParsedOptions {
  Options options;
  std::optional<int> exit_code;
};

/// Reads argv; prints help and version to stdout, mistakes to stderr as one line.
ParsedOptions parse_options(int argc, char** argv);

/// All commands with their options, for shell completion.
struct CommandWords {
  std::string command;
  std::vector<std::string> options;
};
std::vector<CommandWords> command_words();

}  // namespace ordeal
