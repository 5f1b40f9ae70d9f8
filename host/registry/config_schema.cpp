// SPDX-License-Identifier: Apache-2.0
#include "registry/config_schema.h"

#include <boost/json.hpp>
#include <string>

#include "base/json.h"
#include "base/schema_checker.h"
#include "base/schema_describe.h"
#include "base/schema_walk.h"

namespace ordeal {
namespace json = boost::json;
namespace {

std::string text_of(json::string_view text) { return {text.data(), text.size()}; }

/// Walks every subschema once; a manifest is at most 256 KiB, so it is not many.
class ConfigSchemaChecker {
 public:
  ConfigSchemaChecker(const json::value& root, SchemaPatterns& patterns)
      : root_(root), patterns_(patterns) {}

  std::vector<SchemaViolation> check() {
    walk(root_, "");
    return std::move(violations_);
  }

 private:
  void add(const std::string& pointer, std::string what, std::string expected,
           bool at_key = false) {
    violations_.push_back({pointer, at_key, std::move(what), std::move(expected), {}});
  }

  void walk(const json::value& value, const std::string& pointer) {
    const json::object* schema = value.if_object();
    if (schema == nullptr) return;
    if (const json::value* pattern = schema->if_contains("pattern"))
      check_pattern(text_of(pattern->get_string()), pointer + "/pattern", false);
    for (const char* key : {"then", "else"}) {
      if (schema->contains(key) && !schema->contains("if"))
        add(pointer + "/" + key, std::string("'") + key + "' without 'if' is never applied",
            "'if' beside it", true);
    }
    if (schema->contains("$ref")) check_reference(value, pointer + "/$ref");
    if (const json::value* standard = schema->if_contains("default"))
      check_default(value, *standard, pointer + "/default");
    if (const json::value* patterns = schema->if_contains("patternProperties")) {
      for (const auto& one : patterns->get_object()) {
        const std::string name = text_of(one.key());
        check_pattern(name, pointer + "/patternProperties" + pointer_token(name), true);
      }
    }
    each_subschema(*schema, [&](const std::string&, const std::string& below,
                                const json::value& one) { walk(one, pointer + below); });
  }

  void check_pattern(const std::string& pattern, const std::string& pointer, bool at_key) {
    if (patterns_.usable(pattern)) return;
    add(pointer, "the pattern " + show_value(json::value(pattern)) + " cannot be used",
        "an ECMAScript pattern without back-references, look-behind, \\p{...} and named groups",
        at_key);
  }

  void check_reference(const json::value& from, const std::string& pointer) {
    // Following a chain of references alone: one that comes back never reaches a rule.
    const json::value* at = &from;
    for (int steps = 0; steps < 64; ++steps) {
      const json::object* schema = at->if_object();
      const json::value* reference = schema != nullptr ? schema->if_contains("$ref") : nullptr;
      if (reference == nullptr) return;
      at = at_pointer(root_, text_of(reference->get_string()).substr(1));
      if (at == nullptr || !(at->is_object() || at->is_bool())) {
        // The one that is wrong is reported where it stands.
        if (steps == 0)
          add(pointer, show_value(*reference) + " refers to no schema", "a JSON pointer within it");
        return;
      }
    }
    add(pointer, "the reference comes back to itself", "one that ends");
  }

  void check_default(const json::value& schema, const json::value& standard,
                     const std::string& pointer) {
    // What is missing inside may still come from the user or from defaults further in.
    json::value partial = schema;
    partial.get_object().erase("required");
    std::vector<FoundViolation> found;
    SchemaChecker(root_, patterns_).check(partial, standard, pointer, found);
    if (found.empty()) return;
    SchemaViolation& first = found.front().violation;
    first.what = "the default breaks its own schema: " + first.what;
    violations_.push_back(std::move(first));
  }

  const json::value& root_;
  SchemaPatterns& patterns_;
  std::vector<SchemaViolation> violations_;
};

}  // namespace

std::vector<SchemaViolation> check_config_schema(const json::value& schema,
                                                 SchemaPatterns& patterns) {
  return ConfigSchemaChecker(schema, patterns).check();
}

}  // namespace ordeal
