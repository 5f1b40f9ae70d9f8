// SPDX-License-Identifier: Apache-2.0
#include "cell/check/cases.h"
#include "cell/check/subject.h"
#include "cell/check/use.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

namespace {

constexpr std::uint64_t most_destroy_ns = 1'000'000'000;

/// A run that is ended in a hurry destroys a scenario with an operation in flight.
bool make_busy(Instance& instance) {
  if (instance.component().kind != "scenario") return false;
  if (!open_session(instance, 0)) return true;
  const ordeal_op* op =
      instance.engine().issue(0, 0, Stopwatch::now_ns() + 1'000'000'000, instance.sizes());
  instance.call("issue", [&] { instance.scenario().issue(instance.get(), op); });
  return true;
}

}  // namespace

void case_create(const Job& job, Record& record) {
  const Subject subject(job, record);
  const std::string config = working_config(subject);
  record.note("with " + (config.size() > 120 ? config.substr(0, 120) + "..." : config));
}

void case_describe(const Job& job, Record& record) {
  const Subject subject(job, record);
  Instance instance(subject, job.subject());
  if (instance.create(job.config) && instance.describe()) {
    const auto& info = instance.info();
    record.note(job.subject().kind == "scenario"
                    ? std::to_string(info.n_kinds) + " kinds, " + std::to_string(info.n_marks) +
                          " marks, " + std::to_string(info.max_in_flight) + " in flight"
                    : std::to_string(instance.metrics.size()) + " metrics");
  }
  instance.abandon();
}

void case_use(const Job& job, Record& record) {
  const Subject subject(job, record);
  Instance instance(subject, job.subject());
  if (instance.create(job.config) && instance.describe()) instance.use();
  for (const Misuse& one : instance.host().misuses())
    if (one.kind == Misuse::Kind::argument)
      record.fail(one.text, "the header of that service says what it takes");
  instance.abandon();
}

void case_destroy(const Job& job, Record& record) {
  const Subject subject(job, record);
  enum class Before { fresh, used, busy };
  for (const Before before : {Before::fresh, Before::used, Before::busy}) {
    Instance instance(subject, job.subject());
    if (!instance.create(job.config)) return;
    if (!instance.describe()) return;
    if (before == Before::used) instance.use();
    if (before == Before::busy && !make_busy(instance)) continue;
    const std::uint64_t took = instance.destroy();
    if (took > most_destroy_ns)
      record.fail("destroy took " + std::to_string(took / 1'000'000) + " ms",
                  "end threads and close connections at once: a run that is stopped waits for it");
    if (instance.left_watches + instance.left_timers > 0)
      record.fail("destroy left " + std::to_string(instance.left_watches) + " watches and " +
                      std::to_string(instance.left_timers) + " timers behind",
                  "unwatch and cancel_timer before destroy returns: their callbacks would reach an "
                  "object that is gone");
    // Whoever still calls has had time enough to show it.
    record.at("the time after destroy of " + instance.name());
    timespec pause{0, 50'000'000};
    ::nanosleep(&pause, nullptr);
    for (const Misuse& one : instance.host().misuses())
      if (one.kind == Misuse::Kind::after_destroy)
        record.fail(one.text, "stop and join threads in destroy");
  }
}

void case_unknown_component(const Job& job, Record& record) {
  const Subject subject(job, record);
  const std::string id = job.subject().id;
  for (const std::string& name : {std::string("no-such-component"), id + "x", std::string(),
                                  id.substr(0, id.size() - 1), id + std::string(1, '\0')}) {
    bool declared = false;
    for (const ComponentInfo& one : job.components)
      declared = declared || (one.id == name && one.kind == job.subject().kind);
    if (declared) continue;
    Instance instance(subject, job.subject());
    if (!instance.create(name, job.config)) continue;
    record.fail("create made a component '" + name + "', which the manifest does not declare",
                "compare the whole component id, its length included, and return "
                "ORDEAL_E_NOT_FOUND");
    instance.abandon();
  }
}

void case_two_instances(const Job& job, Record& record) {
  const Subject subject(job, record);
  Instance second(subject, job.subject());
  {
    Instance first(subject, job.subject());
    if (!first.create(job.config) || !second.create(job.config)) {
      record.fail(
          "a second instance could not be created while the first lives: " + second.reason(),
          "keep nothing in globals: a campaign may use a component several times");
      return;
    }
    if (first.get() == second.get())
      record.fail("two instances are one and the same object",
                  "keep what belongs to an instance in the instance");
    if (!first.describe() || !second.describe()) return;
    first.use();
  }
  second.use();
}

void case_lifecycle(const Job& job, Record& record) {
  Subject subject(job, record);
  for (int i = 0; i < 3; ++i) {
    if (i > 0) subject.init();
    {
      Instance instance(subject, job.subject());
      if (!instance.create(job.config)) {
        record.fail("after " + std::to_string(i) + " rounds of deinit and init it could not be " +
                    "created: " + instance.reason());
        return;
      }
      if (!instance.describe()) return;
      instance.use();
    }
    subject.deinit();
  }
  record.at("the end of the process, where destructors of static objects run");
}

}  // namespace ordeal::check
