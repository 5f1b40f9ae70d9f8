// SPDX-License-Identifier: Apache-2.0
#include "campaign/report_files.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/files.h"
#include "temporary_folder.h"

using namespace ordeal;

namespace {

PluginInfo plugin(const std::string& id, bool shipped) {
  PluginInfo info;
  info.id = id;
  info.shipped = shipped;
  return info;
}

struct Folder {
  Folder() : files(folder.path()) {}
  std::string put(const PluginInfo& who, const std::string& name, std::string_view bytes) {
    return files.put(who, name, bytes, robbed);
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    auto text = read_file(folder.path() + "/" + name, ExitCode::internal);
    return text ? *text : "(none)";
  }

  testing::TemporaryFolder folder;
  ReportFiles files;
  const PluginInfo* robbed = nullptr;
  const PluginInfo ours = plugin("org.ordeal.report-json", true);
  const PluginInfo theirs = plugin("org.example.csv", false);
  const PluginInfo others = plugin("org.example.pdf", false);
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(report_files, Folder)

BOOST_AUTO_TEST_CASE(a_plugin_may_write_its_file_again) {
  BOOST_TEST(put(theirs, "table.csv", "1") == "");
  BOOST_TEST(put(theirs, "table.csv", "2") == "");
  BOOST_TEST(robbed == nullptr);
  BOOST_TEST(content("table.csv") == "2");
}

BOOST_AUTO_TEST_CASE(a_plugin_cannot_write_anothers_file) {
  BOOST_TEST(put(ours, "report.json", "true") == "");
  BOOST_TEST(put(theirs, "report.json", "forged") == "'report.json' is a file of " + ours.id);
  BOOST_TEST(put(theirs, "table.csv", "1") == "");
  BOOST_TEST(put(others, "table.csv", "forged") == "'table.csv' is a file of " + theirs.id);
  BOOST_TEST(content("report.json") == "true");
  BOOST_TEST(content("table.csv") == "1");
}

BOOST_AUTO_TEST_CASE(what_is_shipped_takes_its_names_back) {
  BOOST_TEST(put(theirs, "report.json", "forged") == "");
  BOOST_TEST(put(ours, "report.json", "true") == "");
  BOOST_REQUIRE(robbed != nullptr);
  BOOST_TEST(robbed->id == theirs.id);
  BOOST_TEST(content("report.json") == "true");
  BOOST_TEST(put(theirs, "report.json", "forged") != "");
}

BOOST_AUTO_TEST_CASE(names_stay_in_the_folder) {
  for (const std::string& name :
       {std::string(), std::string("../a"), std::string("a/b"), std::string(".a"),
        std::string("-a"), std::string("a\0b", 3), std::string("a\nb"), std::string(201, 'a')})
    BOOST_TEST(put(theirs, name, "x") != "");
  BOOST_TEST(std::filesystem::is_empty(folder.path()));
}

BOOST_AUTO_TEST_CASE(one_stage_has_room_for_so_much) {
  const std::string much(64u * 1024 * 1024, 'x');
  for (int i = 0; i < 4; ++i) BOOST_TEST(put(theirs, "same", much) == "");
  BOOST_TEST(put(theirs, "same", "x") == "its files of one stage are larger than 256 MiB");
  BOOST_TEST(put(others, "other", "x") == "");
  files.begin(theirs);
  BOOST_TEST(put(theirs, "same", "x") == "");
}

BOOST_AUTO_TEST_SUITE_END()
