// SPDX-License-Identifier: Apache-2.0
#include "engine/load_spec.h"

namespace ordeal {

namespace {

template <typename Count>
Count even_share(Count whole, std::uint32_t part, std::uint32_t parts) {
  return static_cast<Count>(whole / parts + (part < whole % parts ? 1 : 0));
}

}  // namespace

void scale_rate(LoadSpec& spec, double share) {
  spec.rate *= share;
  for (RatePiece& piece : spec.rates) {
    piece.from *= share;
    piece.to *= share;
  }
}

LoadSpec part_of(const LoadSpec& spec, std::uint32_t part, std::uint32_t parts) {
  LoadSpec mine = spec;
  if (parts <= 1) return mine;
  mine.sessions = even_share(spec.sessions, part, parts);
  mine.max_operations = even_share(spec.max_operations, part, parts);
  scale_rate(mine, 1.0 / parts);
  // Arrival j of this part is then arrival j * parts + part of the whole.
  mine.first_gap = (spec.first_gap + part) / parts;
  const double width = (spec.deal_to - spec.deal_from) / parts;
  mine.deal_from = spec.deal_from + width * part;
  mine.deal_to = part + 1 == parts ? spec.deal_to : spec.deal_from + width * (part + 1);
  // Any other number of its own: what is drawn from neighbouring seeds has nothing in common.
  mine.seed = spec.seed + (std::uint64_t{part} << 32);
  return mine;
}

}  // namespace ordeal
