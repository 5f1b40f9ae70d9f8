// SPDX-License-Identifier: Apache-2.0
// The one file that includes CLI11.
#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "base/result.h"

namespace ordeal {

namespace {

struct Commands {
  CLI::App app{"Stress-test campaigns that nobody has to watch.", "ordeal"};
  Options options;

  Commands() {
    app.set_version_flag("--version", std::string("ordeal ") + ORDEAL_VERSION);
    app.require_subcommand(1);
    app.fallthrough(false);
    app.footer(
        "Example:\n  ordeal run quick --set target.http=http://127.0.0.1:8080\n\n"
        "Exit codes: 0 go; 2 usage; 99 no-go; 104 invalid campaign or config; 105 stopped by a "
        "person;\n109 internal error; 111 safety stop; 112 preflight refused; 113 plugin "
        "rejected;\n"
        "114 measurement invalid; 115 inconclusive; 116 incomplete.");
    run();
    looking();
    plugins();
    rest();
  }

  CLI::App* command(CLI::App& parent, const std::string& name, const std::string& text,
                    const std::string& example) {
    CLI::App* sub = parent.add_subcommand(name, text);
    sub->footer("Example:\n  " + example);
    return sub;
  }

  void plugin_dirs(CLI::App* sub) {
    sub->add_option("--plugin-dir", options.plugin_dirs,
                    "Look for plugins here first (may be repeated)")
        ->allow_extra_args(false)
        ->type_name("DIR");
  }
  void campaign(CLI::App* sub) {
    sub->add_option("CAMPAIGN", options.campaign,
                    "A campaign file, or the name of a shipped one (quick, overnight)")
        ->required();
    sub->add_option(
           "--set", options.sets,
           "Set a key of the campaign: target.http=URL, phases.0.rate=50 (may be repeated)")
        ->allow_extra_args(false)
        ->type_name("PATH=VALUE");
    sub->add_option("--time-scale", options.time_scale,
                    "Multiply all durations: 0.002 runs a night in a minute")
        ->check(CLI::PositiveNumber)
        ->type_name("F");
    plugin_dirs(sub);
  }
  void run_name(CLI::App* sub) {
    sub->add_option("RUN", options.run, "A run's id, its beginning, or its folder (the newest)");
  }
  void json(CLI::App* sub) { sub->add_flag("--json", options.json, "Print JSON"); }
  void tier(CLI::App* sub) {
    sub->add_option("--tier", options.tier,
                    "Hold processes together by this containment tier, 1 to 4 (default: the best "
                    "that works here)")
        ->check(CLI::Range(1, 4))
        ->type_name("N");
  }
  void running(CLI::App* sub) {
    tier(sub);
    sub->add_option("--run-dir", options.run_dir, "Write the run here (an empty or new folder)")
        ->type_name("DIR");
    sub->add_flag("--yes", options.yes, "Do not ask before starting");
    sub->add_flag("--detach", options.detach, "Leave the run in the background");
    sub->add_flag("--json", options.json, "Print the result as JSON");
  }

  void run() {
    auto* sub = command(app, "run", "Run a campaign to its verdict",
                        "ordeal run overnight --set target.http=http://127.0.0.1:8080 --yes");
    campaign(sub);
    running(sub);
    sub = command(app, "baseline", "Measure machine and target without load, and say how healthy",
                  "ordeal baseline quick --set target.http=http://127.0.0.1:8080");
    campaign(sub);
    running(sub);
    sub = command(app, "check", "Check campaign, plugins, target and machine; start nothing",
                  "ordeal check quick --set target.http=http://127.0.0.1:8080");
    campaign(sub);
    json(sub);
    sub = command(app, "demo", "Run a shortened overnight campaign against a bundled server",
                  "ordeal demo --flaw knee");
    sub->add_option("--flaw", options.flaw, "What is wrong with the server")
        ->check(CLI::IsMember({"none", "leak", "knee", "stall"}));
    sub->add_option("--run-dir", options.run_dir, "Write the run here (an empty or new folder)")
        ->type_name("DIR");
    sub->add_option("--set", options.sets, "Set a key of the campaign (may be repeated)")
        ->allow_extra_args(false)
        ->type_name("PATH=VALUE");
    plugin_dirs(sub);
  }

  void looking() {
    auto* sub = command(app, "stop", "Stop a run in order: cancel its load, write its reports",
                        "ordeal stop --force");
    run_name(sub);
    auto* force = sub->add_flag("--force", options.force, "Kill every process of the run at once");
    auto* halt = sub->add_option("--halt", options.halt,
                                 "Stop every run of yours and let none begin; REASON is kept")
                     ->expected(0, 1)
                     ->type_name("REASON");
    auto* lift = sub->add_flag("--lift", options.lift, "Let runs begin again after --halt");
    lift->excludes(halt)->excludes(force);
    halt->excludes(force);
    sub = command(app, "status", "Show how a run is doing", "ordeal status --json");
    run_name(sub);
    json(sub);
    sub = command(app, "watch", "Watch a run until it ends; exit with its code",
                  "ordeal watch 20261123T");
    run_name(sub);
    sub = command(app, "runs", "List all runs, running and resumable ones marked", "ordeal runs");
    json(sub);
    sub = command(app, "report", "Write a run's reports again from its journal",
                  "ordeal report 20261123T");
    run_name(sub);
    json(sub);
    plugin_dirs(sub);
    sub = command(app, "monitor", "Show the machine's resources as the system collector reads them",
                  "ordeal monitor --interval 2 --count 10");
    sub->add_option("--interval", options.interval, "Seconds between two readings")
        ->check(CLI::Range(0.1, 3600.0))
        ->type_name("SECONDS");
    sub->add_option("--count", options.count, "Readings until it ends (0: until stopped)");
    json(sub);
    plugin_dirs(sub);
  }

  void plugins() {
    CLI::App* group = app.add_subcommand("plugin", "List, describe, install and publish plugins");
    group->require_subcommand(1);
    auto* sub = command(*group, "list", "List all plugins, and those that cannot be used",
                        "ordeal plugin list --json");
    json(sub);
    plugin_dirs(sub);
    sub = command(*group, "info", "Describe a plugin and its options",
                  "ordeal plugin info org.ordeal.http");
    sub->add_option("ID", options.name, "The plugin's id")->required();
    json(sub);
    plugin_dirs(sub);
    sub =
        command(*group, "new", "Write the skeleton of a plugin: source, test, manifest, packaging",
                "ordeal plugin new scenario acme-kv --lang c --id com.acme.kv");
    sub->add_option("KIND", options.kind, "What it will be: scenario, collector, rule or report")
        ->required()
        ->check(CLI::IsMember({"scenario", "collector", "rule", "report"}));
    sub->add_option("NAME", options.name, "Its name in campaigns, such as acme-kv")->required();
    sub->add_option("--lang", options.lang, "The language it is written in (c++)")
        ->check(CLI::IsMember({"c", "c++"}));
    sub->add_option("--id", options.id, "Its reverse-DNS id (org.example.NAME)")->type_name("ID");
    sub->add_option("--dir", options.dir, "Where to write it: a new or empty folder (./NAME)")
        ->type_name("DIR");
    plugin_check(*group);
    store(group);
  }

  void plugin_check(CLI::App& group) {
    PluginCheckOptions& check = options.plugin_check;
    auto* sub = command(group, "check",
                        "Try a plugin out, each case in a process of its own; 113 when one fails",
                        "ordeal plugin check build --level 3");
    sub->add_option(
        "PATH", options.name,
        "A manifest, a library with its manifest beside it, a folder, or a plugin's id");
    sub->add_option("--level", check.level, "How strict, from 1 to 5 (5)")
        ->check(CLI::Range(1, 5))
        ->type_name("N");
    sub->add_option("--case", check.cases,
                    "Run only this case and those it needs (may be repeated)")
        ->allow_extra_args(false)
        ->type_name("NAME");
    sub->add_flag("--list", check.list, "List the cases by level");
    sub->add_option("--seed", check.seed, "Repeat the random input of an earlier check")
        ->type_name("N");
    sub->add_option("--config", check.config,
                    "Configs that work, by component id: the cases use them")
        ->type_name("FILE");
    sub->add_option("--time-limit", check.time_limit, "Seconds a case may take (20)")
        ->check(CLI::Range(0.1, 3600.0))
        ->type_name("SECONDS");
    sub->add_option("--format", check.format, "How the results are written")
        ->check(CLI::IsMember({"text", "json", "junit"}));
    sub->add_option("--output", check.output, "Write the results here")->type_name("FILE");
    plugin_dirs(sub);
  }

  void plugin_place(CLI::App* sub) {
    auto* user = sub->add_flag("--user", options.user, "For yourself (the default)");
    auto* system = sub->add_flag("--system", options.system, "For everybody, in /usr/local");
    auto* prefix = sub->add_option("--prefix", options.prefix, "For everybody, in another prefix")
                       ->type_name("DIR");
    user->excludes(system)->excludes(prefix);
    sub->add_flag("--dry-run", options.dry_run, "Check everything, change nothing");
    sub->add_flag("--force", options.force, "Although another plugin then lacks what it requires");
    plugin_dirs(sub);
  }

  void store(CLI::App* group) {
    auto* sub = command(*group, "install", "Install a plugin, or another version of it",
                        "ordeal plugin install org.example.redis-1.2.0.ordeal");
    sub->add_option("PATH", options.name, "A .ordeal package, a manifest, or a build folder")
        ->required();
    sub->add_flag("--allow-downgrade", options.allow_downgrade, "Also an older version");
    plugin_place(sub);
    sub = command(*group, "remove", "Remove a plugin", "ordeal plugin remove org.example.redis");
    sub->add_option("ID", options.name, "The plugin's id")->required();
    plugin_place(sub);
    sub = command(*group, "doctor", "Say what is wrong with the plugins here, and what to do",
                  "ordeal plugin doctor --json");
    json(sub);
    plugin_dirs(sub);
    sub = command(*group, "pack", "Pack a plugin into a package others can install",
                  "ordeal plugin pack build --output dist");
    sub->add_option("PATH", options.name, "A manifest or a build folder")->required();
    sub->add_option("--output", options.output, "The folder for the package (this one)")
        ->type_name("DIR");
    sub = command(*group, "sign", "Sign a package, or a manifest that holds its library's hash",
                  "ordeal plugin sign org.example.redis-1.2.0.ordeal --key me.key");
    sub->add_option("PATH", options.name, "A .ordeal package or a manifest")->required();
    sub->add_option("--key", options.key, "Your secret key, of minisign or plugin keygen")
        ->required()
        ->type_name("FILE");
    sub = command(*group, "keygen", "Make a pair of keys for signing plugins",
                  "ordeal plugin keygen me");
    sub->add_option("NAME", options.name, "NAME.key and NAME.pub are written")->required();
  }

  void rest() {
    auto* sub = command(app, "guard", "Run any command under the guardian's limits",
                        "ordeal guard --memory-percent 70 -- make -j8");
    sub->add_option("--memory-percent", options.memory_percent,
                    "Kill the command when more of the memory is in use")
        ->check(CLI::Range(1.0, 100.0));
    sub->add_option("--disk-percent", options.disk_percent,
                    "Kill the command when more of the disk is in use")
        ->check(CLI::Range(1.0, 100.0));
    sub->add_option("--max-duration", options.max_duration, "Kill the command after this time");
    tier(sub);
    sub->add_option("COMMAND", options.command_line, "The command and its arguments")->required();
    sub->prefix_command(false);
    sub = command(app, "schema", "List the JSON Schemas, or print one", "ordeal schema campaign");
    sub->add_option("NAME", options.name, "The schema's name");
    plugin_dirs(sub);
    sub = command(app, "completion", "Print a completion script", "ordeal completion bash");
    sub->add_option("SHELL", options.name, "The shell")->required()->check(CLI::IsMember({"bash"}));
    sub = app.add_subcommand("__controller", "");
    sub->group("");  // hidden
    sub->add_option("--run-dir", options.controller_dir)->required();
    sub->add_option("--time-scale", options.time_scale);
    sub->add_flag("--baseline-only", options.baseline_only);
    sub->add_option("--again", options.again);
    plugin_dirs(sub);
  }

  /// "plugin list": the names of the subcommands given.
  std::string chosen() const {
    std::string name;
    for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      name += (name.empty() ? "" : " ") + at->get_name();
    }
    return name;
  }
};

}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  const auto commands = std::make_unique<Commands>();
  try {
    commands->app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {
    commands->app.exit(wanted);
    return {{}, 0};
  } catch (const CLI::ParseError& mistake) {
    std::cerr << "ordeal: " << mistake.what() << "; see ordeal --help\n";
    return {{}, static_cast<int>(ExitCode::usage)};
  }
  commands->options.command = commands->chosen();
  return {commands->options, std::nullopt};
}

std::vector<CommandWords> command_words() {
  Commands commands;
  std::vector<CommandWords> words;
  const auto add = [&](const CLI::App* app, const std::string& name) {
    CommandWords entry{name, {}};
    for (const auto* option : app->get_options())
      for (const auto& text : option->get_lnames()) entry.options.push_back("--" + text);
    words.push_back(std::move(entry));
  };
  for (const auto* sub : commands.app.get_subcommands({})) {
    if (sub->get_group().empty()) continue;
    add(sub, sub->get_name());
    for (const auto* inner : sub->get_subcommands({}))
      add(inner, sub->get_name() + " " + inner->get_name());
  }
  return words;
}

}  // namespace ordeal
