// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <boost/json.hpp>
#include <string>

#include "h2_request.h"
#include "request_config.h"

namespace http {

namespace json = boost::json;

namespace {

constexpr std::uint64_t max_streams = 1000;

void read_protocol(Config& config, const json::object& object) {
  const std::string_view protocol = text_of(object, "protocol", "http/1.1");
  config.h2 = protocol == "h2";
  if (!config.h2 && protocol != "http/1.1")
    refuse("protocol '" + std::string(protocol) + "': expected http/1.1 or h2");
  const std::uint64_t streams = number_of(object, "streams", 1);
  if (streams < 1 || streams > max_streams)
    refuse("streams: expected a number from 1 to " + std::to_string(max_streams));
  if (streams > 1 && !config.h2) refuse("streams: more than 1 needs \"protocol\": \"h2\"");
  config.h2_streams = static_cast<std::uint32_t>(streams);
}

}  // namespace

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
  read_protocol(config, object);
  parse_requests(object, config);
  if (config.streams && config.pipeline > 1)
    refuse("pipeline: a stream of events needs a connection of its own; leave 'pipeline' out");
  if (config.h2 && config.pipeline > 1)
    refuse("pipeline: belongs to http/1.1; \"protocol\": \"h2\" has 'streams'");
  if (config.h2)
    for (Kind& kind : config.kinds)
      for (Request& request : kind.requests)
        request.h2 = std::make_shared<const H2Request>(config.url, request);
  return config;
}

}  // namespace http
