// SPDX-License-Identifier: Apache-2.0
#include "ui/progress.h"

#include <sys/ioctl.h>

#include <cmath>

#include "base/duration.h"
#include "base/files.h"

namespace ordeal {

namespace {

constexpr std::uint64_t plain_period_ns = 30'000'000'000;

std::string time_text(double seconds) {
  return human_duration(Duration(static_cast<std::int64_t>(seconds * 1e9)));
}

/// One decimal below ten: a latency of 1.2 ms is not one of 1 ms.
std::string latency_text(double seconds) {
  const double scaled = seconds < 0.001 ? seconds * 1e6 : seconds < 1 ? seconds * 1e3 : seconds;
  const char* unit = seconds < 0.001 ? "us" : seconds < 1 ? "ms" : "s";
  char text[32];
  std::snprintf(text, sizeof text, scaled < 10 ? "%.1f%s" : "%.0f%s", scaled, unit);
  return text;
}

std::string rate_text(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, rate < 10 ? "%.1f/s" : "%.0f/s", rate);
  return text;
}

std::string clock_text(std::uint64_t wall_ns) { return utc_time(wall_ns).substr(11, 8); }

/// Cut to the terminal's width: a line that wraps cannot be redrawn.
std::string fit(std::string line, std::FILE* out) {
  winsize size{};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 1 &&
      line.size() >= size.ws_col)
    line.resize(size.ws_col - 1u);
  return line;
}

}  // namespace

std::string progress_line(const RunStatus& s) {
  std::string line = s.campaign + "  ";
  if (s.state == "phase") {
    line += "phase " + std::to_string(s.phase + 1) + "/" + std::to_string(s.phases) + " " +
            s.phase_name + "  " + time_text(s.phase_elapsed) + " gone, " +
            time_text(s.phase_remaining) + " left  " + rate_text(s.rate) + "  p50 " +
            latency_text(s.p50) + "  p99 " + latency_text(s.p99) + "  errors " +
            rate_text(s.errors);
  } else {
    line += s.state + "  " + time_text(s.elapsed) + " gone";
  }
  if (s.cpu) line += "  cpu " + std::to_string(std::lround(*s.cpu * 100)) + " %";
  if (s.memory) line += "  memory " + std::to_string(std::lround(*s.memory * 100)) + " %";
  if (s.ladder != "ok") line += "  safety " + s.ladder;
  return line;
}

Progress::Progress(std::FILE* out, bool terminal, bool colour)
    : out_(out), terminal_(terminal), colour_(colour) {}

Progress::~Progress() { finish(); }

void Progress::finish() {
  if (drawn_) std::fputs("\r\033[K", out_);
  drawn_ = false;
  std::fflush(out_);
}

void Progress::show(const RunStatus& status, std::uint64_t now_ns) {
  if (terminal_ && drawn_) std::fputs("\r\033[K", out_);
  bool event = false;
  for (const auto& line : status.lines) {
    if (line.number <= last_line_) continue;
    last_line_ = line.number;
    event = true;
    std::fprintf(out_, colour_ ? "\033[2m%s\033[0m  %s\n" : "%s  %s\n",
                 clock_text(line.wall_ns).c_str(), line.text.c_str());
  }
  if (terminal_) {
    const std::string line = fit(progress_line(status), out_);
    std::fprintf(out_, colour_ ? "\033[1m%s\033[0m" : "%s", line.c_str());
    drawn_ = true;
  } else if (event) {
    last_plain_ns_ = now_ns;
  } else if (now_ns - last_plain_ns_ >= plain_period_ns) {
    last_plain_ns_ = now_ns;
    std::fprintf(out_, "%s  %s\n", clock_text(status.updated_wall_ns).c_str(),
                 progress_line(status).c_str());
  }
  std::fflush(out_);
}

}  // namespace ordeal
