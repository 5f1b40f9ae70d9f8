// SPDX-License-Identifier: Apache-2.0
// The joint between worker and plugin: the table the plugin calls, and what it says about itself.
#include <algorithm>
#include <cstring>
#include <set>

#include "engine/worker_impl.h"

namespace ordeal {

namespace {

constexpr std::uint32_t max_kinds = 64;
constexpr std::uint32_t max_marks = 16;

Error rejected(std::string what, std::string expected) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.expected = std::move(expected);
  return error;
}

Result<std::vector<std::string>> names(const ordeal_str* texts, std::uint32_t count,
                                       std::uint32_t limit, const char* of_what) {
  if (count > limit || (count > 0 && texts == nullptr))
    return rejected("the scenario declares " + std::to_string(count) + " " + of_what,
                    "at most " + std::to_string(limit));
  std::vector<std::string> result;
  std::set<std::string> seen;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (texts[i].ptr == nullptr || texts[i].len == 0 || texts[i].len > 256)
      return rejected(std::string("the scenario declares ") + of_what + " without a usable name",
                      "1 to 256 bytes");
    result.emplace_back(texts[i].ptr, texts[i].len);
    if (!seen.insert(result.back()).second)
      return rejected("the scenario declares '" + result.back() + "' twice among its " + of_what,
                      "different names");
  }
  return result;
}

}  // namespace

Worker::Impl::Impl(Reactor& reactor, const Clock& clock) : reactor_(reactor), clock_(clock) {
  engine_.struct_size = sizeof engine_;
  engine_.self = this;
  engine_.complete = [](const ordeal_engine* engine, std::uint64_t id,
                        const ordeal_result* result) noexcept {
    static_cast<Impl*>(engine->self)->complete(id, result);
  };
  engine_.opened = [](const ordeal_engine* engine, ordeal_session_id session, std::uint32_t outcome,
                      std::int64_t code, const ordeal_mark* marks, std::uint32_t n) noexcept {
    static_cast<Impl*>(engine->self)->opened(session, outcome, code, marks, n);
  };
  engine_.lost = [](const ordeal_engine* engine, ordeal_session_id session, std::uint32_t outcome,
                    std::int64_t code) noexcept {
    static_cast<Impl*>(engine->self)->lost(session, outcome, code);
  };
  engine_.observe = [](const ordeal_engine* engine, ordeal_session_id session, std::uint32_t metric,
                       std::uint64_t value_ns) noexcept {
    static_cast<Impl*>(engine->self)->observe(session, metric, value_ns);
  };
}

Worker::Impl::~Impl() {
  arrival_timer_.cancel();
  deadline_timer_.cancel();
  retry_timer_.cancel();
  start_timer_.cancel();
  end_timer_.cancel();
  drain_timer_.cancel();
  rest_timer_.cancel();
  reactor_.cancel_deferred(this);
}

Result<void> Worker::Impl::attach(const ordeal_scenario_factory* factory, void* instance) {
  if (factory == nullptr || instance == nullptr)
    return rejected("no scenario instance", "what create returned");
  factory_ = {};
  std::memcpy(&factory_, factory, std::min<std::size_t>(factory->struct_size, sizeof factory_));
  if (!factory_.describe || !factory_.open || !factory_.close || !factory_.issue ||
      !factory_.cancel)
    return rejected("the scenario's factory lacks a function",
                    "describe, open, close, issue and cancel");
  ordeal_scenario_info said{};
  said.struct_size = sizeof said;
  if (const std::int32_t status = factory_.describe(instance, &said); status != ORDEAL_OK)
    return rejected("the scenario's describe failed with status " + std::to_string(status), "0");
  auto kinds = names(said.kinds, said.n_kinds, max_kinds, "operation kinds");
  if (!kinds) return std::move(kinds).error();
  if (kinds->empty()) return rejected("the scenario declares no operation kind", "at least one");
  auto marks = names(said.marks, said.n_marks, max_marks, "marks");
  if (!marks) return std::move(marks).error();
  info_.kinds = std::move(kinds).value();
  info_.marks = std::move(marks).value();
  info_.max_in_flight = std::max(1u, said.max_in_flight);
  info_.unit_ns = said.slow != 0 ? 1000 : 1;
  instance_ = instance;
  recorder_ = IntervalRecorder(info_.kinds.size(), info_.marks.size(), info_.unit_ns);
  recorder_.counts().start_ns = clock_.monotonic_ns();
  return {};
}

}  // namespace ordeal
