// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace ordeal {

/// One file of a project to be written.
struct SkeletonFile {
  std::string path;  // relative
  std::string text;
  bool executable = false;
};

/// Reads the files of `layers`, folders of `templates`: a later layer's file replaces an earlier
/// one's. In paths and texts @WORD@ (capitals, digits and '_') becomes what `words` has for it.
/// Error: usage when there are no templates (the SDK is not installed), internal for one that
/// cannot be read or names an unknown word.
Result<std::vector<SkeletonFile>> read_skeleton(const std::string& templates,
                                                const std::vector<std::string>& layers,
                                                const std::map<std::string, std::string>& words);

}  // namespace ordeal
