// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/topics.h"

namespace ordeal {

/// What reading the topics found wrong: pointer, what, expected.
using TopicFailFn =
    std::function<void(const std::string& pointer, std::string what, std::string expected)>;

/// Reads topics.`list` ("publishes" or "subscribes") of a manifest that satisfies its schema;
/// `text` is the manifest's, for positions.
std::vector<TopicUse> read_topics(const boost::json::value& manifest, std::string_view text,
                                  const std::string& list, const TopicFailFn& fail);

}  // namespace ordeal
