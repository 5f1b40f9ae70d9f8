// SPDX-License-Identifier: Apache-2.0
// The built HTTP plugin in this process, driven by the real worker and reactor, through a host that
// offers what ordeal-cell offers. Shared by tests and benches.
#pragma once

#include <dlfcn.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/reactor.h"
#include "engine/worker.h"
#include "ordeal/abi/clock.h"
#include "ordeal/abi/entry.h"
#include "ordeal/abi/log.h"
#include "ordeal/abi/scenario.h"

class HttpDriver {
 public:
  /// Throws std::runtime_error with the plugin's own words when create fails.
  /// With `records`, operations carry these in turn, as with a feeder.
  HttpDriver(const std::string& library, const std::string& config,
             std::vector<std::string> records = {})
      : reactor_(std::move(ordeal::Reactor::make()).value()) {
    host_.struct_size = sizeof host_;
    host_.abi_major = ORDEAL_ABI_MAJOR;
    host_.abi_minor = ORDEAL_ABI_MINOR;
    host_.self = this;
    host_.get_extension = [](const ordeal_host* host, ordeal_str id) noexcept -> const void* {
      const std::string_view wanted(id.ptr, id.len);
      if (wanted == ORDEAL_HOST_REACTOR) return &self(host).reactor_table_;
      if (wanted == ORDEAL_HOST_CLOCK) return &self(host).clock_table_;
      if (wanted == ORDEAL_HOST_LOG) return &self(host).log_table_;
      return nullptr;
    };
    host_.set_error = [](const ordeal_host* host, ordeal_str text) noexcept {
      self(host).error_.assign(text.ptr, text.len);
    };
    // Never closed, as the host never does.
    void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == nullptr) throw std::runtime_error(::dlerror());
    const auto* entry =
        static_cast<const ordeal_plugin_entry_t*>(::dlsym(handle, ORDEAL_PLUGIN_ENTRY_SYMBOL));
    if (entry == nullptr) throw std::runtime_error(::dlerror());
    ordeal_str id{};
    ordeal_str version{};
    if (entry->init(&host_, &id, &version) != ORDEAL_OK) throw std::runtime_error("init failed");
    id_.assign(id.ptr, id.len);
    factory_ = static_cast<const ordeal_scenario_factory*>(
        entry->get_factory({ORDEAL_SCENARIO, sizeof ORDEAL_SCENARIO - 1}));
    if (factory_ == nullptr) throw std::runtime_error("no scenario factory");
    worker_ = std::make_unique<ordeal::Worker>(*reactor_, clock_);
    if (factory_->create(&host_, worker_->engine(), {"http", 4}, {config.data(), config.size()},
                         &instance_) != ORDEAL_OK)
      throw std::runtime_error(error_);
    feed_ = {factory_, std::move(records), 0};
    fed_ = *factory_;
    fed_.issue = [](void* instance, const ordeal_op* op) noexcept {
      const std::string& record = feed_.records[feed_.next++ % feed_.records.size()];
      const_cast<ordeal_op*>(op)->data = {record.data(), record.size()};
      feed_.factory->issue(instance, op);
    };
    if (auto attached = worker_->attach(feed_.records.empty() ? factory_ : &fed_, instance_);
        !attached)
      throw std::runtime_error(attached.error().line());
  }
  ~HttpDriver() {
    if (instance_ != nullptr) factory_->destroy(instance_);
  }
  HttpDriver(const HttpDriver&) = delete;
  HttpDriver& operator=(const HttpDriver&) = delete;

  ordeal::Reactor& reactor() { return *reactor_; }
  ordeal::Worker& worker() { return *worker_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  static std::uint64_t now() { return ordeal::SystemClock().monotonic_ns(); }

  void begin(const ordeal::LoadSpec& spec) {
    if (auto begun = worker_->begin(spec); !begun) throw std::runtime_error(begun.error().line());
  }
  /// Turns the reactor until the phase is over. Throws after `limit_ns`.
  ordeal::IntervalFrame finish(std::uint64_t limit_ns = 60'000'000'000) {
    const std::uint64_t limit = now() + limit_ns;
    while (!worker_->finished()) {
      if (now() > limit) throw std::runtime_error("the phase does not end");
      reactor_->run_once(50'000'000);
    }
    return worker_->swap();
  }
  ordeal::IntervalFrame run(const ordeal::LoadSpec& spec) {
    begin(spec);
    return finish();
  }
  void turn_for(std::uint64_t ns) {
    const std::uint64_t limit = now() + ns;
    while (now() < limit) reactor_->run_once(limit - now());
  }

 private:
  struct Feed {
    const ordeal_scenario_factory* factory;
    std::vector<std::string> records;
    std::size_t next;
  };
  static inline Feed feed_{};  // of the driver made last: the plugin's functions know no other

  static HttpDriver& self(const ordeal_host* host) { return *static_cast<HttpDriver*>(host->self); }

  ordeal_host_reactor reactor_table_{
      sizeof(ordeal_host_reactor),
      0,
      [](const ordeal_host* host, std::int32_t fd, std::uint32_t events, ordeal_io_fn fn,
         void* user, std::uint64_t* watch) noexcept {
        return self(host).reactor_->watch(fd, events, fn, user, watch);
      },
      [](const ordeal_host* host, std::uint64_t watch, std::uint32_t events) noexcept {
        return self(host).reactor_->rewatch(watch, events);
      },
      [](const ordeal_host* host, std::uint64_t watch) noexcept {
        return self(host).reactor_->unwatch(watch);
      },
      [](const ordeal_host* host, std::uint64_t at, ordeal_task_fn fn, void* user,
         std::uint64_t* timer) noexcept { return self(host).reactor_->timer(at, fn, user, timer); },
      [](const ordeal_host* host, std::uint64_t timer) noexcept {
        return self(host).reactor_->cancel_timer(timer);
      },
      [](const ordeal_host* host, ordeal_task_fn fn, void* user) noexcept {
        return self(host).reactor_->post(fn, user);
      }};
  ordeal_host_clock clock_table_{
      sizeof(ordeal_host_clock), 0,
      [](const ordeal_host* host) noexcept { return self(host).clock_.monotonic_ns(); },
      [](const ordeal_host* host) noexcept { return self(host).clock_.wall_ns(); }};
  ordeal_host_log log_table_{sizeof(ordeal_host_log), 0,
                             [](const ordeal_host* host, std::uint32_t, ordeal_str line) noexcept {
                               self(host).lines_.emplace_back(line.ptr, line.len);
                             }};

  ordeal_host host_{};
  ordeal::SystemClock clock_;
  std::unique_ptr<ordeal::Reactor> reactor_;
  std::unique_ptr<ordeal::Worker> worker_;
  const ordeal_scenario_factory* factory_ = nullptr;
  ordeal_scenario_factory fed_{};
  void* instance_ = nullptr;
  std::string id_;
  std::string error_;
  std::vector<std::string> lines_;
};
