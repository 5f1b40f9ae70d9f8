// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_new.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <map>
#include <ostream>
#include <regex>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/skeleton.h"
#include "ordeal/abi/base.h"

namespace ordeal {
namespace {

namespace fs = std::filesystem;

Error usage(std::string what, std::string expected = {}, std::string fix = {}) {
  Error error;
  error.code = ExitCode::usage;
  error.what = std::move(what);
  error.expected = std::move(expected);
  error.fix = std::move(fix);
  return error;
}

/// As the manifest's schema wants them.
Result<void> check_names(const NewPlugin& wanted, const std::string& id) {
  static const std::regex component("[a-z0-9][a-z0-9_-]*");
  static const std::regex reverse_dns("[a-z0-9][a-z0-9_-]*([.][a-z0-9][a-z0-9_-]*)+");
  if (wanted.name.size() > 64 || !std::regex_match(wanted.name, component)) {
    return usage("'" + wanted.name + "' cannot be a plugin's name",
                 "at most 64 lower-case letters, digits, '-' and '_', such as acme-kv");
  }
  if (id.size() > 128 || !std::regex_match(id, reverse_dns)) {
    return usage("'" + id + "' cannot be a plugin's id",
                 "a reverse-DNS name in lower case such as org.example." + wanted.name);
  }
  return {};
}

std::string replaced(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

std::string date_of(std::uint64_t wall_ns, const char* format) {
  const auto seconds = static_cast<std::time_t>(wall_ns / 1'000'000'000u);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

std::map<std::string, std::string> words_of(const NewPlugin& wanted, const std::string& id) {
  const bool printable = std::none_of(wanted.maintainer.begin(), wanted.maintainer.end(),
                                      [](char c) { return static_cast<unsigned char>(c) < ' '; });
  // A metric's name may not begin with a digit, a Debian package's has no '_'.
  const std::string metric = replaced(wanted.name, '-', '_');
  const std::string version = ORDEAL_VERSION;
  return {{"KIND", wanted.kind},
          {"NAME", wanted.name},
          {"ID", id},
          {"LANG", wanted.lang},
          {"METRIC", (metric[0] >= '0' && metric[0] <= '9' ? "_" : "") + metric},
          {"PACKAGE", "ordeal-plugin-" + replaced(wanted.name, '_', '-')},
          {"ABI_MAJOR", std::to_string(ORDEAL_ABI_MAJOR)},
          {"ABI_MINOR", std::to_string(ORDEAL_ABI_MINOR)},
          {"SDK_VERSION", version.substr(0, version.rfind('.'))},
          {"MAINTAINER", wanted.maintainer.empty() || !printable ? "Your Name <you@example.org>"
                                                                 : wanted.maintainer},
          {"DATE", date_of(wanted.wall_ns, "%a, %d %b %Y %H:%M:%S +0000")},
          {"YEAR", date_of(wanted.wall_ns, "%Y")},
          {"DOT", "."}};
}

/// The real path of the folder to be made: it does not exist, or is empty and not the working one.
Result<std::string> free_folder(const std::string& dir) {
  std::error_code failed;
  fs::path path = fs::weakly_canonical(fs::absolute(dir), failed);
  if (failed) return usage("folder '" + dir + "': " + failed.message());
  if (!path.has_filename()) path = path.parent_path();  // "DIR/"
  const fs::file_status status = fs::status(path, failed);
  if (fs::is_symlink(fs::symlink_status(path, failed)))
    return usage("'" + dir + "' is a link that leads nowhere", {}, "give a new one with --dir");
  if (!fs::exists(status)) return path.string();
  if (!fs::is_directory(status)) return usage("'" + dir + "' is there and is no folder");
  const bool empty = fs::is_empty(path, failed);
  if (failed) return usage("folder '" + dir + "': " + failed.message());
  if (!empty) {
    return usage("folder '" + dir + "' is not empty", {}, "give a new one with --dir");
  }
  // It is replaced as a whole, which would leave the caller's shell in a folder that is gone.
  if (fs::equivalent(path, fs::current_path(failed), failed)) {
    return usage("'" + dir + "' is the working folder", {}, "give a new one with --dir");
  }
  return path.string();
}

/// All files into a temporary folder beside `folder`, then renamed to it.
Result<void> write_project(const std::string& folder, const std::vector<SkeletonFile>& files) {
  std::error_code failed;
  const fs::path parent = fs::path(folder).parent_path();
  fs::create_directories(parent, failed);
  std::string temporary = (parent / ".ordeal-new-XXXXXX").string();
  if (failed || ::mkdtemp(temporary.data()) == nullptr) {
    return errno_error(ExitCode::preflight, "creating a folder in " + parent.string(),
                       failed ? failed.value() : errno);
  }
  const auto fill = [&]() -> Result<void> {
    const fs::path project = fs::path(temporary) / "project";  // with the mode that umask leaves
    for (const SkeletonFile& file : files) {
      const fs::path path = project / file.path;
      fs::create_directories(path.parent_path(), failed);
      if (failed) {
        return errno_error(ExitCode::internal, "creating " + path.string(), failed.value());
      }
      if (Result<void> written = write_file(path.string(), file.text, false); !written) {
        return written;
      }
      struct stat status {};
      if (file.executable && ::stat(path.c_str(), &status) == 0) {
        ::chmod(path.c_str(), status.st_mode | ((status.st_mode & 0444) >> 2));
      }
    }
    fs::rename(project, folder, failed);
    if (failed) return errno_error(ExitCode::preflight, "creating " + folder, failed.value());
    return {};
  };
  Result<void> done = fill();
  std::error_code ignored;
  fs::remove_all(temporary, ignored);
  return done;
}

Result<std::string> make(const NewPlugin& wanted, const std::string& id) {
  if (Result<void> good = check_names(wanted, id); !good) return good.error();
  Result<std::string> folder = free_folder(wanted.dir.empty() ? wanted.name : wanted.dir);
  if (!folder) return folder;
  Result<std::vector<SkeletonFile>> files =
      read_skeleton(wanted.templates,
                    {"shared/all", "shared/" + wanted.lang, wanted.kind + "/shared",
                     wanted.kind + "/" + wanted.lang},
                    words_of(wanted, id));
  if (!files) return files.error();
  if (Result<void> written = write_project(*folder, *files); !written) return written.error();
  return folder;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int plugin_new_command(const Options& options) {
  NewPlugin wanted;
  wanted.kind = options.kind;
  wanted.name = options.name;
  wanted.lang = options.lang;
  wanted.id = options.id;
  wanted.dir = options.dir;
  wanted.templates = install_paths().templates;
  // As Debian's own tools name the person who packages.
  if (!variable("DEBFULLNAME").empty() && !variable("DEBEMAIL").empty()) {
    wanted.maintainer = variable("DEBFULLNAME") + " <" + variable("DEBEMAIL") + ">";
  }
  wanted.wall_ns = static_cast<std::uint64_t>(std::time(nullptr)) * 1'000'000'000u;
  return plugin_new(wanted, std::cout, std::cerr);
}

int plugin_new(const NewPlugin& wanted, std::ostream& out, std::ostream& err) {
  const std::string id = wanted.id.empty() ? "org.example." + wanted.name : wanted.id;
  const Result<std::string> made = make(wanted, id);
  if (!made) {
    err << "ordeal: " << made.error().line() << '\n';
    return static_cast<int>(made.error().code);
  }
  const std::string shown = wanted.dir.empty() ? wanted.name : wanted.dir;
  out << "made " << wanted.kind << " plugin " << id << " in " << shown << "\n\n"
      << "  cd " << shown << "\n  cmake -B build && cmake --build build\n"
      << "  ctest --test-dir build\n  ordeal run campaign.json --plugin-dir build\n\n"
      << "README.md says what to do next.\n";
  return 0;
}

}  // namespace ordeal
