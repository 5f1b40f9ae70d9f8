// SPDX-License-Identifier: Apache-2.0
// The one encoding between processes: little-endian, versioned, no pids, descriptors or pointers.
// Encoder and Decoder allocate nothing but what a std::string they fill needs; the guardian uses
// them over fixed buffers.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

static_assert(std::endian::native == std::endian::little, "the encoding is little-endian");

/// Appends values to a growing byte vector.
class Encoder {
 public:
  explicit Encoder(std::vector<std::byte>& out) : out_(out) {}
  void u8(std::uint8_t v) { raw(&v, sizeof v); }
  void u16(std::uint16_t v) { raw(&v, sizeof v); }
  void u32(std::uint32_t v) { raw(&v, sizeof v); }
  void u64(std::uint64_t v) { raw(&v, sizeof v); }
  void i32(std::int32_t v) { raw(&v, sizeof v); }
  void i64(std::int64_t v) { raw(&v, sizeof v); }
  void f64(double v) { raw(&v, sizeof v); }
  void text(std::string_view v) {
    u32(static_cast<std::uint32_t>(v.size()));
    raw(v.data(), v.size());
  }
  void bytes(std::span<const std::byte> v) {
    u32(static_cast<std::uint32_t>(v.size()));
    raw(v.data(), v.size());
  }

 private:
  void raw(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    out_.insert(out_.end(), first, first + size);
  }
  std::vector<std::byte>& out_;
};

/// Reads values in the order they were written. Reading past the end yields zeros and clears ok().
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> in) : in_(in) {}
  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::int32_t i32() { return number<std::int32_t>(); }
  std::int64_t i64() { return number<std::int64_t>(); }
  double f64() { return number<double>(); }
  /// The view lives as long as the input.
  std::string_view text() {
    const auto part = bytes();
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  std::span<const std::byte> bytes() {
    const std::uint32_t size = u32();
    if (size > in_.size()) {
      ok_ = false;
      in_ = {};
      return {};
    }
    const auto part = in_.first(size);
    in_ = in_.subspan(size);
    return part;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return in_.empty(); }
  [[nodiscard]] std::size_t left() const { return in_.size(); }

 private:
  template <typename T>
  T number() {
    T value{};
    if (in_.size() < sizeof value) {
      ok_ = false;
      in_ = {};
      return value;
    }
    std::memcpy(&value, in_.data(), sizeof value);
    in_ = in_.subspan(sizeof value);
    return value;
  }
  std::span<const std::byte> in_;
  bool ok_ = true;
};

}  // namespace ordeal
