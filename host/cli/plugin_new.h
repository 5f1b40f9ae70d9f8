// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace ordeal {

/// What `ordeal plugin new` is asked for. The skeletons lie in `templates`:
/// shared/all, shared/LANG, KIND/shared and KIND/LANG, each over the one before.
struct NewPlugin {
  std::string kind;  // "scenario", "collector", "rule", "report"
  std::string name;  // the component's id, and the end of the plugin's default id
  std::string lang;  // "c" or "c++"
  std::string id;    // "": org.example.NAME
  std::string dir;   // "": ./NAME
  std::string templates;
  std::string maintainer;  // "Name <address>" for debian/; "": a placeholder
  std::uint64_t wall_ns = 0;
};

/// Writes a plugin project: whole or not at all, into a folder that is new or empty. Returns the
/// exit code: 0, or 2 (109 when the disk refuses) after one line on `err`.
int plugin_new(const NewPlugin& wanted, std::ostream& out, std::ostream& err);

}  // namespace ordeal
