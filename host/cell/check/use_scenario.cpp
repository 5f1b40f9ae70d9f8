// SPDX-License-Identifier: Apache-2.0
#include "cell/check/use.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

namespace {

constexpr std::uint64_t second = 1'000'000'000;

bool valid_names(Instance& instance, const char* what, const ordeal_str* names, std::uint32_t n,
                 std::uint32_t most) {
  if (n > most) {
    instance.record().fail("describe declares " + std::to_string(n) + " " + what + "s; at most " +
                           std::to_string(most) + " are allowed");
    return false;
  }
  if (n > 0 && names == nullptr) {
    instance.record().fail(std::string("describe says it has ") + what + "s, but names none");
    return false;
  }
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto name = abi::view(names[i]);
    bool plain = !name.empty() && name.size() <= 64;
    for (const char c : name)
      plain = plain && static_cast<unsigned char>(c) > 0x20 && c != '"' && c != 0x7f;
    if (!plain)
      instance.record().fail(std::string("describe: the ") + what + " '" + std::string(name) +
                             "' is no name: 1 to 64 visible characters");
    for (std::uint32_t j = 0; j < i; ++j)
      if (abi::view(names[j]) == name)
        instance.record().fail(std::string("describe: the ") + what + " '" + std::string(name) +
                               "' is declared twice");
  }
  return true;
}

}  // namespace

bool describe_scenario(Instance& instance, ordeal_scenario_info& info) {
  auto* const theirs = guarded_struct(ordeal_scenario_info{}, instance.sizes());
  // A newer host's struct comes zeroed; what we do not know of it is not to be judged.
  const std::uint32_t size = theirs->struct_size;
  std::memset(reinterpret_cast<unsigned char*>(theirs) + 4, 0, size - 4);
  const std::int32_t status = instance.call(
      "describe", [&] { return instance.scenario().describe(instance.get(), theirs); });
  info = abi::read(theirs);
  if (status != ORDEAL_OK) {
    instance.record().fail("describe returned " + std::to_string(status) + ": " +
                           instance.host().take_error());
    return false;
  }
  if (info.n_kinds == 0) {
    instance.record().fail("describe declares no operation kind");
    return false;
  }
  if (info.max_in_flight == 0)
    instance.record().fail("describe: max_in_flight is 0, so no operation could be issued");
  const bool ok = valid_names(instance, "kind", info.kinds, info.n_kinds, 64) &&
                  valid_names(instance, "mark", info.marks, info.n_marks, 16);
  instance.engine().declared(info.n_marks);
  return ok;
}

bool open_session(Instance& instance, ordeal_session_id session) {
  CheckEngine& engine = instance.engine();
  engine.opening(session);
  const std::int32_t status =
      instance.call("open", [&] { return instance.scenario().open(instance.get(), session); });
  if (status != ORDEAL_OK) {
    engine.closed(session);
    return false;
  }
  instance.record().at("the callbacks of an open of " + instance.name());
  static_cast<void>(instance.host().run_until(
      [&] { return engine.session(session) != CheckEngine::Session::opening; }, 2 * second));
  return engine.session(session) == CheckEngine::Session::open;
}

void use_scenario(Instance& instance) {
  const auto& functions = instance.scenario();
  CheckEngine& engine = instance.engine();
  const auto close = [&](ordeal_session_id session, std::uint32_t how) {
    instance.call("close", [&] { functions.close(instance.get(), session, how); });
    engine.closed(session);
  };
  for (ordeal_session_id session = 0; session < 2; ++session) {
    if (!open_session(instance, session)) {
      // The engine does not close what was never open, unless it is still opening.
      if (engine.session(session) == CheckEngine::Session::opening)
        close(session, ORDEAL_CLOSE_ORDERLY);
      continue;
    }
    for (std::uint32_t kind = 0; kind < instance.info().n_kinds; ++kind) {
      if (engine.session(session) != CheckEngine::Session::open) break;
      const ordeal_op* op =
          engine.issue(session, kind, Stopwatch::now_ns() + 5 * second, instance.sizes());
      const std::uint64_t id = op->id;
      instance.call("issue", [&] { functions.issue(instance.get(), op); });
      instance.record().at("the callbacks of an issue of " + instance.name());
      if (!instance.host().run_until([&] { return engine.completed(id); }, second / 2)) {
        engine.cancel(id);
        instance.call("cancel", [&] { functions.cancel(instance.get(), id); });
      }
    }
    if (engine.session(session) == CheckEngine::Session::open) {
      const ordeal_op* op =
          engine.issue(session, 0, Stopwatch::now_ns() + 5 * second, instance.sizes());
      const std::uint64_t id = op->id;
      instance.call("issue", [&] { functions.issue(instance.get(), op); });
      if (!engine.completed(id)) {
        engine.cancel(id);
        instance.call("cancel", [&] { functions.cancel(instance.get(), id); });
        instance.record().at("the callbacks after a cancel of " + instance.name());
        static_cast<void>(instance.host().run_until([] { return false; }, second / 20));
      }
    }
    if (engine.session(session) == CheckEngine::Session::open)
      close(session, session == 0 ? ORDEAL_CLOSE_ORDERLY : ORDEAL_CLOSE_ABRUPT);
  }
  if (abi::read(&functions).drain != nullptr)
    instance.call("drain", [&] { functions.drain(instance.get(), Stopwatch::now_ns()); });
}

}  // namespace ordeal::check
