// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cstring>

#include "base/plain_text.h"

namespace ordeal {

Error&& Error::within(std::string_view outer) && {
  context = context.empty() ? std::string(outer) : std::string(outer) + ": " + context;
  return std::move(*this);
}

std::string Error::line() const {
  std::string text;
  if (!where.file.empty()) {
    text += where.file;
    if (where.line != 0) {
      text += ':' + std::to_string(where.line);
      if (where.column != 0) text += ':' + std::to_string(where.column);
    }
    text += ": ";
  }
  if (!where.pointer.empty()) text += where.pointer + ": ";
  if (!context.empty()) text += context + ": ";
  text += what;
  if (!expected.empty()) text += "; expected " + expected;
  if (!fix.empty()) text += "; " + fix;
  // Names of files and what they hold are somebody else's choice, and the line may go to a
  // terminal.
  return plain_text(text, std::string::npos);
}

Error errno_error(ExitCode code, std::string_view doing, int error_number) {
  Error error;
  error.code = code;
  error.what = std::string(doing) + ": " + std::strerror(error_number);
  return error;
}

}  // namespace ordeal
