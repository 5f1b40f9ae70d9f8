// SPDX-License-Identifier: Apache-2.0
// The safety lever: while a HALT file is there, no run goes on and none begins.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "guardian/guardian.h"

namespace ordeal {

/// The path of a HALT file that is there, with what it says as `text`; nullptr if there is none.
const char* Guardian::halted(Text& text) const noexcept {
  for (const auto& path : options_.halt_files) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) continue;
    text << "halted by " << path;
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    std::array<char, 256> said;
    const ssize_t n = fd ? ::read(fd.get(), said.data(), said.size()) : 0;
    std::string_view words(said.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    // One line; whatever a person wrote into it.
    std::replace_if(
        said.begin(), said.begin() + std::max<ssize_t>(n, 0),
        [](char c) { return c >= 0 && c < ' '; }, ' ');
    while (!words.empty() && words.back() == ' ') words.remove_suffix(1);
    if (!words.empty()) text << " (" << words << ")";
    return path.c_str();
  }
  return nullptr;
}

void Guardian::check_halt() noexcept {
  if (stage_ != Stage::running) return;
  Text text;
  if (halted(text) == nullptr) return;
  stop_orderly(StopReason::halt, {"halt/1", clock_.now(), 0}, text);
  note("stop_requested", text.view(), static_cast<int>(StopReason::halt));
}

Result<void> Guardian::check_halt_before() {
  Text text;
  if (halted(text) == nullptr) return {};
  Error error = refusal(std::string(text.view()));
  error.fix = "lift it with `ordeal stop --lift`, or remove the file";
  return error;
}

}  // namespace ordeal
