// SPDX-License-Identifier: Apache-2.0
#include "engine/kind_mix.h"

#include <algorithm>
#include <cmath>

namespace ordeal {

namespace {

Error bad_mix(std::string what, std::string expected) {
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = std::move(what);
  error.expected = std::move(expected);
  return error;
}

}  // namespace

Result<KindMix> KindMix::make(const std::vector<std::string>& kinds,
                              const std::vector<std::pair<std::string, double>>& mix,
                              std::uint64_t seed) {
  std::vector<double> weights(kinds.size(), mix.empty() ? 1.0 : 0.0);
  for (const auto& [name, weight] : mix) {
    const auto found = std::find(kinds.begin(), kinds.end(), name);
    if (found == kinds.end()) {
      std::string known;
      for (const std::string& kind : kinds) known += (known.empty() ? "" : ", ") + kind;
      return bad_mix("mix: the scenario has no operation kind '" + name + "'", "one of " + known);
    }
    if (!std::isfinite(weight) || weight < 0)
      return bad_mix("mix: weight of '" + name + "' is " + std::to_string(weight),
                     "a number of at least 0");
    weights[static_cast<std::size_t>(found - kinds.begin())] += weight;
  }
  double total = 0;
  for (const double weight : weights) total += weight;
  if (!(total > 0) || !std::isfinite(total))
    return bad_mix("mix: no kind has a weight", "at least one weight above 0");
  KindMix result;
  result.random_ = Random(seed, Random::Stream::mix);
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    sum += weights[i];
    result.upper_.push_back({sum / total, static_cast<std::uint32_t>(i)});
  }
  return result;
}

}  // namespace ordeal
