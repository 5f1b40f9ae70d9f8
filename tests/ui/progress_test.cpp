// SPDX-License-Identifier: Apache-2.0
#include "ui/progress.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "base/unique_fd.h"

using namespace ordeal;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t start = 1'000 * second;
constexpr std::uint64_t wall = 1'795'453'200 * second;  // 2026-11-23T17:00:00Z

/// What is written to a stream that is no terminal.
class Memory {
 public:
  Memory() : file_(::open_memstream(&text_, &size_)) { BOOST_REQUIRE(file_ != nullptr); }
  ~Memory() {
    std::fclose(file_);
    std::free(text_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  [[nodiscard]] std::FILE* file() const { return file_; }
  /// All that was written since the last call.
  std::string take() {
    std::fflush(file_);
    std::string text(text_ + taken_, size_ - taken_);
    taken_ = size_;
    return text;
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::size_t taken_ = 0;
  std::FILE* file_;
};

RunStatus running() {
  RunStatus status;
  status.campaign = "quick";
  status.state = "phase";
  status.phase = 0;
  status.phases = 8;
  status.phase_name = "steady";
  status.phase_elapsed = 10;
  status.phase_remaining = 62;
  status.rate = 203.4;
  status.p50 = 0.0012;
  status.p99 = 0.008;
  status.updated_wall_ns = wall;
  return status;
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(progress)

BOOST_AUTO_TEST_CASE(the_line_says_where_the_run_is) {
  RunStatus status = running();
  const std::string line = progress_line(status);
  for (const char* part : {"quick", "phase 1/8 steady", "203/s", "p50 1.2ms", "p99 8.0ms"})
    BOOST_TEST(contains(line, part), line);
  for (const char* part : {"cpu", "memory", "safety"}) BOOST_TEST(!contains(line, part), line);
  status.cpu = 0.344;
  status.memory = 0.21;
  status.ladder = "hold";
  const std::string more = progress_line(status);
  for (const char* part : {"cpu 34 %", "memory 21 %", "safety hold"})
    BOOST_TEST(contains(more, part), more);
  status.state = "baseline";
  BOOST_TEST(contains(progress_line(status), "quick  baseline"));
}

BOOST_AUTO_TEST_CASE(a_pipe_gets_a_line_every_thirty_seconds) {
  Memory out;
  Progress progress(out.file(), false, false);
  const RunStatus status = running();
  progress.show(status, start);
  BOOST_TEST(lines_in(out.take()) == 1u);
  for (std::uint64_t half = 1; half < 60; ++half) progress.show(status, start + half * second / 2);
  BOOST_TEST(out.take() == "");
  progress.show(status, start + 30 * second);
  const std::string text = out.take();
  BOOST_TEST(lines_in(text) == 1u);
  BOOST_TEST(text.starts_with("17:00:00  quick  phase 1/8"), text);
  progress.show(status, start + 59 * second);
  BOOST_TEST(out.take() == "");
}

BOOST_AUTO_TEST_CASE(a_pipe_gets_a_line_for_every_event_once) {
  Memory out;
  Progress progress(out.file(), false, false);
  RunStatus status = running();
  status.lines = {{1, wall + second, "phase 1 began"}, {2, wall + 2 * second, "cpu is high"}};
  progress.show(status, start);
  BOOST_TEST(out.take() == "17:00:01  phase 1 began\n17:00:02  cpu is high\n");
  progress.show(status, start + second);
  BOOST_TEST(out.take() == "");
  status.lines.erase(status.lines.begin());
  status.lines.push_back({3, wall + 3 * second, "phase 1 ended"});
  progress.show(status, start + 20 * second);
  BOOST_TEST(out.take() == "17:00:03  phase 1 ended\n");
  // The thirty seconds begin with the last line of any kind.
  progress.show(status, start + 49 * second);
  BOOST_TEST(out.take() == "");
  progress.show(status, start + 50 * second);
  BOOST_TEST(lines_in(out.take()) == 1u);
}

BOOST_AUTO_TEST_CASE(a_pipe_gets_no_escape_codes) {
  Memory out;
  {
    Progress progress(out.file(), false, false);
    RunStatus status = running();
    status.lines = {{1, wall, "phase 1 began"}};
    progress.show(status, start);
    progress.show(status, start + 40 * second);
    progress.finish();
  }
  const std::string text = out.take();
  BOOST_TEST(lines_in(text) == 2u);
  BOOST_TEST(text.find('\033') == std::string::npos);
  BOOST_TEST(text.find('\r') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_terminal_has_one_line_that_is_redrawn) {
  Memory out;
  Progress progress(out.file(), true, true);
  RunStatus status = running();
  progress.show(status, start);
  const std::string first = out.take();
  BOOST_TEST(first == "\033[1m" + progress_line(status) + "\033[0m");
  status.rate = 7;
  status.lines = {{1, wall, "cpu is high"}};
  progress.show(status, start + second);
  BOOST_TEST(out.take() == "\r\033[K\033[2m17:00:00\033[0m  cpu is high\n\033[1m" +
                               progress_line(status) + "\033[0m");
  progress.finish();
  BOOST_TEST(out.take() == "\r\033[K");
  progress.finish();
  BOOST_TEST(out.take() == "");
}

BOOST_AUTO_TEST_CASE(without_colour_only_the_line_is_moved) {
  Memory out;
  Progress progress(out.file(), true, false);
  RunStatus status = running();
  status.lines = {{1, wall, "cpu is high"}};
  progress.show(status, start);
  progress.show(status, start + second);
  const std::string text = out.take();
  BOOST_TEST(text == "17:00:00  cpu is high\n" + progress_line(status) + "\r\033[K" +
                         progress_line(status));
}

BOOST_AUTO_TEST_CASE(a_narrow_terminal_cuts_the_line) {
  const UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  BOOST_REQUIRE(master);
  BOOST_REQUIRE(::grantpt(master.get()) == 0);
  BOOST_REQUIRE(::unlockpt(master.get()) == 0);
  std::FILE* terminal = std::fopen(::ptsname(master.get()), "r+e");
  BOOST_REQUIRE(terminal != nullptr);
  winsize size{};
  size.ws_col = 24;
  BOOST_TEST(::ioctl(::fileno(terminal), TIOCSWINSZ, &size) == 0);
  {
    Progress progress(terminal, true, false);
    progress.show(running(), start);
    char text[256];
    const ssize_t n = ::read(master.get(), text, sizeof text);
    BOOST_TEST((std::string(text, static_cast<std::size_t>(std::max<ssize_t>(n, 0))) ==
                progress_line(running()).substr(0, 23)));
  }
  std::fclose(terminal);
}

BOOST_AUTO_TEST_SUITE_END()
