// SPDX-License-Identifier: Apache-2.0
// How rows and histograms lie in their blobs. Internal to host/journal.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/histogram.h"
#include "base/result.h"
#include "journal/journal.h"

namespace ordeal::journal {

/// All of a row: a version byte, then its numbers in the order of SeriesRow as LEB128 (7 bits a
/// byte, lowest first; the phase zigzagged), since most of them are small or zero. About 50 bytes.
std::vector<std::byte> pack_row(const SeriesRow& row);
/// Error: internal, the blob is damaged.
Result<SeriesRow> unpack_row(std::span<const std::byte> blob);

/// Histogram::encode() deflated, after the length it had (LEB128).
Result<std::vector<std::byte>> pack_histogram(const Histogram& histogram);
/// Error: internal, the blob is damaged.
Result<Histogram> unpack_histogram(std::span<const std::byte> blob);

}  // namespace ordeal::journal
