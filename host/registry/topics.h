// SPDX-License-Identifier: Apache-2.0
// The bus topics of a plugin, as its manifest declares them.
#pragma once

#include <cstdint>
#include <string>

namespace ordeal {

/// One entry of topics.publishes or topics.subscribes.
struct TopicUse {
  std::string topic;  // "com.acme.kv/hot-keys"
  std::uint32_t revision = 1;
  std::string queue;        // "control", "state", "stream"
  std::uint32_t depth = 0;  // subscribes: events that may wait; publishes: 0
  bool optional = false;    // subscribes: content without a publisher
  std::string schema;       // publishes: JSON Schema of the payload, for people; "" when absent
  // Where it stands in the manifest.
  std::string pointer;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

}  // namespace ordeal
