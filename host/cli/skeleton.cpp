// SPDX-License-Identifier: Apache-2.0
#include "cli/skeleton.h"

#include <filesystem>

#include "base/files.h"

namespace ordeal {
namespace {

namespace fs = std::filesystem;

bool of_a_word(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

Result<std::string> substituted(const std::string& text, const std::string& file,
                                const std::map<std::string, std::string>& words) {
  std::string made;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text[at] == '@') {
      while (end < text.size() && of_a_word(text[end])) ++end;
    }
    if (text[at] != '@' || end == at + 1 || end == text.size() || text[end] != '@') {
      made += text[at++];
      continue;
    }
    const auto word = words.find(text.substr(at + 1, end - at - 1));
    if (word == words.end()) {
      Error error;
      error.what = "the template has no value for " + text.substr(at, end + 1 - at);
      error.where.file = file;
      return error;
    }
    made += word->second;
    at = end + 1;
  }
  return made;
}

}  // namespace

Result<std::vector<SkeletonFile>> read_skeleton(const std::string& templates,
                                                const std::vector<std::string>& layers,
                                                const std::map<std::string, std::string>& words) {
  std::map<std::string, SkeletonFile> files;
  for (const std::string& layer : layers) {
    const fs::path root = fs::path(templates) / layer;
    std::error_code failed;
    fs::recursive_directory_iterator entry(root, failed);
    if (failed) {
      Error error;
      error.code = ExitCode::usage;
      error.what = "no templates in " + root.string() + ": " + failed.message();
      error.fix = "install the SDK (package libordeal-dev)";
      return error;
    }
    for (; entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
      if (failed) return errno_error(ExitCode::internal, "reading " + layer, failed.value());
      if (!entry->is_regular_file(failed)) continue;
      const std::string path = entry->path().string();
      const Result<std::string> text = read_file(path, ExitCode::internal);
      if (!text) return text.error();
      SkeletonFile file;
      Result<std::string> name =
          substituted(fs::relative(entry->path(), root).string(), path, words);
      Result<std::string> body = substituted(*text, path, words);
      if (!name) return name.error();
      if (!body) return body.error();
      file.path = *name;
      file.text = *std::move(body);
      file.executable =
          (entry->status(failed).permissions() & fs::perms::owner_exec) != fs::perms();
      files[file.path] = std::move(file);
    }
  }
  std::vector<SkeletonFile> all;
  for (auto& [path, file] : files) all.push_back(std::move(file));
  return all;
}

}  // namespace ordeal
