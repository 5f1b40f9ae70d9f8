// SPDX-License-Identifier: Apache-2.0
#include "engine/worker.h"

#include "engine/feeder.h"
#include "engine/worker_impl.h"

namespace ordeal {

Worker::Worker(Reactor& reactor, const Clock& clock)
    : impl_(std::make_unique<Impl>(reactor, clock)) {}
Worker::~Worker() = default;

const ordeal_engine* Worker::engine() const { return impl_->engine(); }
Result<void> Worker::attach(const ordeal_scenario_factory* factory, void* instance) {
  return impl_->attach(factory, instance);
}
const Worker::Info& Worker::info() const { return impl_->info(); }
void Worker::feed(std::unique_ptr<Feeder> feeder) { impl_->feed(std::move(feeder)); }
void Worker::keep(SharedProgress progress) { impl_->keep(std::move(progress)); }
Result<void> Worker::begin(const LoadSpec& spec) { return impl_->begin(spec); }
void Worker::throttle(double factor) { impl_->throttle(factor); }
void Worker::stop(std::uint64_t drain_ns) { impl_->stop(drain_ns); }
bool Worker::finished() const { return impl_->finished(); }
void Worker::on_finished(std::function<void()> fn) { impl_->on_finished(std::move(fn)); }
IntervalFrame Worker::swap() { return impl_->swap(); }

}  // namespace ordeal
