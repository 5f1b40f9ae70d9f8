// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_sign.h"

#include <cstdio>

#include "store/publish.h"

namespace ordeal {
namespace {

int failed(const Error& error) {
  std::fprintf(stderr, "ordeal: %s\n", error.line().c_str());
  return static_cast<int>(error.code);
}

}  // namespace

int plugin_pack(const Options& options) {
  std::vector<Error> errors;
  const std::string made = pack_into(options.name, options.output, {}, errors);
  for (const Error& error : errors) failed(error);
  if (!errors.empty()) return static_cast<int>(errors.front().code);
  std::printf("%s\n", made.c_str());
  return 0;
}

int plugin_sign(const Options& options) {
  const Result<std::string> made = sign_plugin(options.name, options.key);
  if (!made) return failed(made.error());
  std::printf("%s\n", made->c_str());
  return 0;
}

int plugin_keygen(const Options& options) {
  const Result<std::string> id = make_key_pair(options.name);
  if (!id) return failed(id.error());
  std::printf("%s.key  keep it secret\n%s.pub  key %s, for those who trust you\n",
              options.name.c_str(), options.name.c_str(), id->c_str());
  return 0;
}

}  // namespace ordeal
