// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ordeal {

/// A number printed with `digits` decimals.
struct Decimal {
  double value;
  int digits;
};

/// Text of at most N bytes, built without allocating: what the guardian logs and records with. What
/// does not fit is cut off. Always NUL-terminated.
template <std::size_t N>
class FixedText {
 public:
  FixedText& operator<<(std::string_view part) noexcept {
    const std::size_t size = part.size() < N - size_ ? part.size() : N - size_;
    std::memcpy(bytes_.data() + size_, part.data(), size);
    size_ += size;
    bytes_[size_] = '\0';
    return *this;
  }
  template <std::integral T>
  FixedText& operator<<(T value) noexcept {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return *this << std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()));
  }
  /// Finite numbers below 1e15 only, which is all the guardian measures.
  FixedText& operator<<(Decimal number) noexcept {
    if (!(std::fabs(number.value) < 1e15)) return *this << "?";
    if (number.value < 0) *this << "-";
    std::int64_t scale = 1;
    for (int i = 0; i < number.digits; ++i) scale *= 10;
    const std::int64_t scaled = std::llround(std::fabs(number.value) * static_cast<double>(scale));
    *this << scaled / scale;
    if (number.digits > 0) {
      *this << ".";
      for (std::int64_t s = scale / 10; s > 0; s /= 10)
        *this << std::string_view(&"0123456789"[scaled / s % 10], 1);
    }
    return *this;
  }

  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }
  [[nodiscard]] const char* c_str() const noexcept { return bytes_.data(); }

 private:
  std::array<char, N + 1> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace ordeal
