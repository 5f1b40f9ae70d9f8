// SPDX-License-Identifier: Apache-2.0
// A controller that does what the tests of the guardian tell it to.
//   --load CMD | --target CMD | --service CMD   run `sh -c CMD` in such a containment
//   --finish-after MS CODE   final status, then exit (not with that code: the guardian must know)
//   --die-after MS           exit without a word
//   --freeze-after MS        live on, but count no more
//   --tighten BYTES PERCENT  limits: memory available at least, disk used at most
//   --kill-after MS          kill containment 1
//   --ignore-stop            take no notice of stop frames
// Or, as its only argument, --pass-channel: a cell that gives its channel to the init away.
// Writes what it hears to <run dir>/heard (argv[1] is the run directory).
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/codec.h"
#include "guardian/client.h"

namespace {

using namespace ordeal;

struct Plan {
  std::vector<std::pair<ContainmentKind, std::string>> commands;
  std::uint64_t finish_ns = 0;
  int finish_code = 0;
  std::uint64_t die_ns = 0;
  std::uint64_t freeze_ns = 0;
  std::uint64_t kill_ns = 0;
  std::uint64_t least_available = 0;
  double disk_percent = 0;
  bool ignore_stop = false;
};

Plan parse(int argc, char** argv) {
  Plan plan;
  const auto ms = [](const char* text) { return std::strtoull(text, nullptr, 10) * 1'000'000; };
  for (int i = 2; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--load") plan.commands.emplace_back(ContainmentKind::load, argv[++i]);
    if (flag == "--target") plan.commands.emplace_back(ContainmentKind::target, argv[++i]);
    if (flag == "--service") plan.commands.emplace_back(ContainmentKind::service, argv[++i]);
    if (flag == "--finish-after") {
      plan.finish_ns = ms(argv[++i]);
      plan.finish_code = std::atoi(argv[++i]);
    }
    if (flag == "--die-after") plan.die_ns = ms(argv[++i]);
    if (flag == "--freeze-after") plan.freeze_ns = ms(argv[++i]);
    if (flag == "--kill-after") plan.kill_ns = ms(argv[++i]);
    if (flag == "--tighten") {
      plan.least_available = std::strtoull(argv[++i], nullptr, 10);
      plan.disk_percent = std::atof(argv[++i]);
    }
    if (flag == "--ignore-stop") plan.ignore_stop = true;
  }
  return plan;
}

void start(Channel& init, const std::string& command) {
  std::vector<std::byte> payload;
  Encoder out(payload);
  out.u32(1);
  out.u32(static_cast<std::uint32_t>(StartFlag::null_stdio));
  out.u32(3);
  for (const auto* word : {"sh", "-c"}) out.text(word);
  out.text(command);
  out.u32(0);
  out.text("");
  if (!init.send(static_cast<std::uint16_t>(GuardMessage::start), payload)) std::exit(3);
}

/// Plays a cell: sends its channel to the init to whoever holds the other end of its own.
int pass_channel() {
  Channel channel{UniqueFd(cell_channel_fd)};
  const int init = cell_init_fd;
  if (!channel.send(1, {}, std::span(&init, 1))) return 3;
  ::close(init);
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (argv[1] == std::string_view("--pass-channel")) return pass_channel();
  const Plan plan = parse(argc, argv);
  std::ofstream heard(std::string(argv[1]) + "/heard");
  auto link = GuardianLink::inherited();
  if (!link) return 109;
  GuardianLink& guardian = **link;
  for (std::size_t i = 0; i < plan.commands.size(); ++i)
    if (!guardian.make_containment(plan.commands[i].first, static_cast<std::uint32_t>(i + 1)))
      return 3;
  if (plan.least_available != 0 || plan.disk_percent != 0) {
    std::vector<std::byte> payload;
    Encoder out(payload);
    out.u64(plan.least_available);
    out.f64(plan.disk_percent);
    if (!guardian.channel().send(static_cast<std::uint16_t>(GuardMessage::limits), payload))
      return 3;
  }
  bool killed = false;
  std::map<std::uint32_t, Channel> inits;
  const SystemClock clock;
  const std::uint64_t begin = clock.monotonic_ns();
  guardian.counters().controller_armed = 1;
  for (;;) {
    const std::uint64_t now = clock.monotonic_ns();
    const std::uint64_t age = now - begin;
    if (guardian.guardian_lost(now)) return 116;
    if (plan.die_ns != 0 && age > plan.die_ns) return 0;
    if (plan.freeze_ns == 0 || age < plan.freeze_ns) {
      guardian.counters().scheduler.fetch_add(1);
      guardian.counters().journal.fetch_add(1);
    }
    if (plan.finish_ns != 0 && age > plan.finish_ns) {
      if (!guardian.report_status(true, static_cast<ExitCode>(plan.finish_code), "done")) return 3;
      return 0;
    }
    if (plan.kill_ns != 0 && age > plan.kill_ns && !killed) {
      if (!guardian.kill_containment(1)) return 3;
      killed = true;
    }
    pollfd p{guardian.channel().fd(), POLLIN, 0};
    ::poll(&p, 1, 20);
    auto received = guardian.channel().receive();
    if (!received) return 116;
    if (!*received) continue;
    Message& message = **received;
    Decoder in(message.payload);
    switch (static_cast<GuardMessage>(message.type)) {
      case GuardMessage::ready:
        heard << "ready " << in.u32() << std::endl;
        break;
      case GuardMessage::containment_made: {
        const auto id = in.u32();
        heard << "made " << id << ' ' << in.i32() << std::endl;
        if (message.fds.empty()) break;
        inits[id] = Channel(std::move(message.fds[0]));
        start(inits[id], plan.commands[id - 1].second);
        break;
      }
      case GuardMessage::containment_ended:
        heard << "ended " << in.u32() << std::endl;
        break;
      case GuardMessage::pressure:
        heard << "pressure " << in.u32() << std::endl;
        break;
      case GuardMessage::stop: {
        const auto level = in.u32();
        const auto reason = in.u32();
        heard << "stop " << level << ' ' << reason << std::endl;
        if (plan.ignore_stop) break;
        const auto code = level == 1 ? ExitCode::stopped : ExitCode::safety_stop;
        if (!guardian.report_status(true, code, "stopped")) return 3;
        return 0;
      }
      default:
        break;
    }
  }
}
