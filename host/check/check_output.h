// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check/runner.h"

namespace ordeal {

/// What the results are about, for all formats.
struct CheckHeader {
  std::string id;
  std::string version;
  std::string manifest;
  std::string library;
  int level = check_levels;
  std::uint64_t seed = 0;
};

/// One result as lines of text, with its reasons and what to do about them.
std::string check_line(const CheckResult& result);
/// The last lines: how many passed, and how to run the failed ones again.
std::string check_summary(const CheckHeader& header, const std::vector<CheckResult>& results);
/// A JSON document, as man page ordeal(1) describes it.
std::string check_json(const CheckHeader& header, const std::vector<CheckResult>& results);
/// JUnit XML: one suite, one test case per result.
std::string check_junit(const CheckHeader& header, const std::vector<CheckResult>& results);
/// The catalogue, for --list.
std::string check_list();

/// Whether any case failed.
bool any_failed(const std::vector<CheckResult>& results);

}  // namespace ordeal
