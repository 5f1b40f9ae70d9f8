// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "demo/options.h"
#include "demo/server.h"

namespace {

using namespace ordeal;

int fail(const Error& error) {
  std::fprintf(stderr, "ordeal-demo-target: %s\n", error.line().c_str());
  return static_cast<int>(error.code);
}

/// As many descriptors as are allowed without asking: each client takes one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int serve(const demo::Options& options) {
  raise_descriptor_limit();
  const SystemClock clock;
  demo::Server server(options, clock);
  const Result<std::uint16_t> port = server.listen();
  if (!port) return fail(port.error());
  if (!options.pid_file.empty()) {
    auto written = write_file(options.pid_file, std::to_string(getpid()) + "\n", false);
    if (!written) {
      written.error().code = ExitCode::preflight;
      return fail(std::move(written.error()).within("writing --pid-file"));
    }
  }
  std::printf("listening on http://127.0.0.1:%u\n", static_cast<unsigned>(*port));
  std::fflush(stdout);
  const Result<demo::Server::Ended> ended = server.run();
  if (!options.pid_file.empty()) unlink(options.pid_file.c_str());
  if (!ended) return fail(ended.error());
  if (*ended == demo::Server::Ended::lifetime)
    std::fprintf(stderr, "ordeal-demo-target: ended after --max-lifetime %s\n",
                 format_duration(options.max_lifetime).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Result<demo::Options> options = demo::parse_options(
      std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)));
  if (!options) return fail(options.error());
  if (options->help) {
    const auto text = demo::help_text();
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
  }
  return serve(*options);
}
