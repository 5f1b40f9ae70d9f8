// SPDX-License-Identifier: Apache-2.0
// The HTTP plugin for its tests: where it is, closed loads, and sums over what came of them.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "base/interval.h"
#include "engine/worker.h"
#include "places.h"

inline std::string library() { return ORDEAL_BUILT_PLUGINS "/org.ordeal.http.so"; }

/// Whether the manifest says what this code means.
inline bool is_in_the_manifest(std::int64_t code) {
  static const std::string manifest = [] {
    std::string text;
    std::getline(std::ifstream(ORDEAL_SOURCE_DIR "/manifests/plugins/org.ordeal.http.json"), text,
                 '\0');
    return text;
  }();
  return manifest.find("\n        \"" + std::to_string(code) + "\": \"") != std::string::npos;
}

/// Ends after so many operations; 0: after a tenth of a second, for loads that cannot get through.
inline ordeal::LoadSpec closed_load(std::uint32_t sessions, std::uint64_t operations) {
  ordeal::LoadSpec spec;
  spec.sessions = sessions;
  spec.max_operations = operations;
  spec.duration_ns = operations == 0 ? 100'000'000 : 30'000'000'000;
  return spec;
}

inline std::uint64_t total(const ordeal::IntervalFrame& frame, ordeal::Outcome outcome) {
  std::uint64_t sum = 0;
  for (const auto& kind : frame.kinds) sum += kind.outcomes[static_cast<std::size_t>(outcome)];
  return sum;
}

inline std::uint64_t count(const ordeal::IntervalFrame& frame, std::int64_t code) {
  std::uint64_t sum = 0;
  for (const auto& kind : frame.kinds)
    for (const auto& [one, n] : kind.codes)
      if (one == code) sum += n;
  return sum;
}
