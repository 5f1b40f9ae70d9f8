// SPDX-License-Identifier: Apache-2.0
#include "registry/manifest_members.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace ordeal {
namespace json = boost::json;

std::string text_at(const json::value& root, const char* pointer, const char* otherwise) {
  const json::value* found = at_pointer(root, pointer);
  if (found == nullptr || !found->is_string()) return otherwise;
  return {found->get_string().data(), found->get_string().size()};
}

std::uint32_t number_at(const json::value& root, const char* pointer) {
  const json::value* found = at_pointer(root, pointer);
  if (found == nullptr || !found->is_number()) return 0;
  json::error_code failed;
  const auto number = found->to_number<std::uint32_t>(failed);
  return failed ? 0 : number;
}

std::vector<std::string> texts_at(const json::value& root, const char* pointer) {
  std::vector<std::string> texts;
  const json::value* found = at_pointer(root, pointer);
  if (found == nullptr || !found->is_array()) return texts;
  for (const json::value& one : found->get_array()) {
    if (one.is_string()) texts.emplace_back(one.get_string().data(), one.get_string().size());
  }
  return texts;
}

}  // namespace ordeal
