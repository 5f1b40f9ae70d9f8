// SPDX-License-Identifier: Apache-2.0
#include "json_check.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "codes.h"

namespace http {

namespace json = boost::json;

namespace {

// 1, 1u and 1.0 are one number.
bool same(const json::value& a, const json::value& b) {
  if (a.is_object() && b.is_object()) {
    const json::object& left = a.get_object();
    const json::object& right = b.get_object();
    return left.size() == right.size() &&
           std::all_of(left.begin(), left.end(), [&](const auto& member) {
             const json::value* other = right.if_contains(member.key());
             return other != nullptr && same(member.value(), *other);
           });
  }
  if (a.is_array() && b.is_array()) {
    const json::array& left = a.get_array();
    const json::array& right = b.get_array();
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), same);
  }
  if (a.is_number() && b.is_number() && (a.is_double() || b.is_double()))
    return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

}  // namespace

bool JsonCheck::holds(const json::value* found) const {
  if (exists && *exists != (found != nullptr)) return false;
  if (equals && (found == nullptr || !same(*found, *equals))) return false;
  if (contains &&
      (found == nullptr || !found->is_string() ||
       std::string_view(found->get_string().data(), found->get_string().size()).find(*contains) ==
           std::string_view::npos))
    return false;
  if (min || max) {
    if (found == nullptr || !found->is_number()) return false;
    const auto number = found->to_number<double>();
    if ((min && number < *min) || (max && number > *max)) return false;
  }
  return true;
}

class JsonChecker::Impl {
 public:
  std::int64_t check(std::string_view body, const std::vector<JsonCheck>& checks) {
    json::monotonic_resource memory(memory_.data(), memory_.size());
    json::parse_options options;
    options.max_depth = 512;
    json::parser parser({}, options, stack_.data(), stack_.size());
    parser.reset(&memory);
    json::error_code error;
    parser.write(body.data(), body.size(), error);
    if (error) return code_not_json;
    const json::value value = parser.release();
    for (const JsonCheck& check : checks) {
      json::error_code ignored;
      if (!check.holds(value.find_pointer(check.pointer, ignored))) return code_json;
    }
    return 0;
  }

 private:
  std::array<unsigned char, 16 * 1024> memory_;
  std::array<unsigned char, 4 * 1024> stack_;
};

JsonChecker::JsonChecker() : impl_(std::make_unique<Impl>()) {}
JsonChecker::~JsonChecker() = default;

std::int64_t JsonChecker::check(std::string_view body, const std::vector<JsonCheck>& checks) {
  return impl_->check(body, checks);
}

}  // namespace http
