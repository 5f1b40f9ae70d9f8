// SPDX-License-Identifier: Apache-2.0
#include "grades.h"

#include <algorithm>

namespace rules {

std::uint32_t Grades::update(double value, std::uint64_t at_ns) {
  for (std::size_t i = 0; i < grades_.size(); ++i) {
    if (!beyond(value, grades_[i].limit)) {
      since_[i] = 0;
      continue;
    }
    if (since_[i] == 0) since_[i] = at_ns;
    if (at_ns - since_[i] < grades_[i].for_ns || grades_[i].verdict <= level_) continue;
    level_ = grades_[i].verdict;
    active_ = i;
  }
  if (value == clear_ || !beyond(value, clear_)) {
    if (good_since_ns_ == 0) good_since_ns_ = at_ns;
    if (at_ns - good_since_ns_ >= clear_for_ns_) level_ = ORDEAL_VERDICT_OK;
  } else {
    good_since_ns_ = 0;
  }
  return level_;
}

bool Grades::clears_beyond_a_limit() const {
  return std::any_of(grades_.begin(), grades_.end(),
                     [this](const Grade& grade) { return beyond(clear_, grade.limit); });
}

}  // namespace rules
