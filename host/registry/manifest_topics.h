// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/topics.h"

namespace ordeal {

/// What is wrong in a manifest, and where: at the value of `pointer` or at its key.
using ManifestFailFn = std::function<void(const std::string& pointer, std::string what,
                                          std::string expected, std::string fix, bool at_key)>;

/// Reads topics.`list` ("publishes" or "subscribes") of a manifest that satisfies its schema;
/// `text` is the manifest's, for positions.
std::vector<TopicUse> read_topics(const boost::json::value& manifest, std::string_view text,
                                  const std::string& list, const ManifestFailFn& fail);

}  // namespace ordeal
