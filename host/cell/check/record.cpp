// SPDX-License-Identifier: Apache-2.0
#include "cell/check/record.h"

#include <unistd.h>

#include <cerrno>

#include "cell/check/heap.h"

namespace ordeal::check {

namespace {

/// Tabs and line ends separate; a plugin's own text must not.
void append_clean(std::string& to, std::string_view text) {
  for (const char c : text.substr(0, 64 * 1024)) {
    to += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
}

}  // namespace

void Record::line(std::string_view word, std::string_view a, std::string_view b) {
  const HeapPause pause;
  std::string text(word);
  text += '\t';
  append_clean(text, a);
  text += '\t';
  append_clean(text, b);
  text += '\n';
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t n = ::write(record_fd, text.data() + sent, text.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // the front then sees that the end is missing
    sent += static_cast<std::size_t>(n);
  }
}

void Record::at(std::string_view doing) { line("at", doing); }

void Record::fail(std::string_view why, std::string_view fix) {
  if (tolerant_) return;
  if (++failures_ <= most_findings) line("fail", why, fix);
}

void Record::warn(std::string_view why, std::string_view fix) {
  if (++warnings_ <= most_findings) line("warn", why, fix);
}

void Record::skip(std::string_view why) { line("skip", why); }

void Record::note(std::string_view text) { line("note", text); }

void Record::data(std::string_view key, std::string_view value) { line("data", key, value); }

void Record::done() { line("done", {}); }

}  // namespace ordeal::check
