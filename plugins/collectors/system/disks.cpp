// SPDX-License-Identifier: Apache-2.0
/// Space of file systems, and I/O of block devices.
#include <sys/statvfs.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "../procfs/text.h"
#include "source.h"

namespace system_collector {
namespace {

using procfs::take_line;
using procfs::take_word;
using procfs::unsigned_number;

class Filesystems final : public Source {
 public:
  Filesystems(const ordeal::Host& host, const Config& config) : host_(host) {
    for (const std::string& path : config.paths) places_.push_back({path, procfs::label(path)});
  }

  void read(std::string& buffer, Out& out) override {
    static_cast<void>(buffer);
    for (Place& place : places_) {
      struct statvfs now {};
      if (::statvfs(place.path.c_str(), &now) != 0) {
        if (!place.told) {
          host_.warning("the space of " + place.path + " cannot be read: " + std::strerror(errno));
        }
        place.told = true;
        continue;
      }
      place.told = false;
      const double unit = static_cast<double>(now.f_frsize);
      const double used = static_cast<double>(now.f_blocks - now.f_bfree);
      const double avail = static_cast<double>(now.f_bavail);
      if (now.f_blocks == 0) continue;  // a file system without space of its own, such as procfs
      out.add(filesystem_size, place.label, static_cast<double>(now.f_blocks) * unit);
      out.add(filesystem_avail, place.label, avail * unit);
      if (used + avail > 0) out.add(disk_used_ratio, place.label, used / (used + avail));
    }
  }

 private:
  struct Place {
    std::string path;
    std::string label;
    bool told = false;
  };
  const ordeal::Host& host_;
  std::vector<Place> places_;
};

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a block device is a whole one: partitions would count everything twice, loop and ram
/// devices have another device, or none, below them. The choice is node_exporter's.
bool whole_device(std::string_view name) {
  for (const std::string_view prefix : {"loop", "ram", "zram", "fd"}) {
    if (name.size() > prefix.size() && name.substr(0, prefix.size()) == prefix &&
        digit(name[prefix.size()])) {
      return false;
    }
  }
  std::size_t digits = 0;
  while (digits < name.size() && digit(name[name.size() - 1 - digits])) ++digits;
  if (digits == 0 || digits == name.size()) return true;
  const std::string_view stem = name.substr(0, name.size() - digits);
  for (const std::string_view prefix : {"sd", "hd", "vd", "xvd"}) {
    if (stem.size() > prefix.size() && stem.substr(0, prefix.size()) == prefix) return false;
  }
  // nvme0n1p2, mmcblk0p1
  return !(stem.back() == 'p' && stem.size() > 1 && digit(stem[stem.size() - 2]));
}

class Disks final : public Source {
 public:
  Disks(const ordeal::Host& host, const Config& config) : file_(host, config.proc + "/diskstats") {}

  void read(std::string& buffer, Out& out) override {
    const auto text = file_.read(buffer);
    if (!text.has_value()) return;
    std::string_view rest = *text;
    while (!rest.empty()) {
      std::string_view line = take_line(rest);
      take_word(line);
      take_word(line);
      const std::string_view name = take_word(line);
      if (name.empty() || !whole_device(name)) continue;
      // reads, merged, sectors, ms, writes, merged, sectors, ms, in flight, ms of I/O
      std::array<std::uint64_t, 10> field{};
      bool complete = true;
      for (std::uint64_t& value : field) {
        const auto number = unsigned_number(take_word(line));
        complete = complete && number.has_value();
        value = number.value_or(0);
      }
      if (!complete) continue;
      constexpr double sector = 512;  // of /proc/diskstats, whatever the device's own is
      out.add(disk_read_bytes, name, static_cast<double>(field[2]) * sector);
      out.add(disk_written_bytes, name, static_cast<double>(field[6]) * sector);
      out.add(disk_io_time, name, static_cast<double>(field[9]) / 1e3);
    }
  }

 private:
  LoggedFile file_;
};

}  // namespace

std::unique_ptr<Source> make_filesystems(const ordeal::Host& host, const Config& config) {
  return std::make_unique<Filesystems>(host, config);
}
std::unique_ptr<Source> make_disks(const ordeal::Host& host, const Config& config) {
  return std::make_unique<Disks>(host, config);
}

}  // namespace system_collector
