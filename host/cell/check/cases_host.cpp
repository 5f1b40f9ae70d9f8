// SPDX-License-Identifier: Apache-2.0
#include "cell/check/cases.h"
#include "cell/check/subject.h"
#include "cell/check/use.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

void case_missing_services(const Job& job, Record& record) {
  const Subject subject(job, record);
  std::vector<HostShape> shapes(1);
  shapes[0].no_services = true;
  for (const char* id : {ORDEAL_HOST_LOG, ORDEAL_HOST_CLOCK, ORDEAL_HOST_REACTOR,
                         ORDEAL_HOST_METRICS, ORDEAL_HOST_BUS, ORDEAL_HOST_PROCESS}) {
    HostShape shape;
    shape.withheld.insert(id);
    shapes.push_back(std::move(shape));
  }
  std::string refused;
  for (HostShape& shape : shapes) {
    const std::string which = shape.no_services ? "any service" : *shape.withheld.begin();
    Instance instance(subject, job.subject(), std::move(shape));
    record.at("a life without " + which);
    if (!instance.create(job.config)) {
      refused += (refused.empty() ? "refuses to live without " : ", ") + which;
      continue;
    }
    record.tolerate(true);
    if (instance.describe()) instance.use();
    static_cast<void>(instance.destroy());
    record.tolerate(false);
  }
  record.note(refused.empty() ? "lives without each of them" : refused);
}

void case_newer_host(const Job& job, Record& record) {
  const Subject subject(job, record);
  HostShape shape;
  shape.sizes = Sizes::newer;
  Instance instance(subject, job.subject(), shape);
  if (!instance.create(job.config)) {
    record.fail("it could not be created on a host whose structs are longer: " + instance.reason(),
                "accept any struct_size that is large enough");
    return;
  }
  if (instance.describe()) instance.use();
}

void case_shorter_structs(const Job& job, Record& record) {
  const Subject subject(job, record);
  HostShape shape;
  shape.sizes = Sizes::shorter;
  Instance instance(subject, job.subject(), shape);
  // set_error is one of the functions that are missing, so no text can be asked for.
  record.tolerate(true);
  const bool created = instance.create(job.config);
  if (created && instance.describe()) instance.use();
  if (created) static_cast<void>(instance.destroy());
  record.tolerate(false);
  record.note(created ? "lives without the last function of each table" : "refuses to be created");
}

void case_bounds(const Job& job, Record& record) {
  const Subject subject(job, record);
  HostShape shape;
  shape.sizes = Sizes::exact;
  Instance instance(subject, job.subject(), shape);
  if (!instance.create(guarded_text(job.subject().id), guarded_text(job.config))) {
    record.fail("a config without a NUL behind it is refused: " + instance.reason(),
                "read `len` bytes");
    return;
  }
  if (!instance.describe()) return;
  if (job.subject().kind == "report") {
    for (std::uint32_t stage = ORDEAL_STAGE_READINESS; stage <= ORDEAL_STAGE_CAMPAIGN; ++stage) {
      const std::string document = make_document(stage, 0);
      const Rendered rendered = render_once(instance, stage, guarded_text(document));
      if (rendered.status != ORDEAL_OK)
        record.fail("a document without a NUL behind it is refused: " + rendered.reason,
                    "read `len` bytes");
    }
  } else {
    instance.use();
  }
}

void case_threads(const Job& job, Record& record) {
  const Subject subject(job, record);
  Instance instance(subject, job.subject());
  if (!instance.create(job.config) || !instance.describe()) return;
  instance.use();
  record.at("callbacks of " + instance.name());
  static_cast<void>(instance.host().run_until([] { return false; }, 100'000'000));
  static_cast<void>(instance.destroy());
  for (const Misuse& one : instance.host().misuses())
    if (one.kind == Misuse::Kind::thread)
      record.fail(one.text, "hand over to the worker's thread with reactor.post");
}

void case_overrun(const Job& job, Record& record) {
  constexpr std::uint64_t callback_ns = 100'000'000;
  constexpr std::uint64_t slow_ns = 1'000'000'000;
  const Subject subject(job, record);
  Instance instance(subject, job.subject());
  if (!instance.create(job.config)) return;
  const std::uint64_t create_ns = instance.longest_ns;
  instance.longest_ns = 0;
  if (!instance.describe()) return;
  const std::string& kind = job.subject().kind;
  if (kind == "rule") {
    for (std::uint32_t step = 0; step < 4; ++step)
      static_cast<void>(
          evaluate_once(instance, make_snapshot(instance, job.seed, step, 500, job.config)));
  }
  instance.use();
  const auto text = [](std::uint64_t ns) { return std::to_string(ns / 1'000'000) + " ms"; };
  if (create_ns > slow_ns) record.warn("create took " + text(create_ns));
  if (instance.host().longest_callback_ns() > callback_ns)
    record.fail(instance.host().longest_callback() + " took " +
                    text(instance.host().longest_callback_ns()) + "; 100 ms are allowed",
                "do not block in callbacks; put slow work on a thread of your own");
  const std::uint64_t allowed = kind == "scenario" ? callback_ns
                                : kind == "report" ? 10 * slow_ns
                                                   : slow_ns;
  if (instance.longest_ns > allowed) {
    const std::string what = instance.longest + " took " + text(instance.longest_ns) + "; " +
                             text(allowed) + " are allowed";
    // A collector may be slow: the host then asks it less often.
    if (kind == "collector") {
      record.warn(what, "read less, or in a thread of your own");
    } else {
      record.fail(what, kind == "rule" ? "a rule that misses its deadline stops the phase"
                                       : "do not block: the worker serves every session");
    }
  }
  record.note("longest: " + instance.longest + ", " + std::to_string(instance.longest_ns / 1000) +
              " us");
}

}  // namespace ordeal::check
