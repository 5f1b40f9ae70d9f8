// SPDX-License-Identifier: Apache-2.0
#include "registry/manifest_topics.h"

#include <boost/json.hpp>
#include <set>

#include "base/json.h"

namespace ordeal {
namespace json = boost::json;

std::vector<TopicUse> read_topics(const json::value& manifest, std::string_view text,
                                  const std::string& list, const ManifestFailFn& fail) {
  constexpr std::uint32_t usual_depth = 64;
  std::vector<TopicUse> uses;
  const json::value* found = at_pointer(manifest, "/topics/" + list);
  if (found == nullptr) return uses;
  std::set<std::string> names;
  for (const json::value& value : found->get_array()) {
    const json::object& entry = value.get_object();
    TopicUse use;
    use.pointer = "/topics/" + list + "/" + std::to_string(uses.size());
    use.topic = entry.at("topic").get_string().c_str();
    use.queue = entry.at("queue").get_string().c_str();
    use.revision = entry.at("revision").to_number<std::uint32_t>();
    const json::value* depth = entry.if_contains("depth");
    if (list == "subscribes")
      use.depth = depth != nullptr ? depth->to_number<std::uint32_t>() : usual_depth;
    const json::value* optional = entry.if_contains("optional");
    use.optional = optional != nullptr && optional->get_bool();
    if (const json::value* schema = entry.if_contains("schema")) use.schema = compact_json(*schema);
    const JsonPosition position = locate_json(text, use.pointer + "/topic");
    use.line = position.line;
    use.column = position.column;
    if (!names.insert(use.topic).second)
      fail(use.pointer + "/topic", "topic '" + use.topic + "' is declared twice",
           "each topic once in topics." + list, {}, false);
    uses.push_back(std::move(use));
  }
  return uses;
}

}  // namespace ordeal
