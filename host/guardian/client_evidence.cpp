// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "guardian/client.h"
#include "guardian/evidence.h"

namespace ordeal {

namespace {

template <std::size_t N>
std::string text_of(const std::array<char, N>& bytes) {
  return std::string(bytes.data(), ::strnlen(bytes.data(), N));
}

}  // namespace

Result<std::vector<EvidenceRecord>> read_evidence(const std::string& run_dir) {
  const std::string path = run_dir + "/" + evidence_file;
  auto bytes = read_file(path, ExitCode::internal);
  if (!bytes) return std::move(bytes).error();
  EvidenceHeader header;
  const EvidenceHeader expected;
  if (bytes->size() >= sizeof header) std::memcpy(&header, bytes->data(), sizeof header);
  if (bytes->size() < sizeof header || header.magic != expected.magic ||
      header.version != expected.version || header.record_size != expected.record_size) {
    Error error;
    error.what = path + " is not guardian evidence of version 1";
    return error;
  }
  std::vector<EvidenceRecord> records;
  for (std::size_t at = sizeof header; at + sizeof(EvidenceSlot) <= bytes->size();
       at += sizeof(EvidenceSlot)) {
    EvidenceSlot slot;
    std::memcpy(&slot, bytes->data() + at, sizeof slot);
    if (slot.seq == 0 || slot.crc != slot_crc(slot)) continue;
    records.push_back({slot.seq, slot.mono_ns, slot.wall_ns, text_of(slot.type), text_of(slot.text),
                       slot.a, slot.b});
  }
  std::sort(records.begin(), records.end(),
            [](const EvidenceRecord& x, const EvidenceRecord& y) { return x.seq < y.seq; });
  return records;
}

}  // namespace ordeal
