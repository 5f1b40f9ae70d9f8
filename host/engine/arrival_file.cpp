// SPDX-License-Identifier: Apache-2.0
#include "engine/arrival_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

namespace ordeal {

namespace {

constexpr std::size_t buffer_size = 64 * 1024;  // also the longest line
constexpr double most_seconds = 1e9;
constexpr std::size_t most_kinds = 64;
const char* const form = "SECONDS or SECONDS,KIND";

Error unreadable(const std::string& path, const std::string& why) {
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = "arrivals: cannot read " + path + ": " + why;
  error.expected = "a file with one arrival per line";
  return error;
}

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

ArrivalFile::~ArrivalFile() {
  if (fd_ >= 0) ::close(fd_);
}

ArrivalFile& ArrivalFile::operator=(ArrivalFile&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) ::close(fd_);
  path_ = std::move(other.path_);
  fd_ = std::exchange(other.fd_, -1);
  identity_ = other.identity_;
  buffer_ = std::move(other.buffer_);
  begin_ = other.begin_;
  end_ = other.end_;
  at_end_ = other.at_end_;
  text_ = {};
  line_number_ = other.line_number_;
  count_ = other.count_;
  last_s_ = other.last_s_;
  return *this;
}

Result<ArrivalFile> ArrivalFile::open(const std::string& path) {
  ArrivalFile file;
  file.path_ = path;
  // A pipe would make whoever opens it wait, and could not be read twice.
  file.fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.fd_ < 0) return unreadable(path, std::strerror(errno));
  struct stat status {};
  if (::fstat(file.fd_, &status) != 0 || !S_ISREG(status.st_mode))
    return unreadable(path, "it is not a regular file");
  file.identity_ = FileIdentity::of(file.fd_);
  file.buffer_.resize(buffer_size);
  return file;
}

Error ArrivalFile::bad(std::size_t column, std::string what, std::string expected) const {
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = std::move(what);
  error.expected = std::move(expected);
  error.where = {path_, line_number_, static_cast<std::uint32_t>(column), ""};
  return error;
}

// The next line into text_; false at the end of the file.
Result<bool> ArrivalFile::read_line() {
  for (;;) {
    char* const first = buffer_.data() + begin_;
    char* const last = buffer_.data() + end_;
    char* const line_end = std::find(first, last, '\n');
    if (line_end != last || (at_end_ && first != last)) {
      text_ = {first, static_cast<std::size_t>(line_end - first)};
      begin_ = std::min(end_, begin_ + text_.size() + 1);
      ++line_number_;
      return true;
    }
    if (at_end_) return false;
    std::memmove(buffer_.data(), first, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) {
      ++line_number_;
      return bad(1, "the line is too long", form);
    }
    const ssize_t n = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(path_, std::strerror(errno));
    if (FileIdentity::of(fd_) != identity_)
      return unreadable(path_, "it was written to while it was read");
    at_end_ = n == 0;
    end_ += static_cast<std::size_t>(n);
  }
}

Result<bool> ArrivalFile::next(Line& line) {
  for (;;) {
    auto more = read_line();
    if (!more || !*more) return more;
    const std::string_view content = trimmed(text_);
    if (content.empty() || content.front() == '#') continue;
    const auto column = static_cast<std::size_t>(content.data() - text_.data()) + 1;
    const char* const end = content.data() + content.size();
    double seconds = 0;
    const auto [stop, failed] = std::from_chars(content.data(), end, seconds);
    if (failed != std::errc{} || !std::isfinite(seconds) || seconds < 0 || seconds > most_seconds)
      return bad(column, "'" + std::string(content.substr(0, 40)) + "' does not begin with a time",
                 "seconds from the start, 0 to 1e9");
    const std::string_view rest = trimmed({stop, static_cast<std::size_t>(end - stop)});
    if (!rest.empty() && rest.front() != ',')
      return bad(static_cast<std::size_t>(rest.data() - text_.data()) + 1,
                 "'" + std::string(rest.substr(0, 40)) + "' behind the time", form);
    if (seconds < last_s_)
      return bad(column, "the time is before that of the arrival above", "times in order");
    last_s_ = line.seconds = seconds;
    line.kind = rest.empty() ? rest : trimmed(rest.substr(1));
    ++count_;
    return true;
  }
}

Result<ArrivalSummary> summarize_arrivals(const std::string& path) {
  auto file = ArrivalFile::open(path);
  if (!file) return std::move(file).error();
  ArrivalSummary summary;
  ArrivalFile::Line line;
  double second = -1;
  double in_second = 0;
  for (;;) {
    auto more = file->next(line);
    if (!more) return std::move(more).error();
    if (!*more) break;
    if (std::floor(line.seconds) != second) in_second = 0;
    second = std::floor(line.seconds);
    summary.busiest_second = std::max(summary.busiest_second, ++in_second);
    summary.seconds = line.seconds;
    if (line.kind.empty() || summary.kinds.find(line.kind) != summary.kinds.end()) continue;
    summary.kinds.emplace(line.kind, file->line_number());
    if (summary.kinds.size() > most_kinds) {
      Error error = unreadable(path, "it names more than 64 kinds of operations");
      error.where = {path, file->line_number(), 1, ""};
      return error;
    }
  }
  summary.identity = file->identity();
  summary.count = file->count();
  if (summary.count == 0) return unreadable(path, "it holds no arrival");
  return summary;
}

}  // namespace ordeal
