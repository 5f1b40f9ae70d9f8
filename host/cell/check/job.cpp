// SPDX-License-Identifier: Apache-2.0
#include "cell/check/job.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace ordeal::check {
namespace json = boost::json;

Result<Job> read_job(const std::string& text) {
  Result<json::value> parsed = parse_json(text, "job");
  if (!parsed) return parsed.error();
  try {
    const auto& object = parsed->as_object();
    const auto word = [](const json::object& from, const char* key) {
      return std::string(from.at(key).as_string());
    };
    Job job;
    job.name = word(object, "case");
    job.plugin.id = word(object, "id");
    job.plugin.version = word(object, "version");
    job.plugin.library = word(object, "library");
    job.plugin.sha256 = word(object, "sha256");
    job.plugin.trust = static_cast<Trust>(object.at("trust").to_number<std::uint32_t>());
    job.component = object.at("component").to_number<std::size_t>();
    job.config = word(object, "config");
    job.seed = object.at("seed").to_number<std::uint64_t>();
    job.round = object.at("round").to_number<std::uint32_t>();
    for (const json::value& one : object.at("privileges").as_array())
      job.privileges.emplace_back(one.as_string());
    for (const json::value& one : object.at("components").as_array()) {
      const auto& component = one.as_object();
      job.components.push_back({word(component, "id"), word(component, "kind"), "",
                                word(component, "config_schema"), word(component, "defaults")});
    }
    if (job.component >= job.components.size()) {
      Error error;
      error.code = ExitCode::usage;
      error.what = "the job names no component";
      return error;
    }
    return job;
  } catch (const std::exception& failure) {
    Error error;
    error.code = ExitCode::usage;
    error.what = std::string("the job cannot be read: ") + failure.what();
    return error;
  }
}

}  // namespace ordeal::check
