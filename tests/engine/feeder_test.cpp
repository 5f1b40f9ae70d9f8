// SPDX-License-Identifier: Apache-2.0
#include "engine/feeder.h"

#include <sys/mman.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <new>
#include <set>

#include "base/unique_fd.h"
#include "engine/fake_scenario.h"

using namespace ordeal;

namespace {

UniqueFd memory(std::string_view bytes) {
  UniqueFd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  BOOST_TEST_REQUIRE(::write(fd.get(), bytes.data(), bytes.size()) ==
                     static_cast<ssize_t>(bytes.size()));
  return fd;
}

/// What the host makes of a file, by the same steps.
struct Data {
  Data(std::string text, FeederSpec::Format format, FeederSpec::Order order, std::uint64_t step = 1)
      : file(memory(text)) {
    BOOST_TEST_REQUIRE(::fcntl(file.get(), F_ADD_SEALS, feeder_copy_seals) == 0);
    spec.file = "data";
    spec.format = format;
    spec.order = order;
    FeederText walk(text, format);
    std::size_t at = walk.begin();
    std::string_view record;
    std::vector<std::uint32_t> places;
    if (format == FeederSpec::Format::csv) walk.next(at, record);
    FeederIndex head;
    while (walk.next(at, record) == FeederText::Step::record) {
      const auto here = static_cast<std::uint32_t>(record.data() - text.data());
      if (head.records == 0) head.first = here;
      if (head.records++ % step == 0) places.push_back(here);
    }
    head.file_size = text.size();
    head.step = step;
    head.places = places.size();
    std::string bytes(sizeof head + places.size() * sizeof(std::uint32_t), '\0');
    std::memcpy(bytes.data(), static_cast<const void*>(&head), sizeof head);
    std::memcpy(bytes.data() + sizeof head, places.data(), places.size() * sizeof(std::uint32_t));
    index = memory(bytes);
  }
  std::unique_ptr<Feeder> open() const {
    auto feeder = Feeder::map(spec, file.get(), index.get());
    BOOST_TEST_REQUIRE(!!feeder, (feeder ? "" : feeder.error().line()));
    return std::move(feeder).value();
  }
  FeederSpec spec;
  UniqueFd file;
  UniqueFd index;
};

std::string lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "{\"n\":" + std::to_string(i) + "}\n" + (i % 3 ? "" : "\n");
  return text;
}
std::string line(std::uint64_t i) { return "{\"n\":" + std::to_string(i) + "}"; }

constexpr auto jsonl = FeederSpec::Format::jsonl;
constexpr auto csv = FeederSpec::Format::csv;
constexpr auto sequential = FeederSpec::Order::sequential;
constexpr auto unique = FeederSpec::Order::unique;

}  // namespace

BOOST_AUTO_TEST_SUITE(feeder)

BOOST_AUTO_TEST_CASE(every_record_is_found_however_few_places_are_known) {
  for (const std::uint64_t step : {1, 2, 7, 1000}) {
    const Data data(lines(100), jsonl, sequential, step);
    const auto feeder = data.open();
    BOOST_TEST(feeder->records() == 100u);
    std::string buffer;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const std::uint64_t record = i * 37 % 100;
      BOOST_TEST(feeder->read(record, buffer) == line(record));
    }
    BOOST_TEST(buffer.empty());  // JSON lines are not copied
    BOOST_TEST(feeder->read(100, buffer) == "{}");
  }
}

BOOST_AUTO_TEST_CASE(csv_records_become_objects) {
  const Data data("\xef\xbb\xbfname,\"a \"\"b\"\"\"\r\n\r\nx,\"1,\n2\"\r\ny\xc3\xa9,\r\n", csv,
                  sequential);
  const auto feeder = data.open();
  BOOST_TEST(feeder->records() == 2u);
  std::string buffer;
  BOOST_TEST(feeder->read(0, buffer) == R"({"name":"x","a \"b\"":"1,\n2"})");
  BOOST_TEST(feeder->read(1, buffer) == "{\"name\":\"y\xc3\xa9\",\"a \\\"b\\\"\":\"\"}");
}

BOOST_AUTO_TEST_CASE(workers_take_turns) {
  const Data data(lines(10), jsonl, sequential);
  for (const std::uint32_t workers : {1u, 3u, 10u, 25u}) {
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      const auto feeder = data.open();
      feeder->begin(worker, workers, 1);
      for (std::uint64_t i = 0; i < 30; ++i) {
        std::uint64_t record = 0;
        BOOST_TEST(feeder->take(record));
        BOOST_TEST(record == (worker + i * workers) % 10);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(who_takes_a_workers_place_goes_on_behind_its_records) {
  const Data data(lines(10), jsonl, sequential);
  for (const std::uint64_t done : {0ull, 1ull, 7ull, 1'000'003ull, ~0ull}) {
    for (const std::uint32_t workers : {1u, 3u, 10u, 25u}) {
      const auto feeder = data.open();
      feeder->begin(1, workers, 1, done);
      std::uint64_t record = 0;
      for (std::uint64_t i = 0; i < 20; ++i) {
        BOOST_TEST(feeder->take(record));
        BOOST_TEST(record == (1 + (done % 10 + i) * workers) % 10);
      }
      BOOST_TEST(feeder->taken() == done + 20);
    }
  }
}

BOOST_AUTO_TEST_CASE(random_is_the_seeds) {
  const Data data(lines(50), jsonl, FeederSpec::Order::random);
  const auto drawn = [&](std::uint64_t seed) {
    const auto feeder = data.open();
    feeder->begin(0, 1, seed);
    std::vector<std::uint64_t> records(200);
    for (auto& record : records) BOOST_TEST(feeder->take(record));
    return records;
  };
  const auto one = drawn(1);
  BOOST_TEST((one == drawn(1)));
  BOOST_TEST((one != drawn(2)));
  BOOST_TEST(std::set<std::uint64_t>(one.begin(), one.end()).size() > 40u);
  for (const std::uint64_t record : one) BOOST_TEST(record < 50u);
}

BOOST_AUTO_TEST_CASE(unique_is_once_over_all_workers_and_restarts) {
  const Data data(lines(20), jsonl, unique);
  std::set<std::uint64_t> taken;
  std::uint64_t record = 0;
  for (int round = 0; round < 4; ++round) {
    const auto a = data.open();
    const auto b = data.open();
    a->begin(0, 2, 1);
    b->begin(1, 2, 1);
    for (int i = 0; i < 2; ++i) {
      BOOST_TEST(a->take(record));
      taken.insert(record);
      BOOST_TEST(b->take(record));
      taken.insert(record);
    }
  }
  BOOST_TEST(taken.size() == 16u);
  const auto last = data.open();
  for (int i = 0; i < 4; ++i) BOOST_TEST(last->take(record));
  BOOST_TEST(!last->take(record));
  BOOST_TEST(!last->take(record));
}

BOOST_AUTO_TEST_CASE(only_what_nobody_can_change_is_mapped) {
  const std::string text = "a,b\n1,2\n3,4\n";
  const Data data(text, csv, sequential);
  BOOST_TEST(::pwrite(data.file.get(), "\"", 1, 8) < 0);
  BOOST_TEST(::ftruncate(data.file.get(), 0) != 0);
  const UniqueFd open = memory(text);
  const auto refused = Feeder::map(data.spec, open.get(), data.index.get());
  BOOST_TEST_REQUIRE(!refused);
  BOOST_TEST(refused.error().line().find("data: ") != std::string::npos);
  BOOST_TEST(refused.error().line().find("its copy is not sealed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_index_that_is_wrong_is_read_within_bounds) {
  const Data data("a,b\n1,2\n3,4\n", csv, sequential);
  const auto feeder = data.open();
  std::string buffer;
  BOOST_TEST(feeder->read(1, buffer) == R"({"a":"3","b":"4"})");
  for (const std::uint32_t place : {0u, 5u, 11u, 12u, 13u, 0xffffffffu}) {
    BOOST_TEST_REQUIRE(::pwrite(data.index.get(), &place, sizeof place, sizeof(FeederIndex)) ==
                       sizeof place);
    const std::string read(feeder->read(0, buffer));
    BOOST_TEST((place < 12 || read == "{}"), place << " " << read);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_index_is_refused) {
  const Data data(lines(3), jsonl, sequential);
  const UniqueFd nothing = memory("");
  BOOST_TEST(!Feeder::map(data.spec, data.file.get(), nothing.get()));
  const UniqueFd zeros = memory(std::string(4096, '\0'));
  BOOST_TEST(!Feeder::map(data.spec, data.file.get(), zeros.get()));
  const UniqueFd shorter = memory("{");
  const auto cut = Feeder::map(data.spec, shorter.get(), data.index.get());
  BOOST_TEST_REQUIRE(!cut);
  BOOST_TEST(cut.error().line().find("data: ") != std::string::npos);
  BOOST_TEST(cut.error().line().find("it has become shorter") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(operations_carry_their_record) {
  const Data data("k\nx\ny\nz\n", csv, sequential);
  FakeScenario fake;
  std::vector<std::string> seen;
  fake.on_issue = [&](const ordeal_op& op) {
    // Both are in flight: each has its own.
    const std::string mine(op.data.ptr, op.data.len);
    fake.after(FakeScenario::ms, [&fake, &seen, mine, id = op.id, data = op.data] {
      BOOST_TEST(std::string(data.ptr, data.len) == mine);
      seen.push_back(mine);
      fake.complete(id);
    });
  };
  fake.attach();
  fake.worker().feed(data.open());
  const auto frame = fake.run(closed_load(2, 7));
  BOOST_TEST(count(frame, Outcome::ok) == 7u);
  BOOST_TEST_REQUIRE(seen.size() == 7u);
  BOOST_TEST(seen[0] == R"({"k":"x"})");
  BOOST_TEST(seen[1] == R"({"k":"y"})");
  BOOST_TEST(seen[2] == R"({"k":"z"})");
  BOOST_TEST(seen[3] == R"({"k":"x"})");
}

BOOST_AUTO_TEST_CASE(closed_load_ends_when_all_are_used) {
  const Data data(lines(5), jsonl, unique);
  FakeScenario fake;
  fake.attach();
  fake.worker().feed(data.open());
  const auto frame = fake.run(closed_load(2, 1000));
  BOOST_TEST(fake.issued.size() == 5u);
  BOOST_TEST(count(frame, Outcome::ok) == 5u);
  BOOST_TEST(count(frame, Outcome::dropped) == 1u);
  BOOST_TEST(frame.offered == 6u);
  BOOST_TEST_REQUIRE(frame.kinds.size() == 1u);
  BOOST_TEST((frame.kinds[0].codes ==
              std::vector<std::pair<std::int64_t, std::uint64_t>>{{no_record_code, 1}}));
}

BOOST_AUTO_TEST_CASE(open_load_drops_what_its_schedule_still_asks_for) {
  const Data data(lines(5), jsonl, unique);
  FakeScenario fake;
  fake.attach();
  fake.worker().feed(data.open());
  const auto frame = fake.run(open_load(4, 200, 100 * FakeScenario::ms));
  BOOST_TEST(fake.issued.size() == 5u);
  BOOST_TEST(frame.offered == 20u);
  BOOST_TEST(count(frame, Outcome::ok) == 5u);
  BOOST_TEST(count(frame, Outcome::dropped) == 15u);
}

BOOST_AUTO_TEST_CASE(a_further_attempt_has_the_same_record) {
  const Data data(lines(5), jsonl, unique);
  FakeScenario fake;
  std::vector<std::string> seen;
  fake.on_issue = [&](const ordeal_op& op) {
    seen.emplace_back(op.data.ptr, op.data.len);
    const bool first = seen.size() == 1;
    fake.complete(op.id, FakeScenario::result(first ? ORDEAL_OUTCOME_REFUSED : ORDEAL_OUTCOME_OK));
  };
  fake.attach();
  fake.worker().feed(data.open());
  auto load = closed_load(1, 3);
  load.retry = {2, 1u << ORDEAL_OUTCOME_REFUSED, FakeScenario::ms};
  const auto frame = fake.run(load);
  BOOST_TEST(count(frame, Outcome::ok) == 3u);
  BOOST_TEST((seen == std::vector<std::string>{line(0), line(0), line(1), line(2)}));
}

BOOST_AUTO_TEST_SUITE_END()
