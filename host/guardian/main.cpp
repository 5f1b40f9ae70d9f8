// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdio>

#include "guardian/guardian.h"

int main(int argc, char** argv) {
  auto options = ordeal::parse_options(argc, argv);
  if (!options) {
    std::fprintf(stderr, "ordeal-guardian: %s\n", options.error().line().c_str());
    return static_cast<int>(options.error().code);
  }
  auto guardian = ordeal::Guardian::arm(*options);
  if (!guardian) {
    std::fprintf(stderr, "ordeal-guardian: %s\n", guardian.error().line().c_str());
    return static_cast<int>(guardian.error().code);
  }
  return (*guardian)->run();
}
