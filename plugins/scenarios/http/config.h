// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "request.h"
#include "target_config.h"

namespace http {

/// The component's configuration, ready to use.
struct Config : Target {
  std::vector<Kind> kinds;
  std::uint64_t max_body = 0;
  std::uint64_t seed = 0;  // of what is filled in at random; 0: different each time
  bool trace_sampled = false;
  bool h2 = false;               // HTTP/2 instead of HTTP/1.1
  std::uint32_t h2_streams = 1;  // HTTP/2: operations one connection takes at a time
  bool streams = false;          // a request's response is a stream of events
};

/// Reads JSON that satisfies the manifest's schema. Throws ordeal::Failure (invalid) for what a
/// schema cannot say: an address, a path, a header that no request can carry.
Config parse_config(std::string_view json);

}  // namespace http
