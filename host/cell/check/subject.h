// SPDX-License-Identifier: Apache-2.0
// The plugin under test, loaded as a cell loads it, and one instance of one of its components.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cell/check/check_engine.h"
#include "cell/check/check_host.h"
#include "cell/check/heap.h"
#include "cell/check/job.h"
#include "cell/check/record.h"
#include "ordeal/abi/collector.h"
#include "ordeal/abi/entry.h"
#include "ordeal/abi/report.h"
#include "ordeal/abi/rule.h"

namespace ordeal::check {

/// Thrown to end a case that cannot go on; the reason has been recorded.
struct CaseOver {};

/// A library that was loaded and whose init has succeeded.
class Subject {
 public:
  /// Loads and initialises; records a failure and throws CaseOver when that does not work.
  Subject(const Job& job, Record& record);

  [[nodiscard]] const Job& job() const { return job_; }
  [[nodiscard]] Record& record() const { return record_; }
  [[nodiscard]] const ordeal_plugin_entry_t* entry() const { return plugin_->entry(); }
  /// What init said.
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& version() const { return version_; }
  /// The factory of a kind ("scenario"), or NULL.
  [[nodiscard]] const void* factory(std::string_view kind) const;
  void deinit();
  void init();

 private:
  const Job& job_;
  Record& record_;
  std::unique_ptr<LoadedPlugin> plugin_;
  CheckHost* host_;
  std::string id_;
  std::string version_;
};

/// "ordeal.scenario/1" for "scenario".
std::string factory_id(std::string_view kind);

/// One instance of the job's component (or of another), with a host of its own.
class Instance {
 public:
  Instance(const Subject& subject, const ComponentInfo& component, HostShape shape = {});
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  /// Calls create with exactly these bytes. Records what breaks the contract whatever the config:
  /// an unknown status, an error without text, success without an instance. True: it was created.
  bool create(std::string_view config);
  /// With another component name than the manifest's.
  bool create(std::string_view component, std::string_view config);
  /// Does not ask for a text: when memory has run out there may be none.
  bool create_when_starved(std::string_view config);
  [[nodiscard]] std::int32_t status() const { return status_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }

  /// Scenarios and collectors: what it declares. Records a failure; true for the other kinds.
  bool describe();
  /// Does a little of everything an instance of its kind is there for.
  void use();
  /// Returns how long it took.
  std::uint64_t destroy();
  /// Forgets the instance: its end is another case's matter.
  void abandon() { instance_ = nullptr; }
  /// Watches and timers that destroy has left behind.
  std::size_t left_watches = 0;
  std::size_t left_timers = 0;

  [[nodiscard]] bool alive() const { return instance_ != nullptr; }
  [[nodiscard]] void* get() const { return instance_; }
  [[nodiscard]] CheckHost& host() { return *host_; }
  [[nodiscard]] CheckEngine& engine() { return *engine_; }
  [[nodiscard]] Record& record() const { return subject_.record(); }
  [[nodiscard]] const Job& job() const { return subject_.job(); }
  [[nodiscard]] const ComponentInfo& component() const { return component_; }
  [[nodiscard]] Sizes sizes() const { return host_->shape().sizes; }
  [[nodiscard]] const ordeal_scenario_info& info() const { return info_; }
  [[nodiscard]] std::string name() const { return component_.kind + " '" + component_.id + "'"; }

  [[nodiscard]] const ordeal_scenario_factory& scenario() const;
  [[nodiscard]] const ordeal_collector_factory& collector() const;
  [[nodiscard]] const ordeal_rule_factory& rule() const;
  [[nodiscard]] const ordeal_report_factory& report() const;

  /// Declared metrics of a collector.
  std::vector<ordeal_metric_info> metrics;
  /// Longest call of the plugin so far, callbacks apart, and which.
  std::uint64_t longest_ns = 0;
  std::string longest;
  /// Runs one call of the plugin: named in the record, timed.
  template <class Call>
  auto call(const char* function, Call&& body) {
    record().at(std::string(function) + " of " + name());
    Timed timed(*this, function);
    if (!starved_calls) return body();
    const HeapResume resume;
    return body();
  }
  /// The calls are made within a HeapPause that must not hold for the plugin.
  bool starved_calls = false;

 private:
  struct Timed {
    Timed(Instance& in, const char* function) : self(in), name(function) { self.watch_.start(); }
    ~Timed() {
      const std::uint64_t took = self.watch_.stop();
      if (took <= self.longest_ns) return;
      self.longest_ns = took;
      self.longest = name;
    }
    Instance& self;
    const char* name;
  };
  std::int32_t raw_create(ordeal_str component, ordeal_str config);

  const Subject& subject_;
  const ComponentInfo& component_;
  const void* factory_ = nullptr;
  CheckHost* host_;  // both live as long as the process; see CheckHost
  CheckEngine* engine_;
  void* instance_ = nullptr;
  std::int32_t status_ = 0;
  std::string reason_;
  ordeal_scenario_info info_{};
  Stopwatch watch_;
};

/// A config with which the job's component can be created: the job's own, or made from its schema.
/// Records a failure and throws CaseOver when none is accepted.
std::string working_config(const Subject& subject);

}  // namespace ordeal::check
