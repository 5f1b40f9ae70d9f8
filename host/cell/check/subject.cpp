// SPDX-License-Identifier: Apache-2.0
#include "cell/check/subject.h"

#include <vector>

#include "cell/check/heap.h"
#include "cell/check/schema_values.h"
#include "cell/check/use.h"
#include "ordeal/host.hpp"

namespace ordeal::check {

namespace {

std::string text_of(ordeal_str text) {
  return text.ptr == nullptr ? std::string() : std::string(text.ptr, text.len);
}

/// Keeps what outlives its instance reachable, so that a leak checker does not take it for lost.
template <class T>
T* kept(T* object) {
  static auto* const all = new std::vector<T*>;
  all->push_back(object);
  return object;
}

}  // namespace

std::string factory_id(std::string_view kind) { return "ordeal." + std::string(kind) + "/1"; }

Subject::Subject(const Job& job, Record& record)
    : job_(job), record_(record), host_(kept(new CheckHost(HostShape{}))) {
  record.at("loading the library");
  auto loaded = load_plugin(job.plugin);
  if (!loaded) {
    record.fail(loaded.error().line());
    throw CaseOver();
  }
  plugin_ = std::move(*loaded);
  init();
}

void Subject::init() {
  record_.at("init");
  ordeal_str id{};
  ordeal_str version{};
  const std::int32_t status = entry()->init(host_->handle(), &id, &version);
  if (status != ORDEAL_OK) {
    const std::string reason = host_->take_error();
    record_.fail("init returned " + std::to_string(status) + ": " +
                 (reason.empty() ? "no reason was given" : reason));
    throw CaseOver();
  }
  id_ = text_of(id);
  version_ = text_of(version);
}

void Subject::deinit() {
  record_.at("deinit");
  entry()->deinit();
}

const void* Subject::factory(std::string_view kind) const {
  const std::string id = factory_id(kind);
  record_.at("get_factory of " + id);
  return entry()->get_factory(abi::str(id));
}

Instance::Instance(const Subject& subject, const ComponentInfo& component, HostShape shape)
    : subject_(subject),
      component_(component),
      factory_(subject.factory(component.kind)),
      host_(nullptr),
      engine_(nullptr) {
  {
    const HeapPause pause;
    host_ = kept(new CheckHost(std::move(shape)));
    engine_ = kept(new CheckEngine(*host_, host_->shape().sizes));
  }
  if (factory_ == nullptr) {
    record().fail("it has no factory for " + factory_id(component.kind));
    throw CaseOver();
  }
}

Instance::~Instance() {
  if (alive()) static_cast<void>(destroy());
}

const ordeal_scenario_factory& Instance::scenario() const {
  return *static_cast<const ordeal_scenario_factory*>(factory_);
}
const ordeal_collector_factory& Instance::collector() const {
  return *static_cast<const ordeal_collector_factory*>(factory_);
}
const ordeal_rule_factory& Instance::rule() const {
  return *static_cast<const ordeal_rule_factory*>(factory_);
}
const ordeal_report_factory& Instance::report() const {
  return *static_cast<const ordeal_report_factory*>(factory_);
}

std::int32_t Instance::raw_create(ordeal_str component, ordeal_str config) {
  const ordeal_host* host = host_->handle();
  if (component_.kind == "scenario")
    return scenario().create(host, engine_->handle(), component, config, &instance_);
  if (component_.kind == "collector")
    return collector().create(host, component, config, &instance_);
  if (component_.kind == "rule") return rule().create(host, component, config, &instance_);
  return report().create(host, component, config, &instance_);
}

bool Instance::create_when_starved(std::string_view config) {
  instance_ = nullptr;
  status_ = raw_create(abi::str(component_.id), abi::str(config));
  if (status_ != ORDEAL_OK) instance_ = nullptr;
  return status_ == ORDEAL_OK;
}

bool Instance::create(std::string_view config) { return create(component_.id, config); }

bool Instance::create(std::string_view component, std::string_view config) {
  const std::string with =
      " (config " + std::string(config.substr(0, 200)) + (config.size() > 200 ? "...)" : ")");
  record().at("create of " + component_.kind + " '" + std::string(component) + "'" + with);
  instance_ = nullptr;
  static_cast<void>(host_->take_error());
  watch_.start();
  status_ = raw_create(abi::str(component), abi::str(config));
  const std::uint64_t took = watch_.stop();
  if (took > longest_ns) {
    longest_ns = took;
    longest = "create";
  }
  reason_ = host_->take_error();
  if (status_ == ORDEAL_OK) {
    if (instance_ == nullptr)
      record().fail("create returned ORDEAL_OK without an instance" + with,
                    "set *instance before returning ORDEAL_OK");
    return instance_ != nullptr;
  }
  instance_ = nullptr;
  if (status_ > 0 || status_ < ORDEAL_E_INTERNAL)
    record().fail("create returned " + std::to_string(status_) + ", which is no status" + with,
                  "return one of ORDEAL_E_*");
  if (reason_.empty())
    record().fail("create refused without saying why" + with,
                  "call set_error before returning an error");
  return false;
}

bool Instance::describe() {
  if (component_.kind == "scenario") return describe_scenario(*this, info_);
  if (component_.kind == "collector") return describe_collector(*this);
  return true;
}

void Instance::use() {
  if (component_.kind == "scenario") use_scenario(*this);
  if (component_.kind == "collector") use_collector(*this);
  if (component_.kind == "rule") use_rule(*this);
  if (component_.kind == "report") use_report(*this);
}

std::uint64_t Instance::destroy() {
  record().at("destroy of " + name());
  host_->closing();
  void* const instance = instance_;
  instance_ = nullptr;
  Stopwatch watch;
  watch.start();
  if (component_.kind == "scenario") scenario().destroy(instance);
  if (component_.kind == "collector") collector().destroy(instance);
  if (component_.kind == "rule") rule().destroy(instance);
  if (component_.kind == "report") report().destroy(instance);
  const std::uint64_t took = watch.stop();
  left_watches = host_->watches();
  left_timers = host_->timers();
  host_->gone();
  return took;
}

std::string working_config(const Subject& subject) {
  const Job& job = subject.job();
  Record& record = subject.record();
  const ComponentInfo& component = job.subject();
  std::string reason = "no config could be made from its schema";
  for (const std::string& config : candidate_configs(job)) {
    Instance instance(subject, component);
    if (instance.create(config)) {
      instance.abandon();
      record.data("config", config);
      return config;
    }
    reason = instance.reason();
    if (!job.config.empty()) break;  // the author's own: nothing else is tried
  }
  record.fail("no instance could be created: " + reason,
              job.config.empty() ? "give a config that works with --config FILE, or name values in "
                                   "the config_schema's \"examples\""
                                 : "correct the config given");
  throw CaseOver();
}

}  // namespace ordeal::check
