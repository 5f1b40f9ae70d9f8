// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

namespace threshold {

bool beyond(Op op, double value, double bound) {
  switch (op) {
    case Op::over:
      return value > bound;
    case Op::at_least:
      return value >= bound;
    case Op::under:
      return value < bound;
    case Op::at_most:
      return value <= bound;
  }
  return false;
}

Settings::Settings(rules::Config& config) {
  watch.metric = config.text("metric", "");
  watch.labels = config.text("labels", "*");
  watch.rate = config.flag("rate", false);
  op = static_cast<Op>(config.choice("op", {">", ">=", "<", "<="}, 0));
  limit = config.amount("limit", 0);
  clear = config.amount("clear", limit);
  window_ns = config.duration("for", 0);
  verdict = config.verdict("verdict", ORDEAL_VERDICT_STOP_PHASE);
  config.choice("stat", {"last"}, 0);
  if (watch.metric.empty()) config.refuse("metric", "missing");
  if (!config.has("limit")) config.refuse("limit", "missing");
  if (clear != limit && beyond(op, clear, limit)) {
    config.refuse("clear", "lies beyond the limit, so that a verdict would end where it begins");
  }
}

}  // namespace threshold
