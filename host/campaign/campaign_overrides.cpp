// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign_overrides.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <optional>

#include "base/json.h"
#include "base/json_text.h"

namespace ordeal {
namespace json = boost::json;
namespace {

using Path = std::vector<std::string>;
using Schemas = std::vector<const json::value*>;

bool is_index(const std::string& text) {
  return !text.empty() && text.size() < 7 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The plain schemas behind references and alternatives.
void expand(const json::value& root, const json::value* schema, Schemas& out, int depth = 0) {
  if (schema == nullptr || !schema->is_object() || depth > 16) return;
  const json::object& rules = schema->get_object();
  if (const json::value* reference = rules.if_contains("$ref");
      reference && reference->is_string()) {
    expand(root, at_pointer(root, std::string(reference->get_string().c_str() + 1)), out,
           depth + 1);
    return;
  }
  for (const char* key : {"anyOf", "oneOf"}) {
    if (const json::value* branches = rules.if_contains(key); branches && branches->is_array()) {
      for (const json::value& branch : branches->get_array()) expand(root, &branch, out, depth + 1);
      return;
    }
  }
  out.push_back(schema);
}

const json::object* properties_of(const json::value* schema) {
  const json::value* found = schema->get_object().if_contains("properties");
  return found != nullptr && found->is_object() ? &found->get_object() : nullptr;
}

const json::value* items_of(const json::value* schema) {
  return schema->get_object().if_contains("items");
}

bool allows_type(const Schemas& schemas, std::string_view wanted) {
  return std::any_of(schemas.begin(), schemas.end(), [&](const json::value* schema) {
    const json::value* type = schema->get_object().if_contains("type");
    return type != nullptr && type->is_string() && type->get_string() == wanted;
  });
}

/// Text as JSON where it is JSON of an allowed kind ("8", "true", "[1]"), else as it is.
json::value read_value(const std::string& text, const Schemas& schemas) {
  Result<json::value> parsed = parse_json(text, {});
  if (!parsed) return json::value(text);
  const bool fits = (parsed->is_number() &&
                     (allows_type(schemas, "number") || allows_type(schemas, "integer"))) ||
                    (parsed->is_bool() && allows_type(schemas, "boolean")) ||
                    (parsed->is_object() && allows_type(schemas, "object")) ||
                    (parsed->is_array() && allows_type(schemas, "array")) || parsed->is_string();
  if (!fits && allows_type(schemas, "string")) return json::value(text);
  return std::move(*parsed);
}

/// Walks document and schema side by side along a path, making objects on the way.
class Setter {
 public:
  Setter(CampaignDocument& document, std::string origin)
      : document_(document), origin_(std::move(origin)), at_(&document.root()) {
    expand(document.schema(), &document.schema(), schemas_);
  }

  Result<void> set(const Path& path, const std::string& text) {
    for (std::size_t i = 0; i < path.size();) {
      Result<std::size_t> used = step(path, i);
      if (!used) return used.error();
      i += *used;
    }
    *at_ = read_value(text, schemas_);
    document_.mark(pointer_, origin_);
    return {};
  }

 private:
  Error fail(std::string what, std::string expected = {}, std::string fix = {}) const {
    Error error;
    error.code = ExitCode::invalid_config;
    error.what = std::move(what);
    error.where = {origin_, 0, 0, pointer_};
    error.expected = std::move(expected);
    error.fix = std::move(fix);
    return error;
  }

  /// One step down; returns how many segments it took (a key such as p99.9 is written with a dot).
  Result<std::size_t> step(const Path& path, std::size_t i) {
    if (at_->is_array() || (at_->is_null() && allows_type(schemas_, "array"))) {
      return step_into_array(path[i]);
    }
    Schemas next;
    std::string key = path[i];
    std::size_t used = 1;
    std::vector<std::string> words;
    bool open = schemas_.empty() || key.starts_with("x-");
    for (const json::value* schema : schemas_) {
      const json::object* properties = properties_of(schema);
      const json::value* others = schema->get_object().if_contains("additionalProperties");
      const bool closed = others != nullptr && others->is_bool() && !others->get_bool();
      open = open || (properties == nullptr && allows_type({schema}, "object") && !closed);
      if (properties == nullptr) {
        if (others != nullptr && others->is_object()) expand(document_.schema(), others, next);
        continue;
      }
      for (const auto& property : *properties) words.emplace_back(property.key());
      const std::string joined = i + 1 < path.size() ? path[i] + "." + path[i + 1] : std::string();
      if (!joined.empty() && properties->contains(joined)) {
        key = joined;
        used = 2;
      }
      if (const json::value* property = properties->if_contains(key)) {
        expand(document_.schema(), property, next);
        open = true;
      }
    }
    pointer_ += pointer_token(key);
    if (!open) {
      if (words.empty()) return fail("there is nothing below this value", {}, {});
      const std::string near = nearest(key, words);
      std::string list;
      for (const std::string& word : words) list += (list.empty() ? "one of " : ", ") + word;
      return fail("unknown key '" + key + "'", list,
                  near.empty() ? near : "did you mean '" + near + "'?");
    }
    if (!at_->is_object()) *at_ = json::object();
    at_ = &at_->get_object()[key];
    schemas_ = std::move(next);
    return used;
  }

  Result<std::size_t> step_into_array(const std::string& segment) {
    const std::size_t size = at_->is_array() ? at_->get_array().size() : 0;
    pointer_ += pointer_token(segment);
    const std::string entries = size == 0 ? "no entry: it is empty"
                                          : "an entry number from 0 to " + std::to_string(size - 1);
    if (!is_index(segment) || std::stoul(segment) >= size) {
      return fail("'" + segment + "' is not an entry of this list", entries,
                  size == 0 ? "set the whole list, as JSON" : "");
    }
    Schemas next;
    for (const json::value* schema : schemas_) expand(document_.schema(), items_of(schema), next);
    at_ = &at_->get_array()[std::stoul(segment)];
    schemas_ = std::move(next);
    return std::size_t{1};
  }

  CampaignDocument& document_;
  std::string origin_;
  json::value* at_;
  Schemas schemas_;
  std::string pointer_;
};

std::string variable_form(std::string_view key) {
  std::string name;
  for (char c : key) {
    name +=
        c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

/// The path that a variable's name (without ORDEAL_) spells, if the schema has it.
std::optional<Path> spelt_path(const json::value& root, const json::value* schema,
                               const std::string& name) {
  Schemas schemas;
  expand(root, schema, schemas);
  for (const json::value* one : schemas) {
    if (const json::object* properties = properties_of(one)) {
      for (const auto& property : *properties) {
        const std::string key(property.key());
        const std::string form = variable_form(key);
        if (name == form) return Path{key};
        if (!name.starts_with(form + "_")) continue;
        if (auto below = spelt_path(root, &property.value(), name.substr(form.size() + 1))) {
          below->insert(below->begin(), key);
          return below;
        }
      }
    } else if (const json::value* items = items_of(one)) {
      const std::string index = name.substr(0, name.find('_'));
      if (!is_index(index)) continue;
      if (index == name) return Path{index};
      if (auto below = spelt_path(root, items, name.substr(index.size() + 1))) {
        below->insert(below->begin(), index);
        return below;
      }
    }
  }
  return std::nullopt;
}

Path split(const std::string& text) {
  Path path;
  std::size_t start = 0;
  while (true) {
    const std::size_t dot = text.find('.', start);
    path.push_back(text.substr(start, dot - start));
    if (dot == std::string::npos) return path;
    start = dot + 1;
  }
}

}  // namespace

Result<void> apply_overrides(CampaignDocument& document, const CampaignOverrides& overrides) {
  for (const auto& [name, value] : overrides.environment) {
    const std::string upper = variable_form(name);
    if (!upper.starts_with("ORDEAL_")) continue;
    const auto path = spelt_path(document.schema(), &document.schema(), upper.substr(7));
    // The format's version is the file's own business; ORDEAL_VERSION is likely somebody else's.
    if (!path || path->front() == "version" || path->front() == "$schema") continue;
    Result<void> done = Setter(document, "environment " + name).set(*path, value);
    if (!done) return done;
  }
  for (const std::string& set : overrides.sets) {
    const std::size_t equals = set.find('=');
    const std::string origin = "--set " + set;
    if (equals == std::string::npos || equals == 0) {
      Error error;
      error.code = ExitCode::usage;
      error.what = "'" + origin + "' sets nothing";
      error.expected = "--set path.to.key=value, such as --set phases.0.rate=50";
      return error;
    }
    Result<void> done =
        Setter(document, origin).set(split(set.substr(0, equals)), set.substr(equals + 1));
    if (!done) return done;
  }
  return {};
}

}  // namespace ordeal
