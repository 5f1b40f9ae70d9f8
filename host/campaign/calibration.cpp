// SPDX-License-Identifier: Apache-2.0
#include "campaign/calibration.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "base/unique_fd.h"

namespace ordeal {

namespace {

constexpr std::uint64_t budget_ns = 300'000'000;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/// The first sample warms caches up and does not count.
Calibration summary(const char* name, std::vector<double> values) {
  Calibration result;
  result.name = name;
  result.unit = "seconds";
  if (values.size() > 1) values.erase(values.begin());
  result.samples = static_cast<std::uint32_t>(values.size());
  if (values.empty()) return result;
  result.median = median(values);
  std::vector<double> deviations;
  double sum = 0;
  double squares = 0;
  for (const double v : values) {
    deviations.push_back(std::abs(v - result.median));
    sum += v;
    squares += v * v;
  }
  result.mad = median(deviations);
  const double n = static_cast<double>(values.size());
  const double mean = sum / n;
  if (mean > 0) result.cv = std::sqrt(std::max(0.0, squares / n - mean * mean)) / mean;
  return result;
}

template <typename Once>
std::vector<double> repeat(const Clock& clock, std::size_t times, Once once) {
  std::vector<double> values;
  const std::uint64_t end = clock.monotonic_ns() + budget_ns;
  while (values.size() < times && clock.monotonic_ns() < end) {
    const double value = once();
    if (value < 0) break;
    values.push_back(value);
  }
  return values;
}

double since(const Clock& clock, std::uint64_t start) {
  return static_cast<double>(clock.monotonic_ns() - start) / 1e9;
}

}  // namespace

Calibration calibrate_cpu(const Clock& clock) {
  volatile std::uint64_t sink = 0;
  return summary("cpu_fixed_work", repeat(clock, 11, [&] {
                   const std::uint64_t start = clock.monotonic_ns();
                   std::uint64_t x = 88172645463325252u;
                   for (int i = 0; i < 2'000'000; ++i) {  // xorshift64
                     x ^= x << 13;
                     x ^= x >> 7;
                     x ^= x << 17;
                   }
                   sink = x;
                   return since(clock, start);
                 }));
}

Calibration calibrate_timer(const Clock& clock) {
  return summary("timer_lateness", repeat(clock, 101, [&] {
                   const std::uint64_t start = clock.monotonic_ns();
                   const timespec wait{0, 1'000'000};
                   ::nanosleep(&wait, nullptr);
                   return std::max(0.0, since(clock, start) - 0.001);
                 }));
}

Calibration calibrate_fsync(const Clock& clock, const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  std::vector<char> block(4096, 'x');
  return summary("fdatasync_4k", repeat(clock, 51, [&] {
                   const std::uint64_t start = clock.monotonic_ns();
                   if (!fd || ::pwrite(fd.get(), block.data(), block.size(), 0) < 0 ||
                       ::fdatasync(fd.get()) != 0)
                     return -1.0;
                   return since(clock, start);
                 }));
}

Calibration calibrate_loopback(const Clock& clock) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(listener.get(), raw, size) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), raw, &size) != 0 || ::connect(client.get(), raw, size) != 0)
    return summary("loopback_round_trip", {});
  const UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const int on = 1;
  ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(server.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return summary("loopback_round_trip", repeat(clock, 1001, [&] {
                   char byte = 'x';
                   const std::uint64_t start = clock.monotonic_ns();
                   if (::write(client.get(), &byte, 1) != 1 ||
                       ::read(server.get(), &byte, 1) != 1 ||
                       ::write(server.get(), &byte, 1) != 1 || ::read(client.get(), &byte, 1) != 1)
                     return -1.0;
                   return since(clock, start);
                 }));
}

}  // namespace ordeal
