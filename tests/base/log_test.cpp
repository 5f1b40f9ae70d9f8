// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "base/files.h"
#include "temporary_folder.h"

using namespace ordeal;
using ordeal::testing::TemporaryFolder;

namespace {

std::vector<std::string> lines_of(const std::string& path) {
  const auto text = read_file(path, ExitCode::internal);
  BOOST_TEST_REQUIRE(!!text, path << " cannot be read");
  std::istringstream in(text.value());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Closes the log though the test fails, since there is one per process.
struct OpenLog {
  OpenLog(const std::string& folder, const std::string& component) {
    const auto opened = open_log(folder, component);
    BOOST_TEST_REQUIRE(!!opened, (opened ? "" : opened.error().line()));
  }
  ~OpenLog() { close_log(); }
};

}  // namespace

// At global scope the suite's namespace would collide with log() of <math.h>.
namespace ordeal::testing {

BOOST_AUTO_TEST_SUITE(log)

BOOST_AUTO_TEST_CASE(lines_have_the_documented_form) {
  const TemporaryFolder folder;
  ordeal::log(Severity::error, "early", "before the log is open");
  {
    const OpenLog open(folder.file("logs"), "controller");
    ordeal::log(Severity::debug, "ordeal", "a");
    ordeal::log(Severity::info, "ordeal", "b");
    ordeal::log(Severity::warning, "org.ordeal.http", "grüße\ttab");
    ordeal::log(Severity::error, "org.ordeal.http", "two\nlines\r\x01");
  }
  ordeal::log(Severity::error, "late", "after the log is closed");
  const auto lines = lines_of(folder.file("logs/controller.log"));
  BOOST_TEST_REQUIRE(lines.size() == 4u);
  const std::string time = R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z )";
  const char* rest[] = {R"(debug    \[ordeal\] a$)", R"(info     \[ordeal\] b$)",
                        R"(warning  \[org\.ordeal\.http\] grüße	tab$)",
                        R"(error    \[org\.ordeal\.http\] two\\nlines\\x0d\\x01$)"};
  for (std::size_t i = 0; i < lines.size(); ++i)
    BOOST_TEST(std::regex_search(lines[i], std::regex(time + rest[i])), lines[i]);
}

BOOST_AUTO_TEST_CASE(a_warning_is_in_the_file_when_the_call_returns) {
  const TemporaryFolder folder;
  const OpenLog open(folder.path(), "c");
  for (int i = 0; i < 100; ++i) {
    ordeal::log(Severity::info, "c", "before");
    ordeal::log(Severity::warning, "c", "number " + std::to_string(i));
    const auto lines = lines_of(folder.file("c.log"));
    BOOST_TEST_REQUIRE(lines.size() == 2u * static_cast<unsigned>(i) + 2);  // and in order
    BOOST_TEST_REQUIRE(lines.back().ends_with("number " + std::to_string(i)));
  }
}

BOOST_AUTO_TEST_CASE(a_burst_loses_no_warning_and_counts_what_it_loses) {
  constexpr int threads = 4;
  constexpr int each = 20'000;
  constexpr int warn_every = 500;
  const TemporaryFolder folder;
  {
    const OpenLog open(folder.path(), "burst");
    std::vector<std::thread> writers;
    for (int t = 0; t < threads; ++t)
      writers.emplace_back([t] {
        const std::string channel = "writer" + std::to_string(t);
        for (int i = 0; i < each; ++i)
          ordeal::log(i % warn_every == 0 ? Severity::warning : Severity::info, channel,
                      channel + " line " + std::to_string(i));
      });
    for (auto& writer : writers) writer.join();
  }
  std::uint64_t written = 0, dropped = 0, warnings = 0;
  const std::regex drops(R"(warning  \[ordeal\.log\] (\d+) lines below warning were dropped)");
  for (const auto& line : lines_of(folder.file("burst.log"))) {
    std::smatch match;
    if (std::regex_search(line, match, drops)) {
      dropped += std::stoull(match[1]);
      continue;
    }
    ++written;
    if (line.find(" warning ") != std::string::npos) ++warnings;
    // The channel is the one of its own thread.
    const auto channel = line.find("[writer");
    BOOST_TEST_REQUIRE(channel != std::string::npos);
    BOOST_TEST_REQUIRE(line.substr(channel + 1, 7) == line.substr(line.rfind("] ") + 2, 7));
  }
  BOOST_TEST_MESSAGE(written << " written, " << dropped << " dropped");
  BOOST_TEST(warnings == static_cast<unsigned>(threads * each / warn_every));
  BOOST_TEST(written + dropped == static_cast<unsigned>(threads * each));
}

BOOST_AUTO_TEST_CASE(files_rotate_and_the_oldest_go) {
  const TemporaryFolder folder;
  const std::string line(8'000, 'x');
  {
    // Another component's files in the same folder are none of ours.
    const OpenLog open(folder.path(), "other");
    ordeal::log(Severity::warning, "other", "stays");
  }
  for (int opened = 0; opened < 2; ++opened) {  // what an earlier process left counts
    const OpenLog open(folder.path(), "big");
    for (int i = 0; i < 5'500; ++i)
      ordeal::log(i % 100 == 0 ? Severity::warning : Severity::info, "big", line);
  }
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const auto name = entry.path().filename().string();
    BOOST_TEST(entry.file_size() <= 16u * 1024 * 1024);
    if (name.starts_with("big")) ++count;
  }
  BOOST_TEST(count == 4u);
  BOOST_TEST(std::filesystem::exists(folder.file("big.log")));
  BOOST_TEST(lines_of(folder.file("other.log")).size() == 1u);
}

BOOST_AUTO_TEST_CASE(reopening_appends) {
  const TemporaryFolder folder;
  for (int i = 0; i < 3; ++i) {
    const OpenLog open(folder.path(), "c");
    ordeal::log(Severity::info, "c", "again");
  }
  BOOST_TEST(lines_of(folder.file("c.log")).size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_is_refused_at_once) {
  const TemporaryFolder folder;
  BOOST_TEST_REQUIRE(!!write_file(folder.file("file"), "", false));
  BOOST_TEST(!open_log(folder.file("file"), "c"));
  BOOST_TEST(!open_log(folder.file("file/below"), "c"));
  std::filesystem::create_directory(folder.file("c.log"));
  const auto taken = open_log(folder.path(), "c");
  BOOST_TEST_REQUIRE(!taken);
  BOOST_TEST(taken.error().line().find(folder.file("c.log")) != std::string::npos);
  const OpenLog open(folder.path(), "d");
  BOOST_TEST(!open_log(folder.path(), "e"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace ordeal::testing
