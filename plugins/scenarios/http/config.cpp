// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <boost/json.hpp>
#include <string>

#include "request_config.h"

namespace http {

namespace json = boost::json;

Config parse_config(std::string_view text) {
  json::error_code error;
  const json::value parsed = json::parse({text.data(), text.size()}, error);
  if (error || !parsed.is_object()) refuse("the configuration is not a JSON object");
  const json::object& object = parsed.get_object();
  Config config;
  static_cast<Target&>(config) = parse_target(object);
  config.max_body = number_of(object, "max_body", 1024 * 1024);
  if (config.max_body == 0) refuse("max_body: expected at least 1 byte");
  config.seed = number_of(object, "seed", 0);
  config.trace_sampled = flag_of(object, "trace_sampled", true);
  parse_requests(object, config);
  if (config.streams && config.pipeline > 1)
    refuse("pipeline: a stream of events needs a connection of its own; leave 'pipeline' out");
  return config;
}

}  // namespace http
