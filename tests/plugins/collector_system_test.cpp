// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "ordeal/testing/captures.hpp"
#include "ordeal/testing/instance.hpp"
#include "ordeal/testing/plugin_file.hpp"
#include "places.h"
#include "plugins/proc_tree.h"

using ordeal::testing::FakeHost;
using ordeal::testing::Instance;
using ordeal::testing::PluginFile;
using ordeal::testing::Pull;

namespace {

constexpr const char* stat_1 =
    "cpu  1000 200 300 8000 400 10 20 70 0 0\n"
    "cpu0 1000 200 300 8000 400 10 20 70 0 0\n"
    "intr 99 0 0\nctxt 123456\nbtime 1700000000\nprocesses 5\nprocs_running 3\nprocs_blocked 2\n";

void fill(const ProcTree& tree) {
  tree.write("stat", stat_1);
  tree.write("meminfo",
             "MemTotal:        1000000 kB\nMemFree:          100000 kB\n"
             "MemAvailable:     250000 kB\nBuffers:  5 kB\nSwapTotal:         50000 kB\n"
             "SwapFree:          40000 kB\nHugePages_Total:       0\n");
  tree.write("pressure/cpu",
             "some avg10=1.00 avg60=0.10 avg300=0.00 total=1500000\n"
             "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  tree.write("pressure/memory",
             "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n"
             "full avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n");
  tree.write("pressure/io",
             "some avg10=0.00 avg60=0.00 avg300=0.00 total=7000000\n"
             "full avg10=0.00 avg60=0.00 avg300=0.00 total=6000000\n");
  tree.write("diskstats",
             "   8       0 sda 10 0 100 5 20 0 200 7 0 1500 12 0 0 0 0 0 0\n"
             "   8       1 sda1 9 0 90 5 20 0 190 7 0 1400 12 0 0 0 0 0 0\n"
             " 259       0 nvme0n1 1 0 2 1 3 0 4 1 0 250 2\n"
             " 259       1 nvme0n1p1 1 0 2 1 3 0 4 1 0 250 2\n"
             "   7       0 loop0 1 0 2 1 3 0 4 1 0 250 2\n"
             " 253       0 dm-0 1 0 8 1 3 0 16 1 0 500 2\n");
  tree.write("net/dev",
             "Inter-|   Receive                                                |  Transmit\n"
             " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets "
             "errs drop fifo colls carrier compressed\n"
             "    lo: 1000 10 0 1 0 0 0 0 1000 10 0 2 0 0 0 0\n"
             "  eth0:5000 50 1 3 0 0 0 0 6000 60 2 4 0 0 0 0\n");
  tree.write("loadavg", "0.50 1.25 2.75 3/400 9999\n");
  tree.write("sys/fs/file-nr", "1234\t0\t99999\n");
  tree.write("vmstat",
             "nr_free_pages 1\npgscan_kswapd 11\npgscan_direct 12\npgmajfault 13\npswpin 14\n"
             "pswpout 15\noom_kill 2\n");
}

struct Fixture {
  Fixture()
      : plugin(std::string(ORDEAL_BUILT_PLUGINS) + "/org.ordeal.system.so"),
        factory(plugin.factory<ordeal_collector_factory>(ORDEAL_COLLECTOR)) {
    fill(tree);
  }
  [[nodiscard]] std::string config() const { return R"({"proc":")" + tree.path() + R"("})"; }

  PluginFile plugin;
  const ordeal_collector_factory* factory;
  FakeHost host;
  ProcTree tree;
};

const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));

}  // namespace

BOOST_FIXTURE_TEST_SUITE(collector_system, Fixture)

BOOST_AUTO_TEST_CASE(identity) {
  BOOST_TEST(plugin.id() == "org.ordeal.system");
  BOOST_TEST(plugin.version() == "0.1.0");
  BOOST_TEST(plugin.factory<void>(ORDEAL_SCENARIO) == nullptr);
}

BOOST_AUTO_TEST_CASE(every_value_of_a_known_tree) {
  Instance collector(factory, host, "system", config());
  const Pull pull(factory, collector.get());
  BOOST_REQUIRE(pull.status == ORDEAL_OK);
  BOOST_TEST(pull.undeclared == 0U);
  BOOST_TEST(pull.get("node_cpu_seconds_total", "user").value() == 1000 / ticks);
  BOOST_TEST(pull.get("node_cpu_seconds_total", "steal").value() == 70 / ticks);
  BOOST_TEST(pull.get("node_context_switches_total").value() == 123456);
  BOOST_TEST(pull.get("node_procs_running").value() == 3);
  BOOST_TEST(pull.get("node_procs_blocked").value() == 2);
  BOOST_TEST(pull.get("node_memory_MemTotal_bytes").value() == 1000000.0 * 1024);
  BOOST_TEST(pull.get("node_memory_MemAvailable_bytes").value() == 250000.0 * 1024);
  BOOST_TEST(pull.get("node_memory_SwapFree_bytes").value() == 40000.0 * 1024);
  BOOST_TEST(pull.get("ordeal_memory_used_ratio").value() == 0.75);
  BOOST_TEST(pull.get("node_pressure_cpu_waiting_seconds_total").value() == 1.5);
  BOOST_TEST(pull.get("node_pressure_memory_waiting_seconds_total").value() == 2.5);
  BOOST_TEST(pull.get("node_pressure_memory_stalled_seconds_total").value() == 0.5);
  BOOST_TEST(pull.get("node_pressure_io_waiting_seconds_total").value() == 7);
  BOOST_TEST(pull.get("node_pressure_io_stalled_seconds_total").value() == 6);
  BOOST_TEST(pull.get("node_disk_read_bytes_total", "sda").value() == 51200);
  BOOST_TEST(pull.get("node_disk_written_bytes_total", "sda").value() == 102400);
  BOOST_TEST(pull.get("node_disk_io_time_seconds_total", "sda").value() == 1.5);
  BOOST_TEST(pull.get("node_disk_io_time_seconds_total", "nvme0n1").value() == 0.25);
  BOOST_TEST(pull.get("node_disk_read_bytes_total", "dm-0").value() == 4096);
  BOOST_TEST(pull.values.at("node_disk_read_bytes_total").size() == 3U);  // no partition, no loop
  BOOST_TEST(pull.get("node_network_receive_bytes_total", "lo").value() == 1000);
  BOOST_TEST(pull.get("node_network_receive_bytes_total", "eth0").value() == 5000);
  BOOST_TEST(pull.get("node_network_transmit_bytes_total", "eth0").value() == 6000);
  BOOST_TEST(pull.get("node_network_receive_drop_total", "eth0").value() == 3);
  BOOST_TEST(pull.get("node_network_transmit_drop_total", "eth0").value() == 4);
  BOOST_TEST(pull.get("node_load1").value() == 0.5);
  BOOST_TEST(pull.get("node_load15").value() == 2.75);
  BOOST_TEST(pull.get("node_filefd_allocated").value() == 1234);
  BOOST_TEST(pull.get("node_filefd_maximum").value() == 99999);
  BOOST_TEST(pull.get("node_vmstat_pgscan_kswapd").value() == 11);
  BOOST_TEST(pull.get("node_vmstat_pswpout").value() == 15);
  BOOST_TEST(pull.get("node_vmstat_oom_kill").value() == 2);
  BOOST_TEST(pull.get("node_filesystem_size_bytes", "/").value() > 0);
  const double used = pull.get("ordeal_disk_used_ratio", "/").value();
  BOOST_TEST(used >= 0);
  BOOST_TEST(used <= 1);
  BOOST_TEST(host.log().empty());
}

BOOST_AUTO_TEST_CASE(busy_ratio_is_that_of_the_time_between_two_readings) {
  Instance collector(factory, host, "system", config());
  BOOST_TEST(!Pull(factory, collector.get()).get("ordeal_cpu_busy_ratio").has_value());
  // 100 ticks more: 30 user, 10 steal, 50 idle, 10 waiting for I/O
  tree.write("stat", "cpu  1030 200 300 8050 410 10 20 80 0 0\n");
  BOOST_TEST(Pull(factory, collector.get()).get("ordeal_cpu_busy_ratio").value() == 0.4);
  // no time has passed: no ratio, and above all not 0/0
  BOOST_TEST(!Pull(factory, collector.get()).get("ordeal_cpu_busy_ratio").has_value());
}

BOOST_AUTO_TEST_CASE(a_small_step_back_is_held_a_large_one_is_a_restart) {
  Instance collector(factory, host, "system", config());
  BOOST_REQUIRE(Pull(factory, collector.get()).status == ORDEAL_OK);
  tree.write("stat", "cpu  1010 200 300 7999 400 10 20 70 0 0\n");
  const Pull held(factory, collector.get());
  BOOST_TEST(held.get("node_cpu_seconds_total", "idle").value() == 8000 / ticks);
  BOOST_TEST(held.get("ordeal_cpu_busy_ratio").value() == 1);
  tree.write("stat", "cpu  5 1 1 10 1 0 0 0 0 0\n");
  const Pull restarted(factory, collector.get());
  BOOST_TEST(restarted.get("node_cpu_seconds_total", "user").value() == 5 / ticks);
  BOOST_TEST(!restarted.get("ordeal_cpu_busy_ratio").has_value());
  tree.write("stat", "cpu  10 1 1 15 1 0 0 0 0 0\n");
  BOOST_TEST(Pull(factory, collector.get()).get("ordeal_cpu_busy_ratio").value() == 0.5);
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_a_missing_sample) {
  for (const char* name : {"pressure/memory", "meminfo", "net/dev", "diskstats", "loadavg"}) {
    tree.remove(name);
  }
  Instance collector(factory, host, "system", config());
  const Pull pull(factory, collector.get());
  BOOST_TEST(pull.status == ORDEAL_OK);
  BOOST_TEST(pull.get("node_load1").has_value() == false);
  for (const char* metric : {"node_pressure_memory_stalled_seconds_total",
                             "node_memory_MemTotal_bytes", "ordeal_memory_used_ratio",
                             "node_network_receive_bytes_total", "node_disk_read_bytes_total"}) {
    BOOST_TEST_CONTEXT(metric) { BOOST_TEST(pull.values.count(metric) == 0U); }
  }
  BOOST_TEST(pull.get("node_pressure_io_stalled_seconds_total").value() == 6);
  BOOST_TEST(host.logged("meminfo cannot be read", ORDEAL_LOG_WARNING));
  // told once, and read as soon as it is there
  const std::size_t lines = host.log().size();
  BOOST_TEST(lines == 5U);
  tree.write("meminfo", "MemTotal: 100 kB\nMemAvailable: 40 kB\n");
  BOOST_TEST(Pull(factory, collector.get()).get("ordeal_memory_used_ratio").value() == 0.6);
  BOOST_TEST(host.log().size() == lines);
}

BOOST_AUTO_TEST_CASE(broken_text_is_left_out) {
  tree.write("stat", "cpu  1000 x 300\nctxt -4\n");
  tree.write("meminfo", "MemTotal: many kB\nMemAvailable:\n");
  tree.write("diskstats", "8 0 sda 1 2 3\n\n8\n");
  tree.write("net/dev", "eth0: 1 2 3\nnothing\n");
  tree.write("loadavg", "");
  tree.write("vmstat", "oom_kill\noom_kill 18446744073709551616\n");
  tree.write("pressure/cpu", "some avg10=0.00\nfull total=\n");
  Instance collector(factory, host, "system", config());
  const Pull pull(factory, collector.get());
  BOOST_TEST(pull.status == ORDEAL_OK);
  for (const char* metric :
       {"node_cpu_seconds_total", "node_context_switches_total", "node_memory_MemTotal_bytes",
        "node_disk_read_bytes_total", "node_network_receive_bytes_total", "node_load1",
        "node_vmstat_oom_kill", "node_pressure_cpu_waiting_seconds_total"}) {
    BOOST_TEST_CONTEXT(metric) { BOOST_TEST(pull.values.count(metric) == 0U); }
  }
}

BOOST_AUTO_TEST_CASE(nothing_at_all_is_an_error) {
  Instance collector(factory, host, "system", R"({"proc":"/nonexistent","paths":["/nowhere"]})");
  const Pull pull(factory, collector.get());
  BOOST_TEST(pull.status == ORDEAL_E_IO);
  BOOST_TEST(host.error().find("/nonexistent") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(paths_are_labels) {
  const std::string odd = tree.path("a,b");
  tree.write("a,b/file", "");
  Instance collector(factory, host, "system",
                     R"({"proc":")" + tree.path() + R"(","paths":[")" + odd + R"(","/nowhere"]})");
  const Pull pull(factory, collector.get());
  BOOST_TEST(pull.get("ordeal_disk_used_ratio", tree.path("a%2Cb")).has_value());
  BOOST_TEST(pull.values.at("ordeal_disk_used_ratio").size() == 1U);
  BOOST_TEST(host.logged("/nowhere", ORDEAL_LOG_WARNING));
}

BOOST_AUTO_TEST_CASE(bad_config_is_refused) {
  void* instance = nullptr;
  for (const char* bad : {"", "[]", "{", R"({"proc":1})", R"({"paths":"/"})", R"({"paths":[1]})",
                          R"({"pahts":[]})"}) {
    BOOST_TEST_CONTEXT(bad) {
      BOOST_TEST(factory->create(host.handle(), ordeal::abi::str("system"), ordeal::abi::str(bad),
                                 &instance) == ORDEAL_E_INVALID);
      BOOST_TEST(!host.take_error().empty());
    }
  }
  BOOST_TEST(factory->create(host.handle(), ordeal::abi::str("sys"), ordeal::abi::str("{}"),
                             &instance) == ORDEAL_E_NOT_FOUND);
}

BOOST_AUTO_TEST_CASE(the_real_machine) {
  Instance collector(factory, host, "system", R"({"proc":"/proc","paths":["/"]})");
  const Pull first(factory, collector.get());
  BOOST_REQUIRE(first.status == ORDEAL_OK);
  BOOST_TEST(first.undeclared == 0U);
  const double total = first.get("node_memory_MemTotal_bytes").value();
  BOOST_TEST(total > 64.0 * 1024 * 1024);
  BOOST_TEST(first.get("node_memory_MemAvailable_bytes").value() < total);
  BOOST_TEST(first.get("node_cpu_seconds_total", "user").value() > 0);
  BOOST_TEST(first.get("node_network_receive_bytes_total", "lo").has_value());
  // burn CPU until the kernel's clock has moved; the ratio then lies in (0, 1]
  std::optional<double> busy;
  for (int i = 0; i < 200 && !busy.has_value(); ++i) {
    volatile double sink = 0;
    for (int j = 0; j < 5'000'000; ++j) sink = sink + j;
    busy = Pull(factory, collector.get()).get("ordeal_cpu_busy_ratio");
  }
  BOOST_REQUIRE(busy.has_value());
  BOOST_TEST(*busy > 0);
  BOOST_TEST(*busy <= 1);
}

BOOST_AUTO_TEST_SUITE_END()
