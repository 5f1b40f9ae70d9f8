// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <map>
#include <set>

#include "cli/commands.h"

namespace ordeal {

int completion_command(const Options& /*options: bash is the only shell so far*/) {
  std::string top;
  std::map<std::string, std::string> second;  // "plugin" -> "list info"
  std::string cases;
  for (const auto& word : command_words()) {
    const auto space = word.command.find(' ');
    if (space == std::string::npos) {
      top += (top.empty() ? "" : " ") + word.command;
    } else {
      auto& inner = second[word.command.substr(0, space)];
      inner += (inner.empty() ? "" : " ") + word.command.substr(space + 1);
    }
    std::string options;
    for (const auto& option : word.options) options += (options.empty() ? "" : " ") + option;
    cases += "    '" + word.command + "') words='" + options + "' ;;\n";
  }
  std::string groups;
  for (const auto& [group, inner] : second)
    groups += "    " + group + ") words='" + inner + "' ;;\n";
  std::printf(
      "# bash completion for ordeal; load with: source <(ordeal completion bash)\n"
      "_ordeal() {\n"
      "  local words='' cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]:-}\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '%s --help --version' -- \"$cur\")); return\n"
      "  fi\n"
      "  if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
      "    case $command in\n%s    esac\n"
      "    if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); return; "
      "fi\n"
      "  fi\n"
      "  case $command in plugin) command=\"$command ${COMP_WORDS[2]:-}\" ;; esac\n"
      "  case $command in\n%s  esac\n"
      "  case $cur in\n"
      "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
      "    *) case $command in\n"
      "         run|check|baseline) COMPREPLY=($(compgen -W 'quick overnight' -- \"$cur\") "
      "$(compgen -f -- \"$cur\")) ;;\n"
      "         stop|status|watch|report) COMPREPLY=($(compgen -W \"$(ordeal runs 2>/dev/null | "
      "cut -d' ' -f1)\" -- \"$cur\")) ;;\n"
      "         schema) COMPREPLY=($(compgen -W \"$(ordeal schema 2>/dev/null)\" -- \"$cur\")) ;;\n"
      "       esac ;;\n"
      "  esac\n"
      "}\n"
      "complete -F _ordeal ordeal\n",
      top.c_str(), groups.c_str(), cases.c_str());
  return 0;
}

}  // namespace ordeal
