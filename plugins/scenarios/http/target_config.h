// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>

#include "resolver.h"
#include "tls_client.h"
#include "url.h"

namespace http {

/// Where requests go and over what.
struct Target {
  Url url;
  std::optional<Address> unix_socket;  // in place of the url's host and port
  int family = AF_UNSPEC;
  bool spread = false;
  TlsOptions tls;
  std::uint64_t connect_timeout_ns = 0;
  std::uint32_t pipeline = 1;  // requests in flight on one connection
};

/// Reads the keys of a configuration that say so. Throws ordeal::Failure (invalid) for what a
/// schema cannot say.
Target parse_target(const boost::json::object& config);

}  // namespace http
