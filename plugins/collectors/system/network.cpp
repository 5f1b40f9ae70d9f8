// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "../procfs/text.h"
#include "source.h"

namespace system_collector {
namespace {

using procfs::take_line;
using procfs::take_word;
using procfs::unsigned_number;

class Network final : public Source {
 public:
  Network(const ordeal::Host& host, const Config& config) : file_(host, config.proc + "/net/dev") {}

  void read(std::string& buffer, Out& out) override {
    const auto text = file_.read(buffer);
    if (!text.has_value()) return;
    std::string_view rest = *text;
    while (!rest.empty()) {
      std::string_view line = take_line(rest);
      const std::size_t colon = line.rfind(':');  // an alias such as eth0:1 has one of its own
      if (colon == std::string_view::npos) continue;
      std::string_view head = line.substr(0, colon);
      const std::string_view name = take_word(head);
      line.remove_prefix(colon + 1);
      // receive: bytes packets errs drop fifo frame compressed multicast; transmit: the same begin
      std::array<std::uint64_t, 12> field{};
      bool complete = true;
      for (std::uint64_t& value : field) {
        const auto number = unsigned_number(take_word(line));
        complete = complete && number.has_value();
        value = number.value_or(0);
      }
      if (!complete) continue;
      out.add(network_receive_bytes, name, static_cast<double>(field[0]));
      out.add(network_receive_drop, name, static_cast<double>(field[3]));
      out.add(network_transmit_bytes, name, static_cast<double>(field[8]));
      out.add(network_transmit_drop, name, static_cast<double>(field[11]));
    }
  }

 private:
  LoggedFile file_;
};

}  // namespace

std::unique_ptr<Source> make_network(const ordeal::Host& host, const Config& config) {
  return std::make_unique<Network>(host, config);
}

}  // namespace system_collector
