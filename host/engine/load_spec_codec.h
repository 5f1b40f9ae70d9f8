// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/codec.h"
#include "engine/load_spec.h"

namespace ordeal {

inline void put(Encoder& out, const LoadSpec& s) {
  out.u32(static_cast<std::uint32_t>(s.model));
  out.u32(s.sessions);
  out.f64(s.rate);
  out.u64(s.start_ns);
  out.u64(s.warm_up_ns);
  out.u64(s.duration_ns);
  out.u64(s.timeout_ns);
  out.u64(s.max_operations);
  out.u64(s.seed);
  out.u32(static_cast<std::uint32_t>(s.mix.size()));
  for (const auto& [kind, weight] : s.mix) {
    out.text(kind);
    out.f64(weight);
  }
  out.u32(s.probe ? 1 : 0);
}

inline LoadSpec get_load_spec(Decoder& in) {
  LoadSpec s;
  s.model = in.u32() == 1 ? LoadSpec::Model::open : LoadSpec::Model::closed;
  s.sessions = in.u32();
  s.rate = in.f64();
  s.start_ns = in.u64();
  s.warm_up_ns = in.u64();
  s.duration_ns = in.u64();
  s.timeout_ns = in.u64();
  s.max_operations = in.u64();
  s.seed = in.u64();
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    std::string kind(in.text());
    const double weight = in.f64();
    s.mix.emplace_back(std::move(kind), weight);
  }
  s.probe = in.u32() != 0;
  return s;
}

}  // namespace ordeal
