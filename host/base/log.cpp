// SPDX-License-Identifier: Apache-2.0
// CMake's own FindBoost does not say which kind of library it found; Debian ships the shared one.
#ifndef BOOST_LOG_DYN_LINK
#define BOOST_LOG_DYN_LINK
#endif

#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <boost/log/attributes/function.hpp>
#include <boost/log/attributes/value_extraction.hpp>
#include <boost/log/core.hpp>
#include <boost/log/sinks/async_frontend.hpp>
#include <boost/log/sinks/bounded_fifo_queue.hpp>
#include <boost/log/sinks/text_file_backend.hpp>
#include <boost/log/sources/record_ostream.hpp>
#include <boost/log/sources/severity_channel_logger.hpp>
#include <boost/log/utility/formatting_ostream.hpp>
#include <boost/smart_ptr/make_shared_object.hpp>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>

#include "base/clock.h"
#include "base/files.h"
#include "base/unique_fd.h"

namespace ordeal {

namespace {

namespace keywords = boost::log::keywords;
namespace sinks = boost::log::sinks;
namespace sources = boost::log::sources;

constexpr std::size_t queue_size = 1024;
constexpr std::uintmax_t file_size = 16u * 1024 * 1024;
constexpr std::size_t files_beside_current = 3;

std::atomic<std::uint64_t>& dropped();

/// Boost's own drop_on_overflow keeps no count, and its block_on_overflow discards the blocked
/// records of other threads whenever one thread flushes.
class DropAndCount {
 public:
  template <typename Lock>
  bool on_overflow(const boost::log::record_view& record, Lock& lock) {
    if (*boost::log::extract<Severity>("Severity", record) < Severity::warning) {
      dropped().fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    space_.wait(lock);
    return true;
  }
  void on_queue_space_available() { space_.notify_one(); }
  void interrupt() {}

 private:
  boost::condition_variable space_;
};

using Sink = sinks::asynchronous_sink<sinks::text_file_backend,
                                      sinks::bounded_fifo_queue<queue_size, DropAndCount>>;

struct Log {
  std::atomic<bool> open{false};
  std::atomic<std::uint64_t> dropped{0};
  std::mutex
      urgent;  // one flush at a time: a second one would ride on the first, and miss its line
  boost::shared_ptr<Sink> sink;
  sources::severity_channel_logger_mt<Severity, std::string> logger;
};

/// Boost.Log's core is a process-wide singleton, and so is this. Never destroyed: the writer thread
/// may outlive the static destructors of a program that ends without close_log().
Log& state() {
  static Log& log = *new Log;
  return log;
}

std::atomic<std::uint64_t>& dropped() { return state().dropped; }

void format(const boost::log::record_view& record, boost::log::formatting_ostream& out) {
  static constexpr const char* names[] = {"debug   ", "info    ", "warning ", "error   "};
  const auto wall_ns = *boost::log::extract<std::uint64_t>("WallTime", record);
  const auto severity = *boost::log::extract<Severity>("Severity", record);
  const auto channel = boost::log::extract<std::string>("Channel", record);
  const auto message = boost::log::extract<std::string>("Message", record);
  std::string time = utc_time(wall_ns);
  time.pop_back();
  char micros[16];
  std::snprintf(micros, sizeof micros, ".%06uZ ",
                static_cast<unsigned>(wall_ns / 1000 % 1'000'000));
  out << time << micros << names[static_cast<std::uint32_t>(severity)] << " [" << *channel << "] "
      << *message;
}

/// A plugin's message must not be able to look like another line.
std::string one_line(std::string_view message) {
  std::string text;
  text.reserve(message.size());
  for (const char c : message) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '\n') {
      text += "\\n";
    } else if ((code < 0x20 && c != '\t') || code == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", code);
      text += escaped;
    } else {
      text += c;
    }
  }
  return text;
}

void write(Log& log, Severity severity, std::string_view channel, std::string_view message) {
  BOOST_LOG_CHANNEL_SEV(log.logger, std::string(channel), severity) << one_line(message);
}

/// The queue must have had room before this is called, else the report competes with what it
/// reports.
void report_drops(Log& log) {
  const auto count = log.dropped.exchange(0, std::memory_order_relaxed);
  if (count == 0) return;
  write(log, Severity::warning, "ordeal.log",
        std::to_string(count) + " lines below warning were dropped: the log could not keep up");
}

void tell_stderr(const char* doing, const std::exception& error) {
  std::fprintf(stderr, "ordeal: %s the log: %s\n", doing, error.what());
}

}  // namespace

Result<void> open_log(const std::string& folder, const std::string& component) {
  Log& log = state();
  Error error;
  error.what = "a log is already open in this process";
  if (log.open) return error;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return errno_error(ExitCode::internal, "creating " + folder, failed.value());
  const std::string path = folder + '/' + component + ".log";
  // Boost opens the file at the first line, when it is too late to refuse.
  const UniqueFd probe(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!probe) return errno_error(ExitCode::internal, "opening " + path, errno);
  try {
    auto backend = boost::make_shared<sinks::text_file_backend>(
        keywords::file_name = path,
        keywords::target_file_name = folder + '/' + component + ".%N.log",
        keywords::rotation_size = file_size,
        keywords::open_mode = std::ios_base::out | std::ios_base::app,
        keywords::enable_final_rotation = false);
    // A crash must not take lines along that only waited in the stream's buffer.
    backend->auto_flush(true);
    backend->set_file_collector(sinks::file::make_collector(
        keywords::target = folder, keywords::max_files = files_beside_current));
    backend->scan_for_files();
    auto sink = boost::make_shared<Sink>(backend);
    sink->set_formatter(&format);
    sink->set_exception_handler([told = false]() mutable {
      if (std::exchange(told, true)) return;
      try {
        throw;
      } catch (const std::exception& exception) {
        tell_stderr("writing", exception);
      }
    });
    const auto core = boost::log::core::get();
    core->add_global_attribute(
        "WallTime", boost::log::attributes::make_function([] { return SystemClock().wall_ns(); }));
    core->add_sink(sink);
    log.sink = std::move(sink);
  } catch (const std::exception& exception) {
    error.what = "setting up " + path + ": " + exception.what();
    return error;
  }
  log.open = true;
  return {};
}

void log(Severity severity, std::string_view channel, std::string_view message) {
  Log& log = state();
  if (!log.open.load(std::memory_order_acquire)) return;
  try {
    if (severity >= Severity::warning) {
      const std::lock_guard lock(log.urgent);
      write(log, severity, channel, message);
      log.sink->flush();
      return;
    }
    const auto before = log.dropped.load(std::memory_order_relaxed);
    write(log, severity, channel, message);
    if (before == 0 || log.dropped.load(std::memory_order_relaxed) != before) return;
    const std::lock_guard lock(log.urgent);
    report_drops(log);
    log.sink->flush();
  } catch (const std::exception& exception) {
    tell_stderr("adding to", exception);
  }
}

void close_log() {
  Log& log = state();
  if (!log.open.exchange(false)) return;
  try {
    log.sink->flush();
    report_drops(log);
    boost::log::core::get()->remove_sink(log.sink);
    log.sink->stop();
    log.sink->flush();
    log.sink.reset();
  } catch (const std::exception& exception) {
    tell_stderr("closing", exception);
  }
}

}  // namespace ordeal
