// SPDX-License-Identifier: Apache-2.0
// The options of a bench: words, and where the value behind each goes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

class BenchOptions {
 public:
  /// A value outside the bounds is refused, as everything is that is not understood.
  template <class T>
  void number(const char* name, T& value, double least, double most) {
    options_.push_back({name, "N", [&value, least, most](const char* text) {
                          char* end = nullptr;
                          const double number = std::strtod(text, &end);
                          if (end == text || *end != '\0' || !(number >= least && number <= most))
                            return false;
                          value = static_cast<T>(number);
                          return true;
                        }});
  }
  void text(const char* name, std::string& value) {
    options_.push_back({name, "TEXT", [&value](const char* text) {
                          value = text;
                          return true;
                        }});
  }
  /// May be given several times.
  void texts(const char* name, std::vector<std::string>& values) {
    options_.push_back({name, "TEXT", [&values](const char* text) {
                          values.emplace_back(text);
                          return true;
                        }});
  }
  /// Stands alone.
  void flag(const char* name, bool& value) {
    options_.push_back({name, nullptr, [&value](const char*) { return value = true; }});
  }

  /// False when it is not understood; how to call the program is then on the standard error.
  bool parse(int argc, char** argv) const {
    for (int i = 1; i < argc; ++i) {
      if (take(argc, argv, i)) continue;
      std::fprintf(stderr, "%s: not understood\nusage: %s", argv[i < argc ? i : argc - 1], argv[0]);
      for (const Option& option : options_)
        std::fprintf(stderr, " [%s%s%s]", option.name, option.value != nullptr ? " " : "",
                     option.value != nullptr ? option.value : "");
      std::fputc('\n', stderr);
      return false;
    }
    return true;
  }

 private:
  struct Option {
    const char* name;
    const char* value;  // what stands behind it; null: nothing
    std::function<bool(const char*)> set;
  };

  bool take(int argc, char** argv, int& at) const {
    for (const Option& option : options_) {
      if (std::string(argv[at]) != option.name) continue;
      if (option.value == nullptr) return option.set(nullptr);
      return ++at < argc && option.set(argv[at]);
    }
    return false;
  }

  std::vector<Option> options_;
};
