// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>

#include "registry/registry.h"

namespace ordeal {

/// The schema of campaigns (`base`, the published one) for editors of somebody with the plugins of
/// `registry`: names of components are those that exist, and each `config` is held to the
/// component's own config_schema, which stands under $defs/PLUGIN/$defs/COMPONENT. What the host
/// fills in (defaults, the target) is not required.
boost::json::value campaign_schema(boost::json::value base, const Registry& registry);

}  // namespace ordeal
