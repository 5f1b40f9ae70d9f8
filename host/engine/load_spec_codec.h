// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

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
  out.u64(s.operations_done);
  out.u64(s.records_done);
  out.u64(s.seed);
  out.u32(static_cast<std::uint32_t>(s.mix.size()));
  for (const auto& [kind, weight] : s.mix) {
    out.text(kind);
    out.f64(weight);
  }
  out.u32(s.probe ? 1 : 0);
  out.u32(static_cast<std::uint32_t>(s.arrivals));
  out.u32(static_cast<std::uint32_t>(s.rates.size()));
  for (const RatePiece& piece : s.rates) {
    out.f64(piece.from);
    out.f64(piece.to);
    out.u64(piece.duration_ns);
  }
  out.f64(s.first_gap);
  out.u64(s.elapsed_ns);
  out.text(s.arrivals_file);
  out.u64(s.arrivals_identity.device);
  out.u64(s.arrivals_identity.inode);
  out.u64(s.arrivals_identity.size);
  out.u64(s.arrivals_identity.written_ns);
  out.f64(s.speed);
  out.f64(s.deal_from);
  out.f64(s.deal_to);
  out.u32(static_cast<std::uint32_t>(s.think.shape));
  out.u64(s.think.from_ns);
  out.u64(s.think.to_ns);
  out.u64(s.operations_per_session);
  out.u32(static_cast<std::uint32_t>(s.timeouts.size()));
  for (const auto& [kind, timeout] : s.timeouts) {
    out.text(kind);
    out.u64(timeout);
  }
  out.u32(s.retry.attempts);
  out.u32(s.retry.outcomes);
  out.u64(s.retry.backoff_ns);
  out.u32(s.worker);
  out.u32(s.workers);
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
  s.operations_done = in.u64();
  s.records_done = in.u64();
  s.seed = in.u64();
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    std::string kind(in.text());
    const double weight = in.f64();
    s.mix.emplace_back(std::move(kind), weight);
  }
  s.probe = in.u32() != 0;
  s.arrivals = static_cast<LoadSpec::Arrivals>(in.u32());
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    RatePiece piece;
    piece.from = in.f64();
    piece.to = in.f64();
    piece.duration_ns = in.u64();
    s.rates.push_back(piece);
  }
  s.first_gap = in.f64();
  s.elapsed_ns = in.u64();
  s.arrivals_file = in.text();
  s.arrivals_identity.device = in.u64();
  s.arrivals_identity.inode = in.u64();
  s.arrivals_identity.size = in.u64();
  s.arrivals_identity.written_ns = in.u64();
  s.speed = in.f64();
  s.deal_from = in.f64();
  s.deal_to = in.f64();
  s.think.shape = static_cast<ThinkTime::Shape>(in.u32());
  s.think.from_ns = in.u64();
  s.think.to_ns = in.u64();
  s.operations_per_session = in.u64();
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    std::string kind(in.text());
    const std::uint64_t timeout = in.u64();
    s.timeouts.emplace_back(std::move(kind), timeout);
  }
  s.retry.attempts = in.u32();
  s.retry.outcomes = in.u32();
  s.retry.backoff_ns = in.u64();
  s.worker = in.u32();
  s.workers = std::max(in.u32(), std::uint32_t{1});
  return s;
}

}  // namespace ordeal
