// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_document.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace ordeal {
namespace json = boost::json;

void CampaignDocument::mark(const std::string& pointer, const std::string& origin) {
  origins_.emplace_back(pointer, origin);
}

Location CampaignDocument::locate(const std::string& pointer, bool key) const {
  // The last override wins, as it does for the value.
  for (auto origin = origins_.rbegin(); origin != origins_.rend(); ++origin) {
    const std::string& above = origin->first;
    if (pointer == above || pointer.starts_with(above + "/"))
      return {origin->second, 0, 0, pointer};
  }
  JsonPosition position = locate_json(text_, pointer, key);
  for (std::string above = pointer; position.line == 0 && !above.empty();) {
    above.resize(above.rfind('/'));
    position = locate_json(text_, above);
  }
  return {file_, position.line, position.column, pointer};
}

Error CampaignDocument::error(const std::string& pointer, std::string what, std::string expected,
                              std::string fix, bool key) const {
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = std::move(what);
  error.where = locate(pointer, key);
  error.expected = std::move(expected);
  error.fix = std::move(fix);
  return error;
}

std::string text_member(const json::object& object, std::string_view key, std::string otherwise) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_string()) return otherwise;
  return {found->get_string().data(), found->get_string().size()};
}

double number_member(const json::object& object, std::string_view key, double otherwise) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_number()) return otherwise;
  json::error_code failed;
  const double number = found->to_number<double>(failed);
  return failed ? otherwise : number;
}

bool bool_member(const json::object& object, std::string_view key, bool otherwise) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_bool() ? found->get_bool() : otherwise;
}

Duration duration_member(const json::object& object, std::string_view key, Duration otherwise) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_string()) return otherwise;
  const Result<Duration> duration =
      parse_duration({found->get_string().data(), found->get_string().size()});
  return duration ? *duration : otherwise;
}

}  // namespace ordeal
