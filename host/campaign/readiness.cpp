// SPDX-License-Identifier: Apache-2.0
#include "campaign/readiness.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/files.h"
#include "base/unique_fd.h"
#include "campaign/local_ports.h"

namespace ordeal {

namespace {

constexpr double mib = 1024.0 * 1024.0;
constexpr std::chrono::seconds connect_limit{2};

/// "" when a TCP connection could be made, else why not.
std::string try_connect(const HostPort& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int e = ::getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &list); e != 0)
    return ::gai_strerror(e);
  // All addresses together have the limit.
  const auto end = std::chrono::steady_clock::now() + connect_limit;
  std::string why = "no address";
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    const UniqueFd fd(
        ::socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol));
    if (!fd) continue;
    int error = 0;
    if (::connect(fd.get(), a->ai_addr, a->ai_addrlen) != 0) {
      error = errno;
      if (error == EINPROGRESS) {
        pollfd p{fd.get(), POLLOUT, 0};
        socklen_t size = sizeof error;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        if (::poll(&p, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) != 1)
          error = ETIMEDOUT;
        else
          ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      }
    }
    if (error == 0) {
      ::freeaddrinfo(list);
      return "";
    }
    why = std::strerror(error);
  }
  ::freeaddrinfo(list);
  return why;
}

ReadinessCheck target_check(const std::string& url) {
  ReadinessCheck check;
  check.name = "target";
  auto target = target_address(url);
  const std::string why = target ? try_connect(*target) : target.error().line();
  check.ok = why.empty();
  check.value = check.ok ? 1 : 0;
  check.limit = 1;
  check.detail = check.ok ? url + " accepts connections" : "cannot reach " + url + ": " + why;
  check.remedy = "start the target, or correct target.http (--set target.http=URL)";
  return check;
}

/// What the journal, logs and reports will need at most, generously.
double expected_bytes(const Campaign& campaign) {
  double seconds = 0;
  for (const auto& phase : campaign.phases)
    seconds += std::chrono::duration<double>(phase.duration + phase.pause).count();
  const double block = std::max(0.5, std::chrono::duration<double>(campaign.block).count());
  const double blocks = seconds / block * static_cast<double>(campaign.load.size()) * 8192;
  double samples = 0;
  for (const auto& c : campaign.collect)
    samples += seconds / std::max(0.1, std::chrono::duration<double>(c.interval).count()) * 6000;
  return blocks + samples + 64 * mib;
}

ReadinessCheck disk_check(const Campaign& campaign, const std::string& folder) {
  ReadinessCheck check;
  check.name = "disk";
  std::filesystem::path at = folder;
  std::error_code ec;
  while (!at.empty() && !std::filesystem::exists(at, ec) && at != at.parent_path())
    at = at.parent_path();
  struct statvfs fs {};
  if (::statvfs(at.c_str(), &fs) != 0) {
    check.detail = "cannot read the free space of " + at.string() + ": " + std::strerror(errno);
    check.remedy = "choose another place with --run-dir or XDG_STATE_HOME";
    return check;
  }
  const double free = static_cast<double>(fs.f_bavail) * static_cast<double>(fs.f_frsize);
  const double used = static_cast<double>(fs.f_blocks - fs.f_bfree);
  const double percent = 100 * used / std::max(1.0, used + static_cast<double>(fs.f_bavail));
  const double needed = expected_bytes(campaign);
  check.value = free / mib;
  check.limit = needed / mib;
  check.ok = free >= needed && percent < campaign.safety.disk_percent;
  check.detail = std::to_string(std::lround(free / mib)) + " MiB free in " + at.string() + ", " +
                 std::to_string(std::lround(needed / mib)) + " MiB needed; " +
                 std::to_string(std::lround(percent)) + " % used, limit " +
                 std::to_string(std::lround(campaign.safety.disk_percent)) + " %";
  check.remedy = "free some space, or choose another place with --run-dir or XDG_STATE_HOME";
  return check;
}

ReadinessCheck folder_check(const std::string& folder) {
  ReadinessCheck check;
  check.name = "state_folder";
  std::filesystem::path at = folder;
  std::error_code ec;
  while (!at.empty() && !std::filesystem::exists(at, ec) && at != at.parent_path())
    at = at.parent_path();
  check.ok = ::access(at.c_str(), W_OK | X_OK) == 0;
  check.value = check.ok ? 1 : 0;
  check.limit = 1;
  check.detail = check.ok ? at.string() + " is writable"
                          : at.string() + " cannot be written: " + std::strerror(errno);
  check.remedy = "choose another place with --run-dir or XDG_STATE_HOME";
  return check;
}

ReadinessCheck memory_check(const Campaign& campaign) {
  ReadinessCheck check;
  check.name = "memory";
  check.remedy = "end what uses the memory, or raise safety.memory_percent";
  auto info = read_file("/proc/meminfo", ExitCode::preflight);
  double total = 0;
  double available = 0;
  if (info) {
    const auto field = [&](const char* name) {
      const auto at = info->find(name);
      return at == std::string::npos ? 0.0 : std::atof(info->c_str() + at + std::strlen(name));
    };
    total = field("MemTotal:") / 1024;
    available = field("MemAvailable:") / 1024;
  }
  if (total <= 0) {
    check.detail = "/proc/meminfo cannot be read";
    return check;
  }
  check.value = 100 * (1 - available / total);
  check.limit = campaign.safety.memory_percent;
  check.ok = check.value < check.limit;
  check.detail = std::to_string(std::lround(check.value)) + " % of " +
                 std::to_string(std::lround(total)) + " MiB used, limit " +
                 std::to_string(std::lround(check.limit)) + " %";
  return check;
}

/// The most connections that a phase has at a time: of all load entries, or of the worker with
/// most.
std::uint64_t most_connections(const Campaign& campaign, bool of_one_worker) {
  double weights = 0;
  for (const auto& entry : campaign.load) weights += entry.weight;
  std::uint64_t most = 0;
  for (const auto& phase : campaign.phases) {
    std::uint64_t all = 0;
    for (const auto& entry : campaign.load) {
      const double share = weights > 0 ? entry.weight / weights : 1;
      const auto its =
          static_cast<std::uint64_t>(std::max(1l, std::lround(phase.connections * share)));
      const std::uint64_t workers = std::max(entry.workers, 1u);
      all = of_one_worker ? std::max(all, (its + workers - 1) / workers) : all + its;
    }
    most = std::max(most, all);
  }
  return most;
}

ReadinessCheck descriptor_check(const Campaign& campaign) {
  ReadinessCheck check;
  check.name = "descriptors";
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  // Of a load cell, which raises its own limit to the highest allowed.
  const std::uint64_t needed = most_connections(campaign, true) + 128;
  check.value = static_cast<double>(limit.rlim_max);
  check.limit = static_cast<double>(needed);
  check.ok = limit.rlim_max >= needed;
  check.detail = std::to_string(limit.rlim_max) + " descriptors allowed, " +
                 std::to_string(needed) + " needed";
  check.remedy = "raise the limit (ulimit -Hn), or use fewer connections";
  return check;
}

/// Each connection to an address has a local port of its own. Targets that only the plugin's
/// configuration names are not looked at.
ReadinessCheck port_check(const Campaign& campaign) {
  ReadinessCheck check;
  check.name = "ports";
  check.remedy =
      "use fewer connections, widen net.ipv4.ip_local_port_range, or give the target more "
      "addresses";
  const std::uint64_t needed = most_connections(campaign, false);
  std::uint64_t addresses = 0;
  if (const auto target = target_address(campaign.target.http)) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (::getaddrinfo(target->host.c_str(), target->port.c_str(), &hints, &list) == 0) {
      for (const addrinfo* a = list; a != nullptr; a = a->ai_next) ++addresses;
      ::freeaddrinfo(list);
    }
  }
  const PortUse ports = local_ports();
  const std::uint64_t offered = ports.range * std::max<std::uint64_t>(addresses, 1);
  check.value = static_cast<double>(offered);
  check.limit = static_cast<double>(needed);
  // A machine that does not say is not at fault.
  check.ok = ports.range == 0 || offered >= needed;
  check.detail = std::to_string(offered) + " local ports for connections to the target, " +
                 std::to_string(needed) + " needed";
  return check;
}

}  // namespace

bool Readiness::ready() const {
  return std::all_of(checks.begin(), checks.end(), [](const auto& check) { return check.ok; });
}

std::string Readiness::problem() const {
  std::string text;
  for (const auto& check : checks) {
    if (check.ok) continue;
    if (!text.empty()) text += "; ";
    text += check.name + ": " + check.detail + " (" + check.remedy + ")";
  }
  return text;
}

Result<HostPort> target_address(const std::string& url) {
  const bool tls = url.starts_with("https://");
  const std::string_view scheme = tls ? "https://" : "http://";
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = "'" + url + "' is not an http:// or https:// URL";
  error.expected = "http://HOST:PORT/";
  if (!url.starts_with(scheme)) return error;
  const auto end = std::min(url.find_first_of("/?#", scheme.size()), url.size());
  const std::string authority = url.substr(scheme.size(), end - scheme.size());
  const bool bracketed = authority.starts_with('[');
  const auto host_end =
      bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string::npos || authority.find('@') != std::string::npos) return error;
  HostPort target;
  target.host = bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
  const std::string rest = authority.substr(host_end + (bracketed ? 1 : 0));
  target.port = !rest.empty() ? rest.substr(1) : tls ? "443" : "80";
  std::uint16_t port = 0;
  const char* last = target.port.data() + target.port.size();
  const auto [stop, bad] = std::from_chars(target.port.data(), last, port);
  if (target.host.empty() || (!rest.empty() && rest.front() != ':') || bad != std::errc() ||
      stop != last || port == 0)
    return error;
  return target;
}

Readiness check_readiness(const Campaign& campaign, const std::string& folder) {
  Readiness readiness;
  if (!campaign.target.http.empty()) readiness.checks.push_back(target_check(campaign.target.http));
  readiness.checks.push_back(folder_check(folder));
  readiness.checks.push_back(disk_check(campaign, folder));
  readiness.checks.push_back(memory_check(campaign));
  readiness.checks.push_back(descriptor_check(campaign));
  if (!campaign.target.http.empty()) readiness.checks.push_back(port_check(campaign));
  return readiness;
}

boost::json::object readiness_json(const Readiness& readiness) {
  boost::json::array checks;
  for (const auto& check : readiness.checks)
    checks.push_back(boost::json::object{{"name", check.name},
                                         {"ok", check.ok},
                                         {"value", check.value},
                                         {"limit", check.limit},
                                         {"detail", check.detail},
                                         {"remedy", check.remedy}});
  return {{"ready", readiness.ready()}, {"checks", checks}};
}

}  // namespace ordeal
