// SPDX-License-Identifier: Apache-2.0
// collector_test PLUGIN: drives the built plugin over the SDK's fake host. Exit 0 when it behaves.
#include <cstdio>
#include <exception>
#include <fstream>

#include <ordeal/testing/captures.hpp>
#include <ordeal/testing/instance.hpp>
#include <ordeal/testing/plugin_file.hpp>

#define CHECK(condition)                                           \
  do {                                                             \
    if (!(condition)) {                                            \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      return 1;                                                    \
    }                                                              \
  } while (false)

namespace kit = ordeal::testing;

int main(int argc, char** argv) try {
  CHECK(argc == 2);
  const kit::PluginFile plugin(argv[1]);
  CHECK(plugin.id() == "@ID@");
  const auto* factory = plugin.factory<ordeal_collector_factory>(ORDEAL_COLLECTOR);

  kit::FakeHost host;
  const kit::Instance collector(factory, host, "@NAME@",
                                R"({"path":"values.txt","names":["hits","misses","other"]})");
  std::remove("values.txt");
  CHECK(kit::Pull(factory, collector.get()).status == ORDEAL_E_IO);
  CHECK(host.take_error() == "values.txt: No such file or directory");

  std::ofstream("values.txt") << "hits 12\nsize 7\nmisses 0.5\n";
  const kit::Pull pull(factory, collector.get());
  CHECK(pull.status == ORDEAL_OK);
  CHECK(pull.undeclared == 0);
  CHECK(pull.get("@METRIC@_value", "hits") == 12);
  CHECK(pull.get("@METRIC@_value", "misses") == 0.5);
  CHECK(!pull.get("@METRIC@_value", "size"));   // not asked for
  CHECK(!pull.get("@METRIC@_value", "other"));  // not in the file
  CHECK(pull.get("@METRIC@_read_seconds").value_or(-1) >= 0);

  std::ofstream("values.txt") << "hits many\n";
  CHECK(kit::Pull(factory, collector.get()).status == ORDEAL_E_INVALID);
  CHECK(host.take_error() == "values.txt: no number after 'hits'");
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
