// SPDX-License-Identifier: Apache-2.0
#include "journal/packing.h"

#include <zlib.h>

#include <utility>

namespace ordeal::journal {

namespace {

constexpr std::byte row_version{1};
// A histogram of one hour in nanoseconds at 3 digits has 33 Ki buckets of at most 9 bytes each.
constexpr std::uint64_t histogram_size_max = 1u << 20;

Error damaged(const char* what) {
  Error error;
  error.what = std::string("a damaged ") + what + " in the journal";
  return error;
}

void put(std::vector<std::byte>& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::byte>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::byte>(value));
}

bool get(std::span<const std::byte>& in, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in.empty()) return false;
    const auto byte = std::to_integer<std::uint64_t>(in.front());
    in = in.subspan(1);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

/// The one list of a row's unsigned numbers, for both directions.
template <typename Row, typename Each>
void each_number(Row& row, Each each) {
  each(row.load);
  each(row.kind);
  each(row.mono_ns);
  each(row.wall_ns);
  each(row.duration_ns);
  for (auto& count : row.outcomes) each(count);
  each(row.offered);
  each(row.p50_ns);
  each(row.p99_ns);
  each(row.max_ns);
  each(row.bytes_in);
  each(row.bytes_out);
}

}  // namespace

std::vector<std::byte> pack_row(const SeriesRow& row) {
  std::vector<std::byte> out;
  out.reserve(96);
  out.push_back(row_version);
  const auto phase = static_cast<std::uint32_t>(row.phase);
  put(out, (phase << 1) ^ (row.phase < 0 ? 0xffffffffu : 0u));
  each_number(row, [&](std::uint64_t number) { put(out, number); });
  return out;
}

Result<SeriesRow> unpack_row(std::span<const std::byte> blob) {
  if (blob.empty() || blob.front() != row_version) return damaged("row");
  blob = blob.subspan(1);
  SeriesRow row;
  std::uint64_t phase = 0;
  bool good = get(blob, phase) && phase <= 0xffffffffu;
  const auto zigzag = static_cast<std::uint32_t>(phase);
  row.phase = static_cast<std::int32_t>((zigzag >> 1) ^ (0u - (zigzag & 1)));
  each_number(row, [&]<typename Number>(Number& number) {
    std::uint64_t value = 0;
    good = good && get(blob, value) && std::in_range<Number>(value);
    number = static_cast<Number>(value);
  });
  if (!good || !blob.empty()) return damaged("row");
  return row;
}

Result<std::vector<std::byte>> pack_histogram(const Histogram& histogram) {
  const auto raw = histogram.encode();
  std::vector<std::byte> out;
  put(out, raw.size());
  const std::size_t start = out.size();
  uLongf size = compressBound(raw.size());
  out.resize(start + size);
  if (compress2(reinterpret_cast<Bytef*>(out.data() + start), &size,
                reinterpret_cast<const Bytef*>(raw.data()), raw.size(),
                Z_DEFAULT_COMPRESSION) != Z_OK) {
    Error error;
    error.what = "compressing a histogram failed";
    return error;
  }
  out.resize(start + size);
  return out;
}

Result<Histogram> unpack_histogram(std::span<const std::byte> blob) {
  std::uint64_t size = 0;
  if (!get(blob, size) || size > histogram_size_max) return damaged("histogram");
  std::vector<std::byte> raw(size);
  uLongf got = size;
  if (uncompress(reinterpret_cast<Bytef*>(raw.data()), &got,
                 reinterpret_cast<const Bytef*>(blob.data()), blob.size()) != Z_OK ||
      got != size)
    return damaged("histogram");
  return Histogram::decode(raw);
}

}  // namespace ordeal::journal
