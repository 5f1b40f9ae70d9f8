// SPDX-License-Identifier: Apache-2.0
#include "document/file_name.h"

#include <algorithm>
#include <cmath>
#include <ordeal/component.hpp>

namespace ordeal::reports {

std::string file_safe(std::string_view name, std::size_t longest) {
  std::string safe(name.substr(0, longest));
  std::replace_if(
      safe.begin(), safe.end(),
      [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        return !letter && !digit && c != '-' && c != '.' && c != '_';
      },
      '_');
  if (safe.empty() || safe.front() == '.') safe.insert(0, 1, '_');
  return safe;
}

std::string phase_number(View info) {
  const double index = info["index"].number(-1);
  if (index < 0 || index > 1e6 || index != std::floor(index))
    throw Failure(ORDEAL_E_INVALID, "the phase document has no phase_info.index");
  return std::to_string(static_cast<long>(index) + 1);
}

}  // namespace ordeal::reports
