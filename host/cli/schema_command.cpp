// SPDX-License-Identifier: Apache-2.0
#include "cli/schema_command.h"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <ostream>

#include "base/files.h"
#include "base/json.h"
#include "cli/campaign_schema.h"

namespace ordeal {
namespace {

int fail(const Error& error, std::ostream& err) {
  err << error.line() << '\n';
  return static_cast<int>(error.code);
}

std::string title_of(const std::string& file) {
  const Result<std::string> text = read_file(file, ExitCode::internal);
  const Result<boost::json::value> schema =
      text ? parse_json(*text, file) : Result<boost::json::value>(text.error());
  const boost::json::value* title = schema ? at_pointer(*schema, "/title") : nullptr;
  return title != nullptr && title->is_string() ? title->get_string().c_str() : "";
}

}  // namespace

int schema_command(const std::string& name_or_empty, const Registry& registry, std::ostream& out,
                   std::ostream& err) {
  const std::string folder = install_paths().manifests + "/schemas";
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (entry->path().extension() == ".json") names.push_back(entry->path().stem().string());
  }
  if (failed) {
    Error error;
    error.what = "reading the installed schemas: " + failed.message();
    error.where.file = folder;
    return fail(error, err);
  }
  std::sort(names.begin(), names.end());
  if (name_or_empty.empty()) {
    std::size_t width = 0;
    for (const std::string& name : names) width = std::max(width, name.size());
    for (const std::string& name : names) {
      out << name << std::string(width - name.size() + 2, ' ')
          << title_of(folder + "/" + name + ".json") << '\n';
    }
    return 0;
  }
  if (std::find(names.begin(), names.end(), name_or_empty) == names.end()) {
    Error error;
    error.code = ExitCode::usage;
    error.what = "no schema '" + name_or_empty + "'";
    for (const std::string& name : names)
      error.expected += (error.expected.empty() ? "one of " : ", ") + name;
    const std::string near = nearest(name_or_empty, names);
    if (!near.empty()) error.fix = "did you mean '" + near + "'?";
    return fail(error, err);
  }
  const Result<std::string> text =
      read_file(folder + "/" + name_or_empty + ".json", ExitCode::internal);
  if (!text) return fail(text.error(), err);
  if (name_or_empty != "campaign") {
    out << *text;
    return 0;
  }
  Result<boost::json::value> schema = parse_json(*text, name_or_empty);
  if (!schema) return fail(schema.error(), err);
  for (const PluginProblem& problem : registry.problems()) {
    if (!problem.shadowed) err << "left out: " << problem.error.line() << '\n';
  }
  out << pretty_json(campaign_schema(std::move(*schema), registry));
  return 0;
}

}  // namespace ordeal
