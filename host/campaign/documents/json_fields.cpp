// SPDX-License-Identifier: Apache-2.0
#include "campaign/documents/json_fields.h"

#include <boost/json.hpp>

namespace ordeal::documents {
namespace json = boost::json;

const json::value* field(const json::value& value, std::string_view key) {
  const json::object* object = value.if_object();
  if (object == nullptr) return nullptr;
  const json::value* member = object->if_contains(json::string_view(key.data(), key.size()));
  return member == nullptr || member->is_null() ? nullptr : member;
}

std::optional<double> number_field(const json::value& value, std::string_view key) {
  const json::value* member = field(value, key);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  return member->to_number<double>();
}

std::optional<std::string> text_field(const json::value& value, std::string_view key) {
  const json::value* member = field(value, key);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  const json::string& text = member->get_string();
  return std::string(text.data(), text.size());
}

std::optional<bool> bool_field(const json::value& value, std::string_view key) {
  const json::value* member = field(value, key);
  if (member == nullptr || !member->is_bool()) return std::nullopt;
  return member->get_bool();
}

std::optional<std::uint64_t> count_field(const json::value& value, std::string_view key) {
  const json::value* member = field(value, key);
  if (member == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto count = member->to_number<std::uint64_t>(error);
  if (error) return std::nullopt;
  return count;
}

std::vector<const json::value*> elements(const json::value& array) {
  std::vector<const json::value*> out;
  if (const json::array* items = array.if_array()) {
    for (const auto& item : *items) out.push_back(&item);
  }
  return out;
}

std::vector<const json::value*> elements(const json::value& value, std::string_view key) {
  const json::value* member = field(value, key);
  return member == nullptr ? std::vector<const json::value*>{} : elements(*member);
}

std::vector<std::string> text_list(const json::value& value, std::string_view key) {
  std::vector<std::string> out;
  for (const json::value* item : elements(value, key)) {
    if (item->is_string()) out.emplace_back(item->get_string().c_str());
  }
  return out;
}

namespace {
template <typename T>
json::value value_or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}
}  // namespace

json::value or_null(const std::optional<double>& value) { return value_or_null(value); }
json::value or_null(const std::optional<std::uint64_t>& value) { return value_or_null(value); }
json::value or_null(const std::optional<bool>& value) { return value_or_null(value); }
json::value or_null(const std::optional<std::string>& value) {
  return value ? json::value(json::string(*value)) : json::value(nullptr);
}

json::value pick(const json::value& value, std::initializer_list<const char*> keys) {
  if (!value.is_object()) return json::value(nullptr);
  json::object out;
  for (const char* key : keys) {
    const json::value* member = field(value, key);
    if (member == nullptr) {
      out[key] = nullptr;
    } else {
      out[key] = *member;
    }
  }
  return json::value(std::move(out));
}

json::array pick_all(const json::value& value, std::string_view key,
                     std::initializer_list<const char*> keys) {
  json::array out;
  for (const json::value* item : elements(value, key)) {
    if (item->is_object()) out.push_back(pick(*item, keys));
  }
  return out;
}

json::array text_array(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.push_back(json::value(json::string(text)));
  return out;
}

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace ordeal::documents
