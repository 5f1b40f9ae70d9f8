// SPDX-License-Identifier: Apache-2.0
#include "base/interval.h"

#include <algorithm>

#include "base/codec.h"

namespace ordeal {

namespace {

constexpr std::uint16_t version = 3;
constexpr std::uint32_t max_kinds = 64;
constexpr std::uint32_t max_marks = 16;
constexpr std::uint32_t max_codes = 16;

Error foreign(const char* why) {
  Error error;
  error.what = std::string("decoding an interval: ") + why;
  return error;
}

// Most histograms of a frame are empty: those are their unit and nothing else.
void put(Encoder& out, const Histogram& histogram) {
  out.u32(histogram.unit_ns());
  out.bytes(histogram.count() == 0 ? std::vector<std::byte>{} : histogram.encode());
}

Result<Histogram> get_histogram(Decoder& in) {
  const std::uint32_t unit = in.u32();
  const auto bytes = in.bytes();
  if (!in.ok() || unit == 0 || unit > 1'000'000) return foreign("truncated");
  if (bytes.empty()) return Histogram(unit);
  return Histogram::decode(bytes);
}

void put(Encoder& out, const KindInterval& kind) {
  out.u32(kind.kind);
  for (const std::uint64_t n : kind.outcomes) out.u64(n);
  out.u64(kind.bytes_out);
  out.u64(kind.bytes_in);
  put(out, kind.latency);
  put(out, kind.service);
  out.u32(static_cast<std::uint32_t>(kind.marks.size()));
  for (const Histogram& mark : kind.marks) put(out, mark);
  out.u32(static_cast<std::uint32_t>(kind.codes.size()));
  for (const auto& [code, count] : kind.codes) {
    out.i64(code);
    out.u64(count);
  }
}

Result<KindInterval> get_kind(Decoder& in) {
  KindInterval kind;
  kind.kind = in.u32();
  for (std::uint64_t& n : kind.outcomes) n = in.u64();
  kind.bytes_out = in.u64();
  kind.bytes_in = in.u64();
  for (Histogram* target : {&kind.latency, &kind.service}) {
    auto histogram = get_histogram(in);
    if (!histogram) return histogram.error();
    *target = std::move(histogram).value();
  }
  const std::uint32_t marks = in.u32();
  if (!in.ok() || marks > max_marks) return foreign("too many marks");
  for (std::uint32_t i = 0; i < marks; ++i) {
    auto histogram = get_histogram(in);
    if (!histogram) return histogram.error();
    kind.marks.push_back(std::move(histogram).value());
  }
  const std::uint32_t codes = in.u32();
  if (!in.ok() || codes > max_codes) return foreign("too many codes");
  for (std::uint32_t i = 0; i < codes; ++i) {
    const std::int64_t code = in.i64();
    kind.codes.emplace_back(code, in.u64());
  }
  return kind;
}

// The numbers of a frame in the order they are written, for both directions.
template <typename Frame, typename Visit>
void numbers(Frame& f, Visit visit) {
  visit(f.seq), visit(f.start_ns), visit(f.end_ns), visit(f.offered), visit(f.in_flight);
  visit(f.sessions_open), visit(f.sessions_opened), visit(f.sessions_failed);
  visit(f.sessions_renewed), visit(f.schedule_broken);
  visit(f.misbehaviour), visit(f.late);
  auto& g = f.generator;
  visit(g.cpu_ns), visit(g.run_delay_ns), visit(g.late_loop_ns), visit(g.longest_loop_ns);
  visit(g.descriptors), visit(g.descriptors_limit), visit(g.no_descriptor), visit(g.no_port);
  visit(f.wire.probe), visit(f.wire.warm_up), visit(f.wire.measured), visit(f.wire.retried);
  visit(f.wire.cancelled);
}

void add_code(KindInterval& kind, std::int64_t code, std::uint64_t count) {
  for (auto& [known, n] : kind.codes)
    if (known == code) {
      n += count;
      return;
    }
  if (kind.codes.size() + 1 < max_codes)
    kind.codes.emplace_back(code, count);
  else if (kind.codes.size() < max_codes)
    kind.codes.emplace_back(0, count);
  else
    kind.codes.back().second += count;
}

void add(GeneratorUse& sum, const GeneratorUse& one) {
  sum.cpu_ns += one.cpu_ns;
  sum.run_delay_ns += one.run_delay_ns;
  sum.late_loop_ns += one.late_loop_ns;
  sum.longest_loop_ns = std::max(sum.longest_loop_ns, one.longest_loop_ns);
  sum.descriptors += one.descriptors;
  sum.descriptors_limit += one.descriptors_limit;
  sum.no_descriptor += one.no_descriptor;
  sum.no_port += one.no_port;
}

void add(KindInterval& sum, const KindInterval& one) {
  for (std::size_t i = 0; i < outcome_count; ++i) sum.outcomes[i] += one.outcomes[i];
  sum.bytes_out += one.bytes_out;
  sum.bytes_in += one.bytes_in;
  sum.latency.merge(one.latency);
  sum.service.merge(one.service);
  for (std::size_t i = 0; i < one.marks.size(); ++i)
    if (i < sum.marks.size())
      sum.marks[i].merge(one.marks[i]);
    else
      sum.marks.push_back(one.marks[i]);
  for (const auto& [code, count] : one.codes) add_code(sum, code, count);
}

}  // namespace

void add(IntervalFrame& sum, const IntervalFrame& one) {
  sum.offered += one.offered;
  sum.in_flight += one.in_flight;
  sum.sessions_open += one.sessions_open;
  sum.sessions_opened += one.sessions_opened;
  sum.sessions_failed += one.sessions_failed;
  sum.sessions_renewed += one.sessions_renewed;
  sum.schedule_broken += one.schedule_broken;
  sum.misbehaviour += one.misbehaviour;
  sum.late += one.late;
  add(sum.generator, one.generator);
  sum.wire.probe += one.wire.probe;
  sum.wire.warm_up += one.wire.warm_up;
  sum.wire.measured += one.wire.measured;
  sum.wire.retried += one.wire.retried;
  sum.wire.cancelled += one.wire.cancelled;
  sum.send_lag.merge(one.send_lag);
  for (const KindInterval& kind : one.kinds) {
    const auto same = std::find_if(sum.kinds.begin(), sum.kinds.end(), [&](const KindInterval& k) {
      return k.kind == kind.kind && k.latency.unit_ns() == kind.latency.unit_ns();
    });
    if (same != sum.kinds.end())
      add(*same, kind);
    else
      sum.kinds.push_back(kind);
  }
}

std::vector<std::byte> encode(const IntervalFrame& frame) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u16(version);
  out.u32(frame.load);
  out.u32(frame.worker);
  out.u32(frame.generation);
  numbers(frame, [&](std::uint64_t n) { out.u64(n); });
  put(out, frame.send_lag);
  out.u32(static_cast<std::uint32_t>(frame.kinds.size()));
  for (const KindInterval& kind : frame.kinds) put(out, kind);
  return bytes;
}

Result<IntervalFrame> decode_interval(std::span<const std::byte> bytes) {
  Decoder in(bytes);
  if (in.u16() != version) return foreign("unknown version");
  IntervalFrame frame;
  frame.load = in.u32();
  frame.worker = in.u32();
  frame.generation = in.u32();
  numbers(frame, [&](std::uint64_t& n) { n = in.u64(); });
  auto lag = get_histogram(in);
  if (!lag) return lag.error();
  frame.send_lag = std::move(lag).value();
  const std::uint32_t kinds = in.u32();
  if (!in.ok() || kinds > max_kinds) return foreign("too many kinds");
  for (std::uint32_t i = 0; i < kinds; ++i) {
    auto kind = get_kind(in);
    if (!kind) return kind.error();
    frame.kinds.push_back(std::move(kind).value());
  }
  if (!in.ok() || !in.at_end()) return foreign("wrong length");
  return frame;
}

}  // namespace ordeal
