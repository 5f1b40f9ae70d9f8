// SPDX-License-Identifier: Apache-2.0
// HdrHistogram's V2 encoding: a 40-byte big-endian header, then the counts as ZigZag LEB128 numbers
// of at most 9 bytes, a run of n zeros being the number -n. The unit is read back from the highest
// trackable value, which is one hour in units.
#include <endian.h>
#include <zlib.h>

#include <cassert>
#include <cstring>

#include "base/histogram.h"
#include "base/histogram_state.h"

namespace ordeal {

namespace {

constexpr std::uint32_t v2_cookie = 0x1c849303;
constexpr std::uint32_t v2_compressed_cookie = 0x1c849304;
constexpr std::uint32_t word_size_flag = 0x10;  // what every known writer puts in, and readers mask
constexpr std::uint32_t word_size_mask = 0xf0;
constexpr std::size_t header_size = 40;
constexpr std::size_t longest_number = 9;

Error foreign(const char* why) {
  Error error;
  error.what = std::string("decoding a histogram: ") + why;
  return error;
}

void put32(std::vector<std::byte>& out, std::uint32_t v) {
  v = htobe32(v);
  const auto* p = reinterpret_cast<const std::byte*>(&v);
  out.insert(out.end(), p, p + sizeof v);
}
void put64(std::vector<std::byte>& out, std::uint64_t v) {
  v = htobe64(v);
  const auto* p = reinterpret_cast<const std::byte*>(&v);
  out.insert(out.end(), p, p + sizeof v);
}
std::uint32_t get32(std::span<const std::byte> in, std::size_t at) {
  std::uint32_t v = 0;
  std::memcpy(&v, in.data() + at, sizeof v);
  return be32toh(v);
}
std::uint64_t get64(std::span<const std::byte> in, std::size_t at) {
  std::uint64_t v = 0;
  std::memcpy(&v, in.data() + at, sizeof v);
  return be64toh(v);
}

void put_number(std::vector<std::byte>& out, std::int64_t number) {
  std::uint64_t v =
      (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
  for (std::size_t i = 1; i < longest_number && v >= 0x80; ++i, v >>= 7)
    out.push_back(static_cast<std::byte>(v | 0x80));
  out.push_back(static_cast<std::byte>(v));
}

// False when the input ends within the number.
bool get_number(std::span<const std::byte>& in, std::int64_t& number) {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < longest_number; ++i) {
    if (i == in.size()) return false;
    const auto byte = std::to_integer<std::uint64_t>(in[i]);
    const bool last = i + 1 == longest_number;
    v |= (last ? byte : byte & 0x7f) << (7 * i);
    if (last || byte < 0x80) {
      in = in.subspan(i + 1);
      break;
    }
  }
  number = static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
  return true;
}

}  // namespace

// Both directions of the V2 form. State is private to Histogram, whose members call this.
struct HistogramCodec {
  template <typename State>
  static void encode(const State& s, std::vector<std::byte>& out) {
    const std::size_t begin = out.size();
    put32(out, v2_cookie | word_size_flag);
    put32(out, 0);  // payload length, known at the end
    put32(out, 0);  // normalizing index offset
    put32(out, HistogramLayout::digits);
    put64(out, 1);
    put64(out, s.layout.highest());
    put64(out, std::bit_cast<std::uint64_t>(1.0));  // integer to double ratio
    const std::size_t end = s.count == 0 ? 0 : s.end_index();
    for (std::size_t i = 0; i < end;) {
      std::size_t zeros = i;
      while (zeros < end && s.counts[zeros] == 0) ++zeros;
      if (zeros - i > 1) {
        put_number(out, -static_cast<std::int64_t>(zeros - i));
        i = zeros;
      } else {
        put_number(out, static_cast<std::int64_t>(s.counts[i++]));
      }
    }
    const std::uint32_t length =
        htobe32(static_cast<std::uint32_t>(out.size() - begin - header_size));
    std::memcpy(out.data() + begin + 4, &length, sizeof length);
  }

  // The unit of a V2 header, or an error.
  static Result<std::uint32_t> unit(std::span<const std::byte> in) {
    if (in.size() < header_size) return foreign("truncated header");
    if ((get32(in, 0) & ~word_size_mask) != v2_cookie) return foreign("not the V2 encoding");
    if (get32(in, 4) != in.size() - header_size) return foreign("wrong length");
    const std::uint64_t highest = get64(in, 24);
    if (get32(in, 8) != 0 || get32(in, 12) != HistogramLayout::digits || get64(in, 16) != 1 ||
        highest < HistogramLayout::hour_ns / 1'000'000 || highest > HistogramLayout::hour_ns ||
        get64(in, 32) != std::bit_cast<std::uint64_t>(1.0))
      return foreign("another layout than 3 digits up to one hour");
    const std::uint64_t unit = HistogramLayout::hour_ns / highest;
    if (HistogramLayout::hour_ns / unit != highest) return foreign("an unknown unit");
    return static_cast<std::uint32_t>(unit);
  }

  // Fills counts and count of an empty, mapped state; min, max and sum to bucket precision.
  template <typename State>
  static Result<void> decode(std::span<const std::byte> in, State& s) {
    in = in.subspan(header_size);
    std::size_t at = 0;
    double sum = 0;
    while (!in.empty()) {
      std::int64_t number = 0;
      if (!get_number(in, number)) return foreign("truncated number");
      if (number < 0) {
        const std::uint64_t zeros = 0 - static_cast<std::uint64_t>(number);
        if (zeros > s.layout.length() - at) return foreign("more counts than the layout has");
        at += zeros;
        continue;
      }
      if (at == s.layout.length()) return foreign("more counts than the layout has");
      const auto count = static_cast<std::uint64_t>(number);
      const std::uint64_t from = HistogramLayout::from(at) * s.unit_ns;
      const std::uint64_t to = (HistogramLayout::to(at) + 1) * s.unit_ns - 1;
      if (count > 0) {
        if (__builtin_add_overflow(s.count, count, &s.count)) return foreign("too many values");
        s.counts[at] = count;
        s.min = std::min(s.min, from);
        s.max = to;
        sum += 0.5 * (static_cast<double>(from) + static_cast<double>(to)) *
               static_cast<double>(count);
      }
      ++at;
    }
    s.sum =
        sum < 18e18 ? static_cast<std::uint64_t>(sum) : std::numeric_limits<std::uint64_t>::max();
    return {};
  }
};

std::vector<std::byte> Histogram::encode() const {
  std::vector<std::byte> out(24);
  const std::uint64_t exact[3] = {min(), max(), count() == 0 ? 0 : state_->sum};
  std::memcpy(out.data(), exact, sizeof exact);
  if (state_) {
    HistogramCodec::encode(*state_, out);
  } else {
    HistogramCodec::encode(State(1), out);
  }
  return out;
}

Result<Histogram> Histogram::decode(std::span<const std::byte> bytes) {
  if (bytes.size() < 24) return foreign("truncated header");
  std::uint64_t exact[3];
  std::memcpy(exact, bytes.data(), sizeof exact);
  const auto v2 = bytes.subspan(24);
  const auto unit = HistogramCodec::unit(v2);
  if (!unit) return unit.error();
  Histogram result(unit.value());
  if (v2.size() == header_size) return result;
  if (!result.state_) result.state_ = std::make_unique<State>(unit.value());
  State& s = *result.state_;
  s.map();
  if (auto done = HistogramCodec::decode(v2, s); !done) return done.error();
  if (s.count == 0) return result;
  // min and max bound the touched range, so they have to agree with the counts.
  const std::size_t begin = s.first_index();
  const std::size_t end = s.end_index();
  s.min = exact[0];
  s.max = exact[1];
  s.sum = exact[2];
  if (s.min > s.max || s.first_index() != begin || s.end_index() != end)
    return foreign("minimum or maximum do not match the counts");
  return result;
}

std::vector<std::byte> Histogram::encode_v2_compressed() const {
  std::vector<std::byte> plain;
  if (state_) {
    HistogramCodec::encode(*state_, plain);
  } else {
    HistogramCodec::encode(State(1), plain);
  }
  uLongf size = ::compressBound(plain.size());
  std::vector<std::byte> out;
  put32(out, v2_compressed_cookie | word_size_flag);
  out.resize(8 + size);
  [[maybe_unused]] const int status = ::compress2(reinterpret_cast<Bytef*>(out.data() + 8), &size,
                                                  reinterpret_cast<const Bytef*>(plain.data()),
                                                  plain.size(), Z_DEFAULT_COMPRESSION);
  if (status != Z_OK) throw std::bad_alloc();  // the buffer is large enough: nothing else is left
  out.resize(8 + size);
  const std::uint32_t length = htobe32(static_cast<std::uint32_t>(size));
  std::memcpy(out.data() + 4, &length, sizeof length);
  return out;
}

Result<Histogram> Histogram::decode_v2_compressed(std::span<const std::byte> bytes) {
  if (bytes.size() < 8) return foreign("truncated header");
  if ((get32(bytes, 0) & ~word_size_mask) != v2_compressed_cookie)
    return foreign("not the compressed V2 encoding");
  if (get32(bytes, 4) != bytes.size() - 8) return foreign("wrong length");
  // Nothing valid is longer, so a deflate bomb cannot make us allocate more.
  std::vector<std::byte> plain(header_size + HistogramLayout(1).length() * longest_number);
  uLongf size = plain.size();
  if (::uncompress(reinterpret_cast<Bytef*>(plain.data()), &size,
                   reinterpret_cast<const Bytef*>(bytes.data() + 8), bytes.size() - 8) != Z_OK)
    return foreign("damaged deflate stream");
  const auto v2 = std::span<const std::byte>(plain).first(size);
  const auto unit = HistogramCodec::unit(v2);
  if (!unit) return unit.error();
  Histogram result(unit.value());
  if (v2.size() == header_size) return result;
  if (!result.state_) result.state_ = std::make_unique<State>(unit.value());
  result.state_->map();
  if (auto done = HistogramCodec::decode(v2, *result.state_); !done) return done.error();
  return result;
}

}  // namespace ordeal
