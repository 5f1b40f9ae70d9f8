// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "document/document.h"

namespace ordeal::reports {

/// Values from `from` to `to`, both in units.
struct Bucket {
  double from = 0;
  double to = 0;
  double count = 0;
};

/// One interval of a series, ready for a line of a .hlog.
struct LogLine {
  double start = 0;    // seconds since 1970
  double seconds = 0;  // length
  double max = 0;      // seconds
  std::string tag;
  std::string compressed;  // base64
};

/// One member of a phase document's `histograms`.
struct Series {
  std::string load;
  std::string kind;
  std::string name;  // latency, service, or a mark's; safe for a file
  double unit_ns = 1;
  std::vector<Bucket> buckets;
  std::vector<LogLine> lines;
};

/// What the document has of them, in its order; what is malformed is left out.
std::vector<Series> read_series(View histograms);

}  // namespace ordeal::reports
