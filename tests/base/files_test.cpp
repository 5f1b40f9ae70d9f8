// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "places.h"
#include "temporary_folder.h"

using namespace ordeal;
using ordeal::testing::TemporaryFolder;

namespace {

std::size_t entries(const std::string& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

/// Sets a variable for the length of a test; nullptr removes it.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before, had_ = true;
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~Variable() { had_ ? ::setenv(name_, before_.c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::string before_;
  bool had_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(files)

BOOST_AUTO_TEST_CASE(a_file_comes_back_as_written) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  std::string bytes(100'000, 'x');
  bytes[50'000] = '\0';
  for (const bool durable : {true, false}) {
    bytes += durable ? 'd' : 'n';
    BOOST_TEST_REQUIRE(!!write_file(path, bytes, durable));
    const auto back = read_file(path, ExitCode::internal);
    BOOST_TEST_REQUIRE(!!back);
    BOOST_TEST((back.value() == bytes));
  }
  BOOST_TEST(entries(folder.path()) == 1u);  // no temporary is left
}

BOOST_AUTO_TEST_CASE(replacing_keeps_the_mode_and_never_touches_what_others_opened) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  BOOST_TEST_REQUIRE(!!write_file(path, "old", false));
  BOOST_TEST_REQUIRE(::chmod(path.c_str(), 0600) == 0);
  std::ifstream reader(path);
  BOOST_TEST_REQUIRE(!!write_file(path, "new", false));
  std::string seen;
  std::getline(reader, seen);
  BOOST_TEST(seen == "old");
  struct stat about {};
  BOOST_TEST_REQUIRE(::stat(path.c_str(), &about) == 0);
  BOOST_TEST((about.st_mode & 0777) == 0600u);
}

BOOST_AUTO_TEST_CASE(a_write_that_cannot_be_leaves_nothing) {
  const TemporaryFolder folder;
  const auto missing = write_file(folder.file("none/a"), "x");
  BOOST_TEST_REQUIRE(!missing);
  BOOST_TEST(missing.error().line().find(folder.file("none/a")) != std::string::npos);
  // A folder cannot be replaced by a file: the rename fails, after the temporary was written.
  std::filesystem::create_directories(folder.file("in_the_way/full"));
  BOOST_TEST(!write_file(folder.file("in_the_way"), "x"));
  BOOST_TEST(entries(folder.path()) == 1u);
}

BOOST_AUTO_TEST_CASE(reading_refuses_what_it_should) {
  const TemporaryFolder folder;
  const auto missing = read_file(folder.file("a"), ExitCode::invalid_config);
  BOOST_TEST_REQUIRE(!missing);
  BOOST_TEST((missing.error().code == ExitCode::invalid_config));
  BOOST_TEST(missing.error().what == "opening " + folder.file("a") + ": No such file or directory");

  BOOST_TEST(!read_file(folder.path(), ExitCode::internal));
  BOOST_TEST_REQUIRE(::mkfifo(folder.file("fifo").c_str(), 0600) == 0);
  const auto fifo =
      read_file(folder.file("fifo"), ExitCode::internal);  // must not wait for a writer
  BOOST_TEST_REQUIRE(!fifo);
  BOOST_TEST(fifo.error().what.find("not a regular file") != std::string::npos);

  BOOST_TEST_REQUIRE(!!write_file(folder.file("ten"), "0123456789", false));
  BOOST_TEST(!!read_file(folder.file("ten"), ExitCode::internal, 10));
  BOOST_TEST(!read_file(folder.file("ten"), ExitCode::internal, 9));
}

BOOST_AUTO_TEST_CASE(a_process_is_known_by_more_than_its_pid) {
  // A name made to mislead: the fields after it must still be found.
  char before[16] = {};
  ::prctl(PR_GET_NAME, before);
  ::prctl(PR_SET_NAME, "a) Z 1 2 (b");
  const auto self = identify_process(::getpid());
  ::prctl(PR_SET_NAME, before);
  BOOST_TEST(self.pid == ::getpid());
  BOOST_TEST(self.start_ticks > 0u);
  BOOST_TEST(self.boot_id.size() == 36u);
  BOOST_TEST(self.boot_id == boot_id());
  BOOST_TEST(still_running(self));

  auto other = self;
  ++other.start_ticks;
  BOOST_TEST(!still_running(other));
  other = self;
  other.boot_id[0] = other.boot_id[0] == '0' ? '1' : '0';
  BOOST_TEST(!still_running(other));
  BOOST_TEST(!still_running(ProcessIdentity()));
  BOOST_TEST(identify_process(-1).pid == 0);
}

BOOST_AUTO_TEST_CASE(an_ended_process_is_not_running_not_even_as_a_zombie) {
  int gate[2];
  BOOST_TEST_REQUIRE(::pipe(gate) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char c = 0;
    ::close(gate[1]);
    ::_exit(::read(gate[0], &c, 1) == 0 ? 0 : 1);
  }
  ::close(gate[0]);
  const auto identity = identify_process(child);
  BOOST_TEST(identity.pid == child);
  BOOST_TEST(still_running(identity));
  ::close(gate[1]);
  siginfo_t info{};
  BOOST_TEST_REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  BOOST_TEST(!still_running(identity));  // a zombie
  BOOST_TEST_REQUIRE(::waitpid(child, nullptr, 0) == child);
  BOOST_TEST(!still_running(identity));
  BOOST_TEST(identify_process(child).pid == 0);
}

BOOST_AUTO_TEST_CASE(times_are_utc) {
  const Variable zone("TZ", "Asia/Tokyo");
  BOOST_TEST(utc_time(0) == "1970-01-01T00:00:00Z");
  BOOST_TEST(utc_time(1'795'455'060'999'999'999u) == "2026-11-23T17:31:00Z");
  BOOST_TEST(utc_time(1'795'455'060'000'000'000u, true) == "20261123T173100Z");
}

BOOST_AUTO_TEST_CASE(the_installed_parts_are_found_from_the_program) {
  // This test lies in <build>/bin, and the build tree has the installed layout.
  const auto paths = install_paths();
  BOOST_TEST(paths.prefix == std::filesystem::canonical(ORDEAL_BUILD_DIR).string());
  BOOST_TEST(paths.bin == paths.prefix + "/bin");
  BOOST_TEST(paths.libexec == paths.prefix + "/libexec/ordeal");
  BOOST_TEST(paths.plugins.starts_with(paths.prefix + "/lib/"));
  BOOST_TEST(paths.plugins.ends_with("/ordeal/plugins"));
  BOOST_TEST(paths.manifests == paths.prefix + "/share/ordeal/manifests");
  BOOST_TEST(!hostname().empty());
}

BOOST_AUTO_TEST_CASE(runs_lie_in_the_state_folder) {
  {
    const Variable state("XDG_STATE_HOME", "/s");
    BOOST_TEST(runs_folder() == "/s/ordeal/runs");
  }
  const Variable home("HOME", "/h");
  {
    const Variable relative("XDG_STATE_HOME", "s");
    BOOST_TEST(runs_folder() == "/h/.local/state/ordeal/runs");
  }
  const Variable no_state("XDG_STATE_HOME", nullptr);
  BOOST_TEST(runs_folder() == "/h/.local/state/ordeal/runs");
  const Variable no_home("HOME", nullptr);  // a service: the user's line in /etc/passwd
  BOOST_TEST(runs_folder().starts_with('/'));
  BOOST_TEST(runs_folder().ends_with("/ordeal/runs"));
  BOOST_TEST(runs_folder() != "/h/.local/state/ordeal/runs");
}

BOOST_AUTO_TEST_SUITE_END()
