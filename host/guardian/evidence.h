// SPDX-License-Identifier: Apache-2.0
// The guardian's own record of what it saw and did: a file written whole before the run, then only
// changed in place, so that neither a full disk nor a killed guardian can lose a record.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "guardian/crc32.h"
#include "guardian/run_clock.h"

namespace ordeal {

inline constexpr std::size_t evidence_record_size = 512;
inline constexpr std::size_t evidence_slots = 2047;
/// The first records of a run are never overwritten; the others form a ring.
inline constexpr std::size_t evidence_kept_slots = 64;

/// First 512 bytes of the file.
struct EvidenceHeader {
  std::array<char, 8> magic{'O', 'R', 'D', 'L', 'E', 'V', 'I', 'D'};
  std::uint32_t version = 1;
  std::uint32_t record_size = evidence_record_size;
  std::uint64_t slots = evidence_slots;
  std::array<char, 488> reserved{};
};
static_assert(sizeof(EvidenceHeader) == evidence_record_size);

/// One record. `crc` (CRC-32, IEEE 802.3) covers all that follows it. seq counts from 1; 0: empty.
///
/// type               a                    b                   text
/// armed              tier of load         tier of service     what is locked, limits
/// reserved           tier of load         0                   what is reserved and how
/// memory_limit       killed by the kernel id                  the run was at its memory limit
/// drill              ns to empty, worst   1 passed, 2 skipped, 0 failed
/// started            pid of controller (or command)
/// containment_made   id                   tier                kind
/// containment_ended  id                   ns to empty         how
/// stop_requested     StopReason           signal              who asked, for what
/// limit              StopReason           0                   metric, value, limit
/// controller_silent  StopReason           ns of silence       which loop
/// controller_aborted StopReason           0                   why SIGABRT
/// controller_died    wait status          0                   how
/// pressure           level, 0 over        0                   metric, value, limit, dwell
/// killed             processes left       ns to empty
/// blind              ns late              0
/// sensors            least MemAvailable   ticks               every sensor over one second, one
///                                                             record for each of the last 60
/// process            pid                  rank from 1         one of the ten heaviest of the run
/// stop               ns from decision     ns from seeing      UUID, rule and version, dwell, when
///                    to an empty load     until all is gone   seen, decided, signalled, empty
/// end                exit code            0                   why
struct EvidenceSlot {
  std::uint32_t crc = 0;
  std::uint32_t reserved = 0;
  std::uint64_t seq = 0;
  std::uint64_t mono_ns = 0;
  std::uint64_t wall_ns = 0;
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::array<char, 32> type{};
  std::array<char, 432> text{};
};
static_assert(sizeof(EvidenceSlot) == evidence_record_size);

inline constexpr std::size_t evidence_file_size = (evidence_slots + 1) * evidence_record_size;

/// The crc a slot should have.
inline std::uint32_t slot_crc(const EvidenceSlot& slot) noexcept {
  return crc32(reinterpret_cast<const char*>(&slot) + sizeof slot.crc,
               sizeof slot - sizeof slot.crc);
}
/// Where the record with this number lies (slot index).
inline std::size_t slot_of(std::uint64_t seq) noexcept {
  const std::uint64_t i = seq - 1;
  if (i < evidence_kept_slots) return static_cast<std::size_t>(i);
  return evidence_kept_slots + static_cast<std::size_t>((i - evidence_kept_slots) %
                                                        (evidence_slots - evidence_kept_slots));
}

/// Writes records. One thread. record() allocates nothing and cannot fail.
class Evidence {
 public:
  /// Opens or makes <run_dir>/guardian.evidence, locks it (one guardian per run directory) and maps
  /// it; records of an earlier guardian of the same run are kept. Error: preflight.
  static Result<Evidence> open(const std::string& run_dir);
  Evidence(Evidence&& other) noexcept;
  Evidence& operator=(Evidence&&) = delete;
  ~Evidence();

  void record(std::string_view type, std::string_view text, std::int64_t a = 0,
              std::int64_t b = 0) noexcept;
  /// The clock that dates the records, instead of the machine's; outlives this.
  void use_clock(const RunClock* clock) noexcept { clock_ = clock; }
  /// Asks the kernel to bring it to the disk; may block, so never between seeing and killing.
  void sync() noexcept;

 private:
  Evidence(UniqueFd fd, EvidenceSlot* slots, std::uint64_t next) noexcept
      : fd_(std::move(fd)), slots_(slots), next_(next) {}

  UniqueFd fd_;
  EvidenceSlot* slots_ = nullptr;  // slots_[-1] is the header
  std::uint64_t next_ = 1;
  const RunClock* clock_ = nullptr;
};

}  // namespace ordeal
