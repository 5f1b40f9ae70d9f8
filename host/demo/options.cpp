// SPDX-License-Identifier: Apache-2.0
#include "demo/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <vector>

namespace ordeal::demo {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, 10> names = {"--port",         "--pid-file",
                                                    "--flaw",         "--service-time",
                                                    "--concurrency",  "--leak-per-request",
                                                    "--stall-every",  "--stall-for",
                                                    "--max-lifetime", "--help"};
constexpr std::array<std::string_view, 4> flaws = {"none", "leak", "knee", "stall"};

// Levenshtein distance with two rows; the names are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    current[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j)
      current[j + 1] =
          std::min({previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0u : 1u)});
    std::swap(previous, current);
  }
  return previous[b.size()];
}

template <std::size_t N>
std::string suggestion(std::string_view given, const std::array<std::string_view, N>& known) {
  const auto best =
      std::min_element(known.begin(), known.end(), [&](std::string_view a, std::string_view b) {
        return distance(given, a) < distance(given, b);
      });
  if (distance(given, *best) > std::max<std::size_t>(2, best->size() / 3)) return {};
  return "did you mean '" + std::string(*best) + "'?";
}

Error usage(std::string what, std::string expected, std::string fix = {}) {
  Error error;
  error.code = ExitCode::usage;
  error.what = std::move(what);
  error.expected = std::move(expected);
  error.fix = std::move(fix);
  return error;
}

Error bad_value(std::string_view option, std::string_view value, std::string expected,
                std::string fix = {}) {
  return usage("bad value '" + std::string(value) + "' for " + std::string(option),
               std::move(expected), std::move(fix));
}

template <typename T>
Result<T> whole_number(std::string_view option, std::string_view text, T min, T max) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value < min || value > max)
    return bad_value(option, text,
                     "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return value;
}

Result<Duration> duration(std::string_view option, std::string_view text, Duration min,
                          Duration max) {
  Result<Duration> value = parse_duration(text);
  const std::string range =
      "a duration from " + format_duration(min) + " to " + format_duration(max) + ", such as 1m30s";
  if (!value || *value < min || *value > max) return bad_value(option, text, range);
  return value;
}

/// Which options were given, for those that only make sense together with a flaw.
struct Given {
  bool leak = false;
  bool stall = false;
};

Result<void> set_option(Options& options, Given& given, std::string_view name,
                        std::string_view value) {
  const auto keep = [](auto& into, auto&& parsed) -> Result<void> {
    if (!parsed) return parsed.error();
    into = *parsed;
    return {};
  };
  if (name == "--port")
    return keep(options.port, whole_number<std::uint16_t>(name, value, 0, 65535));
  if (name == "--pid-file") {
    if (value.empty()) return bad_value(name, value, "a path");
    options.pid_file = value;
    return {};
  }
  if (name == "--flaw") {
    const auto found = std::find(flaws.begin(), flaws.end(), value);
    if (found == flaws.end())
      return bad_value(name, value, "one of none, leak, knee, stall", suggestion(value, flaws));
    options.flaw = static_cast<Flaw>(found - flaws.begin());
    return {};
  }
  if (name == "--service-time")
    return keep(options.service_time, duration(name, value, Duration(0), seconds(60)));
  if (name == "--concurrency")
    return keep(options.concurrency, whole_number<std::uint32_t>(name, value, 1, 100'000));
  if (name == "--leak-per-request") {
    given.leak = true;
    return keep(options.leak_per_request,
                whole_number<std::uint64_t>(name, value, 1, 64u * 1024 * 1024));
  }
  if (name == "--stall-every") {
    given.stall = true;
    return keep(options.stall_every, duration(name, value, milliseconds(10), seconds(86'400)));
  }
  if (name == "--stall-for") {
    given.stall = true;
    return keep(options.stall_for, duration(name, value, milliseconds(1), seconds(600)));
  }
  if (name == "--max-lifetime")
    return keep(options.max_lifetime,
                duration(name, value, milliseconds(100), seconds(7 * 86'400)));
  return usage("unknown option '" + std::string(name) + "'", "one of the options of --help",
               suggestion(name, names));
}

Result<Options> complete(Options options, const Given& given) {
  if (given.leak && options.flaw != Flaw::leak)
    return usage("--leak-per-request has no effect", "--flaw leak beside it");
  if (given.stall && options.flaw != Flaw::stall)
    return usage("--stall-every and --stall-for have no effect", "--flaw stall beside them");
  if (options.flaw == Flaw::leak && options.leak_per_request == 0)
    options.leak_per_request = 16u * 1024;
  if (options.flaw == Flaw::knee && options.concurrency == 0) options.concurrency = 4;
  if (options.flaw == Flaw::stall) {
    if (options.stall_every == Duration(0)) options.stall_every = seconds(10);
    if (options.stall_for == Duration(0)) options.stall_for = seconds(1);
    if (options.stall_for >= options.stall_every)
      return usage("--stall-for " + format_duration(options.stall_for) + " leaves no time to serve",
                   "less than --stall-every " + format_duration(options.stall_every));
  }
  return options;
}

}  // namespace

Result<Options> parse_options(std::span<const char* const> arguments) {
  Options options;
  Given given;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view name = arguments[i];
    if (name == "--help" || name == "-h") {
      options.help = true;
      return options;
    }
    if (!name.starts_with("--"))
      return usage("unexpected argument '" + std::string(name) + "'", "options only, see --help");
    std::string_view value;
    if (const auto equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    } else if (std::find(names.begin(), names.end(), name) != names.end()) {
      if (i + 1 == arguments.size()) return usage(std::string(name) + " has no value", "a value");
      value = arguments[++i];
    }
    if (auto set = set_option(options, given, name, value); !set) return set.error();
  }
  return complete(std::move(options), given);
}

std::string_view help_text() {
  return R"(ordeal-demo-target: a small HTTP/1.1 server to practise on. Binds 127.0.0.1 only.

usage: ordeal-demo-target [options]

  --port N                port; 0 (the default) takes a free one and prints it
  --pid-file FILE         write the process id there; removed at the end
  --service-time 2ms      how long a request takes (a timer: requests do not hinder one another)
  --concurrency N         serve at most N requests at a time, let the others queue
  --flaw none             behave well (the default)
  --flaw leak             lose memory with every request, up to 1 GiB
    --leak-per-request BYTES        how much (default 16384)
  --flaw knee             latency climbs steeply above concurrency/service-time requests per second
    --concurrency N                 (default 4)
  --flaw stall            every now and then answer nothing at all
    --stall-every 10s --stall-for 1s
  --max-lifetime 15m      end by itself after this long
  --help                  this text

GET / and POST / are answered with 200 and a small body. GET /status gives counters as JSON and is
not counted in them. SIGTERM and SIGINT end it.

example: ordeal-demo-target --port 8080 --flaw knee --concurrency 2 --service-time 5ms
)";
}

}  // namespace ordeal::demo
