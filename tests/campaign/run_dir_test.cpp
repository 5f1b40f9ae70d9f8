// SPDX-License-Identifier: Apache-2.0
#include "campaign/run_dir.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "campaign/campaign_registry.h"

using namespace ordeal;
namespace fs = std::filesystem;

namespace {

class FixedClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t monotonic_ns() const override { return 1; }
  [[nodiscard]] std::uint64_t wall_ns() const override {
    return 1'795'453'200'000'000'000u;  // 2026-11-23T17:00:00Z
  }
};

const FixedClock fixed_clock;

Result<RunDir> create(const std::string& runs, const std::string& explicit_path,
                      const std::string& campaign = "quick") {
  return create_run_dir(runs, explicit_path, campaign, "{\"campaign\": 1}\n", fixed_clock);
}

/// A run of that name, as far as finding one goes.
void plant(const std::string& runs, const std::string& id) {
  fs::create_directories(runs + "/" + id);
  std::ofstream(runs + "/" + id + "/campaign.json") << "{}";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run_dir)

BOOST_AUTO_TEST_CASE(a_new_run_has_its_own_folder) {
  const TemporaryFolder folder;
  const std::string runs = folder.path() + "/state/runs";
  const auto one = create(runs, "");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(one), why(one));
  BOOST_TEST(one->id.starts_with("20261123T170000Z-quick-"), one->id);
  BOOST_TEST(one->id.size() == std::string("20261123T170000Z-quick-1a2b").size());
  BOOST_TEST(one->path == runs + "/" + one->id);
  BOOST_TEST(fs::is_directory(one->logs()));
  BOOST_TEST(fs::is_directory(one->reports()));
  const auto text = read_file(one->file("campaign.json"), ExitCode::internal);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(text), why(text));
  BOOST_TEST(*text == "{\"campaign\": 1}\n");
}

BOOST_AUTO_TEST_CASE(a_campaigns_name_cannot_leave_the_folder) {
  const TemporaryFolder folder;
  const auto run = create(folder.path(), "", "../../a b/c");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(run), why(run));
  BOOST_TEST(run->id.starts_with("20261123T170000Z-______a_b_c-"), run->id);
  BOOST_TEST(fs::path(run->path).parent_path() == folder.path());
  const auto unnamed = create(folder.path(), "", "");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(unnamed), why(unnamed));
  BOOST_TEST(unnamed->id.starts_with("20261123T170000Z-campaign-"), unnamed->id);
}

BOOST_AUTO_TEST_CASE(an_explicit_folder_may_be_new_or_empty) {
  const TemporaryFolder folder;
  const auto made = create("/nowhere", folder.path() + "/a/b/");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(made), why(made));
  BOOST_TEST(made->path == folder.path() + "/a/b");
  BOOST_TEST(made->id == "b");
  fs::create_directory(folder.path() + "/empty");
  const auto empty = create("/nowhere", folder.path() + "/empty");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(empty), why(empty));
  BOOST_TEST(fs::exists(empty->file("campaign.json")));
}

BOOST_AUTO_TEST_CASE(an_occupied_folder_is_refused_and_left_alone) {
  const TemporaryFolder folder;
  const std::string mine = folder.write("mine/notes.txt", "keep");
  for (const std::string& path : {folder.path() + "/mine", mine}) {
    const auto run = create("/nowhere", path);
    BOOST_REQUIRE(!run);
    BOOST_TEST((run.error().code == ExitCode::preflight));
    BOOST_TEST(run.error().line().find("occupied") != std::string::npos, why(run));
    BOOST_TEST(run.error().line().find(path) != std::string::npos, why(run));
  }
  BOOST_TEST(*read_file(mine, ExitCode::internal) == "keep");
  BOOST_TEST(std::distance(fs::directory_iterator(folder.path() + "/mine"), {}) == 1);
}

BOOST_AUTO_TEST_CASE(where_nothing_can_be_made_nothing_is_left) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "keep");
  for (const std::string& path : {file + "/run", std::string("/proc/ordeal-run")}) {
    const auto run = create("/nowhere", path);
    BOOST_REQUIRE(!run);
    BOOST_TEST((run.error().code == ExitCode::preflight));
    BOOST_TEST(run.error().fix.find("--run-dir") != std::string::npos);
  }
  const auto below = create("/proc", "");
  BOOST_TEST(!below);
  BOOST_TEST(*read_file(file, ExitCode::internal) == "keep");
  BOOST_TEST(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

BOOST_AUTO_TEST_CASE(taking_a_run_back_takes_only_what_is_its_own) {
  const TemporaryFolder folder;
  const auto gone = create("", folder.path() + "/gone");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(gone), why(gone));
  std::ofstream(gone->file("guardian.evidence")) << "x";
  std::ofstream(gone->logs() + "/ordeal.log") << "x";
  remove_run_dir(*gone);
  BOOST_TEST(!fs::exists(gone->path));

  const auto kept = create("", folder.path() + "/kept");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(kept), why(kept));
  std::ofstream(kept->reports() + "/summary.txt") << "x";
  remove_run_dir(*kept);
  BOOST_TEST(fs::exists(kept->reports() + "/summary.txt"));
  BOOST_TEST(!fs::exists(kept->file("campaign.json")));
}

BOOST_AUTO_TEST_CASE(runs_are_listed_oldest_first) {
  const TemporaryFolder folder;
  for (const char* id : {"20260102T000000Z-b-0001", "20260101T000000Z-z-0001"})
    plant(folder.path(), id);
  fs::create_directory(folder.path() + "/not-a-run");
  const auto runs = list_run_dirs(folder.path());
  BOOST_REQUIRE_EQUAL(runs.size(), 2u);
  BOOST_TEST(runs[0].id == "20260101T000000Z-z-0001");
  BOOST_TEST(list_run_dirs(folder.path() + "/missing").empty());
}

BOOST_AUTO_TEST_CASE(a_run_is_found_by_what_people_type) {
  const TemporaryFolder folder;
  const std::string old = "20260101T000000Z-quick-0001";
  const std::string recent = "20260102T000000Z-quick-0002";
  plant(folder.path(), old);
  plant(folder.path(), recent);
  plant(folder.path(), recent + "-more");
  const struct {
    std::string name;
    std::string id;
  } cases[] = {{"", recent + "-more"},
               {old, old},
               {"20260101", old},
               {recent, recent},  // also the beginning of another
               {folder.path() + "/" + old, old},
               {folder.path() + "/" + old + "/", old}};
  for (const auto& one : cases) {
    BOOST_TEST_CONTEXT(one.name) {
      const auto run = find_run_dir(folder.path(), one.name);
      BOOST_REQUIRE_MESSAGE(static_cast<bool>(run), why(run));
      BOOST_TEST(run->id == one.id);
      BOOST_TEST(run->path == folder.path() + "/" + one.id);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_run_that_is_not_one_is_a_usage_error) {
  const TemporaryFolder folder;
  const auto none = find_run_dir(folder.path(), "");
  BOOST_REQUIRE(!none);
  BOOST_TEST(none.error().line().find("no run in " + folder.path()) != std::string::npos);
  plant(folder.path(), "20260101T000000Z-a-0001");
  plant(folder.path(), "20260101T000000Z-b-0001");
  const struct {
    const char* name;
    const char* what;
  } cases[] = {{"20260101", "several runs begin with"},
               {"2027", "no run begins with"},
               {"./20260101T000000Z-a-0001", "no run begins with"}};
  for (const auto& one : cases) {
    const auto run = find_run_dir(folder.path(), one.name);
    BOOST_REQUIRE(!run);
    BOOST_TEST((run.error().code == ExitCode::usage));
    BOOST_TEST(run.error().line().find(one.what) != std::string::npos, why(run));
    // Something that would have worked.
    BOOST_TEST(run.error().line().find("20260101T000000Z-b-0001") != std::string::npos, why(run));
  }
}

BOOST_AUTO_TEST_SUITE_END()
