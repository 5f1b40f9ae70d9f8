// SPDX-License-Identifier: Apache-2.0
#include "guardian/evidence.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/protocol/guard.h"
#include "guardian/kernel.h"

namespace ordeal {

namespace {

bool write_all(int fd, const char* data, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::pwrite(fd, data + done, size - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

bool is_whole(int fd) {
  EvidenceHeader found;
  const EvidenceHeader expected;
  if (::lseek(fd, 0, SEEK_END) != static_cast<off_t>(evidence_file_size)) return false;
  return ::pread(fd, &found, sizeof found, 0) == static_cast<ssize_t>(sizeof found) &&
         found.magic == expected.magic && found.version == expected.version &&
         found.record_size == expected.record_size && found.slots == expected.slots;
}

template <std::size_t N>
void copy_text(std::array<char, N>& to, std::string_view from) noexcept {
  std::size_t size = std::min(from.size(), N - 1);
  // Never half a UTF-8 character.
  if (size < from.size())
    while (size > 0 && (static_cast<unsigned char>(from[size]) & 0xc0) == 0x80) --size;
  std::memset(to.data(), 0, N);
  std::memcpy(to.data(), from.data(), size);
}

}  // namespace

Result<Evidence> Evidence::open(const std::string& run_dir) {
  const std::string path = run_dir + "/" + evidence_file;
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return errno_error(ExitCode::preflight, "opening " + path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno_error(ExitCode::preflight, "locking " + path, errno);
    Error error;
    error.code = ExitCode::preflight;
    error.what = "run directory " + run_dir + " is in use by another guardian";
    return error;
  }
  if (!is_whole(fd.get())) {
    // Written, not only allocated: a hole could still fail on a full disk, with SIGBUS.
    std::vector<char> bytes(evidence_file_size);
    const EvidenceHeader header;
    std::memcpy(bytes.data(), &header, sizeof header);
    if (::ftruncate(fd.get(), 0) != 0 || !write_all(fd.get(), bytes.data(), bytes.size()) ||
        ::fdatasync(fd.get()) != 0)
      return errno_error(ExitCode::preflight, "writing " + path, errno);
  }
  void* map = ::mmap(nullptr, evidence_file_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (map == MAP_FAILED) return errno_error(ExitCode::preflight, "mapping " + path, errno);
  ::madvise(map, evidence_file_size, MADV_DONTFORK);
  auto* slots = reinterpret_cast<EvidenceSlot*>(static_cast<char*>(map) + sizeof(EvidenceHeader));
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < evidence_slots; ++i)
    if (slots[i].seq != 0 && slots[i].crc == slot_crc(slots[i]))
      last = std::max(last, slots[i].seq);
  return Evidence(std::move(fd), slots, last + 1);
}

Evidence::Evidence(Evidence&& other) noexcept
    : fd_(std::move(other.fd_)), slots_(std::exchange(other.slots_, nullptr)), next_(other.next_) {}

Evidence::~Evidence() {
  if (slots_ != nullptr)
    ::munmap(reinterpret_cast<char*>(slots_) - sizeof(EvidenceHeader), evidence_file_size);
}

void Evidence::record(std::string_view type, std::string_view text, std::int64_t a,
                      std::int64_t b) noexcept {
  EvidenceSlot slot;
  slot.seq = next_++;
  slot.mono_ns = monotonic_ns();
  slot.wall_ns = clock_ != nullptr ? clock_->wall() : wall_ns();
  slot.a = a;
  slot.b = b;
  copy_text(slot.type, type);
  copy_text(slot.text, text);
  slot.crc = slot_crc(slot);
  std::memcpy(&slots_[slot_of(slot.seq)], &slot, sizeof slot);
}

void Evidence::sync() noexcept { ::fdatasync(fd_.get()); }

}  // namespace ordeal
