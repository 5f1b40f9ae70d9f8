// SPDX-License-Identifier: Apache-2.0
// What the plugin boundary costs an operation: issue and complete through two shared objects, in C
// and in C++, beside the same work as calls the compiler sees through; and what the engine's worker
// makes of it altogether. In interleaved rounds, medians are printed.
//   plugin_boundary [--rounds N] [--seconds S]
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/reactor.h"
#include "engine/worker.h"
#include "ordeal/abi/entry.h"
#include "ordeal/abi/scenario.h"

using namespace ordeal;

namespace {

double seconds = 0.2;

double cpu_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

const ordeal_host bare_host{
    sizeof(ordeal_host),
    ORDEAL_ABI_MAJOR,
    ORDEAL_ABI_MINOR,
    0,
    nullptr,
    [](const ordeal_host*, ordeal_str) noexcept -> const void* { return nullptr; },
    [](const ordeal_host*, ordeal_str) noexcept {}};

/// A plugin that stays loaded.
struct Plugin {
  explicit Plugin(const char* file) {
    void* library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
    const auto* entry = library == nullptr ? nullptr
                                           : static_cast<const ordeal_plugin_entry_t*>(
                                                 ::dlsym(library, ORDEAL_PLUGIN_ENTRY_SYMBOL));
    if (entry == nullptr) {
      std::fprintf(stderr, "plugin_boundary: %s\n", ::dlerror());
      std::exit(1);
    }
    const std::string kind = ORDEAL_SCENARIO;
    factory =
        static_cast<const ordeal_scenario_factory*>(entry->get_factory({kind.data(), kind.size()}));
  }
  void* create(const ordeal_engine* engine) const {
    void* instance = nullptr;
    factory->create(&bare_host, engine, {"noop", 4}, {"{}", 2}, &instance);
    return instance;
  }
  const ordeal_scenario_factory* factory;
};

/// The least a host does with a completion.
struct Counter {
  ordeal_engine engine{};
  std::uint64_t ok = 0;
  std::uint64_t requests = 0;
  std::uint64_t last = 0;

  Counter() {
    engine.struct_size = sizeof engine;
    engine.self = this;
    engine.complete = [](const ordeal_engine* e, std::uint64_t id,
                         const ordeal_result* result) noexcept {
      static_cast<Counter*>(e->self)->complete(id, *result);
    };
  }
  void complete(std::uint64_t id, const ordeal_result& result) {
    ok += result.outcome == ORDEAL_OUTCOME_OK ? 1 : 0;
    requests += result.requests;
    last = id;
  }
};

/// ns per operation of `issue(op)`.
template <typename Issue>
double cost(Counter& counter, Issue issue) {
  ordeal_op op{};
  op.struct_size = sizeof op;
  const double start = cpu_ns();
  const double end = start + seconds * 1e9;
  double now = start;
  while (now < end) {
    for (int i = 0; i < 10'000; ++i) {
      ++op.id;
      op.intended_ns = op.id;
      issue(op);
      asm volatile("" : : "r"(&counter), "r"(&op) : "memory");  // it happens, and once each
    }
    now = cpu_ns();
  }
  if (counter.ok != op.id || counter.last != op.id) std::printf("LOST OPERATIONS\n");
  return (now - start) / static_cast<double>(op.id);
}

double through(const Plugin& plugin) {
  Counter counter;
  void* instance = plugin.create(&counter.engine);
  const double ns =
      cost(counter, [&](const ordeal_op& op) { plugin.factory->issue(instance, &op); });
  plugin.factory->destroy(instance);
  return ns;
}

double inlined() {
  Counter counter;
  return cost(counter, [&](const ordeal_op& op) {
    ordeal_result result{};
    result.struct_size = sizeof result;
    result.requests = 1;
    counter.complete(op.id, result);
  });
}

/// All that the engine does for a closed-loop operation, the boundary included.
double worker(const Plugin& plugin) {
  const SystemClock clock;
  auto reactor = std::move(Reactor::make()).value();
  Worker worker(*reactor, clock);
  void* instance = plugin.create(worker.engine());
  if (!worker.attach(plugin.factory, instance)) std::exit(1);
  LoadSpec spec;
  spec.start_ns = clock.monotonic_ns();
  spec.duration_ns = static_cast<std::uint64_t>(seconds * 1e9);
  spec.sessions = 8;
  const double start = cpu_ns();
  if (!worker.begin(spec)) std::exit(1);
  while (!worker.finished()) reactor->run_once(10'000'000);
  const double spent = cpu_ns() - start;
  const IntervalFrame frame = worker.swap();
  std::uint64_t count = 0;
  for (const auto& kind : frame.kinds) count += kind.outcomes[ORDEAL_OUTCOME_OK];
  plugin.factory->destroy(instance);
  return spent / static_cast<double>(count);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 9;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
  }
  if (rounds < 1 || !(seconds > 0)) {
    std::fprintf(stderr, "usage: plugin_boundary [--rounds N] [--seconds S]\n");
    return 2;
  }
  const Plugin in_c(BENCH_NOOP_C);
  const Plugin in_cpp(BENCH_NOOP_CPP);
  std::vector<double> direct, c, cpp, whole;
  for (int round = 0; round < rounds; ++round) {
    direct.push_back(inlined());
    c.push_back(through(in_c));
    cpp.push_back(through(in_cpp));
    whole.push_back(worker(in_c));
  }
  const double base = median(direct);
  std::printf("CPU of issue and complete [ns/operation], median of %d\n", rounds);
  std::printf("  inlined                 %7.2f\n", base);
  std::printf("  through a plugin in C   %7.2f   boundary %.2f\n", median(c), median(c) - base);
  std::printf("  through a plugin in C++ %7.2f   boundary %.2f\n", median(cpp), median(cpp) - base);
  std::printf("  the engine's worker     %7.2f   closed load, 8 sessions, everything included\n",
              median(whole));
  return 0;
}
