// SPDX-License-Identifier: Apache-2.0
// Values that satisfy a JSON Schema, and values that nearly do.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "cell/check/job.h"

namespace ordeal::check {

using Random = std::mt19937_64;

/// How much of what a schema leaves open is filled in.
enum class Filling {
  required,  // required keys only; examples and defaults where there are some
  examples,  // and every key that has an example
  random,    // any key, any value
};

/// A value that satisfies `schema`, or nothing when none was found in some tries. The same random
/// state gives the same value.
std::optional<boost::json::value> value_for(const boost::json::value& schema, Filling filling,
                                            Random& random);

/// A text that matches an ECMAScript pattern, as far as its syntax is known here: literals,
/// classes, groups, alternatives, counts, anchors. May fail to match; the caller checks.
std::string text_for_pattern(const std::string& pattern, Random& random);

/// Texts, one changed thing each, that are no JSON or that `schema` probably forbids.
std::string spoiled_config(const boost::json::value& valid, Random& random);

/// Configs to try for the job's component, the most likely first, its defaults merged in as the
/// host does; the job's own only, when it has one.
std::vector<std::string> candidate_configs(const Job& job);

/// A config for the component, made at random, valid by its schema; "" when none was found.
std::string random_config(const ComponentInfo& component, Random& random);

}  // namespace ordeal::check
