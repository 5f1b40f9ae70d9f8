// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>

namespace ordeal::check {

/// How large the host's structs are: as this ABI has them; the same, and unreadable behind; as a
/// newer host's (longer, with a tail nobody knows); as a host's that lacks their optional end.
enum class Sizes { plain, exact, newer, shorter };

/// The same for a struct that is never shorter.
constexpr Sizes full(Sizes sizes) { return sizes == Sizes::shorter ? Sizes::exact : sizes; }

/// A copy of bytes that ends where an unreadable page begins, so that whoever reads or writes
/// beyond them dies on the spot. Never unmapped: a plugin may keep what lives as long as the
/// process.
class Guarded {
 public:
  explicit Guarded(std::size_t size) : size_(size) {
    constexpr std::size_t page = 4096;
    const std::size_t pages = (size + page - 1) / page;
    void* memory = ::mmap(nullptr, (pages + 1) * page, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    auto* first = static_cast<unsigned char*>(memory);
    ::mprotect(first + pages * page, page, PROT_NONE);
    at_ = first + pages * page - size;
  }
  [[nodiscard]] unsigned char* data() const { return at_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  unsigned char* at_ = nullptr;
  std::size_t size_;
};

/// Bytes of the unknown tail of a newer host's struct.
inline constexpr std::size_t newer_tail = 64;
inline constexpr unsigned char tail_byte = 0xA5;

/// Readable zeros behind a plain struct: who reads there is found by the case `bounds` only.
inline constexpr std::size_t plain_tail = 256;

/// A struct that begins with struct_size, as such a host passes it. `optional` are the bytes at its
/// end that a host may lack.
template <class T>
T* guarded_struct(const T& value, Sizes sizes, std::size_t optional = 0) {
  std::size_t size = sizeof(T);
  if (sizes == Sizes::newer) size += newer_tail;
  if (sizes == Sizes::shorter) size -= optional;
  const Guarded block(size + (sizes == Sizes::plain ? plain_tail : 0));
  if (sizes != Sizes::plain) std::memset(block.data(), tail_byte, size);
  std::memcpy(block.data(), &value, size < sizeof(T) ? size : sizeof(T));
  const auto told = static_cast<std::uint32_t>(size);
  std::memcpy(block.data(), &told, sizeof told);
  return reinterpret_cast<T*>(block.data());
}

/// The same for an array whose stride the host decides.
template <class T>
T* guarded_array(std::span<const T> values, Sizes sizes, std::uint32_t& stride) {
  const std::size_t each = sizeof(T) + (sizes == Sizes::newer ? newer_tail : 0);
  stride = static_cast<std::uint32_t>(each);
  const Guarded block(each * values.size() + (sizes == Sizes::plain ? plain_tail : 0));
  if (sizes != Sizes::plain) std::memset(block.data(), tail_byte, block.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::memcpy(block.data() + i * each, &values[i], sizeof(T));
    std::memcpy(block.data() + i * each, &stride, sizeof stride);
  }
  return reinterpret_cast<T*>(block.data());
}

/// A copy of a text with nothing readable behind it: it ends in no NUL.
inline std::string_view guarded_text(std::string_view text) {
  if (text.empty()) return {};
  const Guarded block(text.size());
  std::memcpy(block.data(), text.data(), text.size());
  return {reinterpret_cast<const char*>(block.data()), text.size()};
}

}  // namespace ordeal::check
