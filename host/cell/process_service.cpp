// SPDX-License-Identifier: Apache-2.0
#include "cell/process_service.h"

#include <fcntl.h>
#include <signal.h>

#include <cerrno>

#include "base/frame.h"
#include "base/log.h"
#include "base/protocol/guard.h"
#include "cell/component.h"

namespace ordeal {

namespace {

std::int32_t process_start(const ordeal_host* host, const ordeal_process_spec* spec,
                           ordeal_process_started_fn started, ordeal_process_exit_fn exited,
                           void* user, std::uint64_t* process) noexcept {
  auto& instance = *static_cast<HostInstance*>(host->self);
  if (instance.processes() == nullptr) return ORDEAL_E_STATE;  // closed since it got this table
  return instance.processes()->start(instance, read_struct(spec), started, exited, user, process);
}

std::int32_t process_signal(const ordeal_host* host, std::uint64_t process,
                            std::int32_t signal) noexcept {
  auto& instance = *static_cast<HostInstance*>(host->self);
  if (instance.processes() == nullptr) return ORDEAL_E_STATE;
  return instance.processes()->signal(instance, process, signal);
}

/// exec takes texts up to their first NUL: one inside would silently shorten an argument.
bool plain(const ordeal_str& text) { return view(text).find('\0') == std::string_view::npos; }

const char* problem_with(const ordeal_process_spec& spec) {
  if (spec.n_argv == 0 || spec.argv == nullptr || view(spec.argv[0]).empty())
    return "argv names no program";
  if (spec.n_env != 0 && spec.env == nullptr) return "env is NULL";
  for (std::uint32_t i = 0; i < spec.n_argv; ++i)
    if (!plain(spec.argv[i])) return "an argument contains a NUL";
  for (std::uint32_t i = 0; i < spec.n_env; ++i) {
    const auto equals = view(spec.env[i]).find('=');
    if (!plain(spec.env[i]) || equals == std::string_view::npos || equals == 0)
      return "an environment entry is not NAME=value";
  }
  return plain(spec.cwd) ? nullptr : "cwd contains a NUL";
}

std::size_t size_of(const ordeal_process_spec& spec) {
  std::size_t size = 5 * sizeof(std::uint32_t) + spec.cwd.len;  // token, flags, counts, cwd
  for (std::uint32_t i = 0; i < spec.n_argv; ++i) size += sizeof(std::uint32_t) + spec.argv[i].len;
  for (std::uint32_t i = 0; i < spec.n_env; ++i) size += sizeof(std::uint32_t) + spec.env[i].len;
  return size;
}

std::int32_t refuse(HostInstance& owner, std::int32_t code, std::string_view why) {
  owner.host()->set_error(owner.host(), abi_text(why));
  return code;
}

}  // namespace

const ordeal_host_process process_table{sizeof(ordeal_host_process), 0, process_start,
                                        process_signal};

ProcessService::ProcessService(Channel init, Reactor& reactor)
    : init_(std::move(init)), reactor_(reactor) {
  reactor_.watch(
      init_.fd(), ORDEAL_IO_READ,
      [](void* self, std::uint32_t events) noexcept {
        auto& service = *static_cast<ProcessService*>(self);
        if ((events & ORDEAL_IO_WRITE) != 0) {
          static_cast<void>(service.init_.flush());  // readable() will see a lost init
          service.watch_output();
        }
        if ((events & ~static_cast<std::uint32_t>(ORDEAL_IO_WRITE)) != 0) service.readable();
      },
      this, &watch_);
}

ProcessService::~ProcessService() {
  if (!lost_) reactor_.unwatch(watch_);
}

std::int32_t ProcessService::start(HostInstance& owner, const ordeal_process_spec& spec,
                                   ordeal_process_started_fn started, ordeal_process_exit_fn exited,
                                   void* user, std::uint64_t* process) {
  if (started == nullptr || exited == nullptr || process == nullptr)
    return refuse(owner, ORDEAL_E_INVALID, "a callback or `process` is NULL");
  if (const char* problem = problem_with(spec); problem != nullptr)
    return refuse(owner, ORDEAL_E_INVALID, problem);
  if (size_of(spec) > frame_payload_max)
    return refuse(owner, ORDEAL_E_LIMIT, "arguments and environment exceed 64 KiB");
  if (lost_) return ORDEAL_E_IO;
  const std::uint32_t token = next_token_++;
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(token);
  out.u32(static_cast<std::uint32_t>(StartFlag::pipes));
  out.u32(spec.n_argv);
  for (std::uint32_t i = 0; i < spec.n_argv; ++i) out.text(view(spec.argv[i]));
  out.u32(spec.n_env);
  for (std::uint32_t i = 0; i < spec.n_env; ++i) out.text(view(spec.env[i]));
  out.text(view(spec.cwd));
  if (!init_.send(static_cast<std::uint16_t>(GuardMessage::start), bytes)) return ORDEAL_E_IO;
  watch_output();
  children_[token] = {&owner, started, exited, user, false};
  *process = token;
  return ORDEAL_OK;
}

std::int32_t ProcessService::signal(const HostInstance& owner, std::uint64_t process,
                                    std::int32_t signal) {
  if (signal < 1 || signal > SIGRTMAX) return ORDEAL_E_INVALID;
  const auto token = static_cast<std::uint32_t>(process);
  const auto found = children_.find(token);
  if (token != process || found == children_.end() || found->second.owner != &owner)
    return ORDEAL_E_NOT_FOUND;
  if (lost_) return ORDEAL_E_IO;
  send_signal(token, signal);
  return ORDEAL_OK;
}

void ProcessService::close(const HostInstance& owner) {
  for (auto it = children_.begin(); it != children_.end();) {
    if (it->second.owner != &owner) {
      ++it;
      continue;
    }
    // The init takes messages in order: a start still on its way is signalled too.
    if (!lost_) send_signal(it->first, SIGKILL);
    it = children_.erase(it);
  }
}

void ProcessService::readable() {
  while (!lost_) {
    auto message = init_.receive();
    if (!message) {
      lost(message.error());
      return;
    }
    if (!message->has_value()) return;
    take(**message);
  }
}

void ProcessService::take(Message& message) {
  Decoder in(message.payload);
  const std::uint32_t token = in.u32();
  if (children_.count(token) == 0) return;  // its instance is closed; descriptors close here
  if (message.type == static_cast<std::uint16_t>(GuardMessage::started))
    started(token, in, message);
  else if (message.type == static_cast<std::uint16_t>(GuardMessage::exited))
    exited(token, in);
}

void ProcessService::started(std::uint32_t token, Decoder& in, Message& message) {
  const std::int32_t error = in.i32();
  if (error != 0) {
    fail(token, error);
    return;
  }
  constexpr std::size_t expected = 4;  // pidfd, stdin, stdout, stderr
  if (message.fds.size() != expected) {
    send_signal(token, SIGKILL);
    fail(token, EPROTO);
    return;
  }
  // Our ends only: the child's are file descriptions of their own.
  for (std::size_t i = 1; i < expected; ++i) {
    const int fd = message.fds[i].get();
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  Child& child = children_.at(token);
  child.running = true;
  const ordeal_process_started result{sizeof result,
                                      message.fds[1].release(),
                                      message.fds[2].release(),
                                      message.fds[3].release(),
                                      message.fds[0].release(),
                                      0};
  child.started(child.user, &result);
}

void ProcessService::exited(std::uint32_t token, Decoder& in) {
  if (!children_.at(token).running) {
    // The init could not hand over the descriptors and ended the child for it.
    fail(token, EAGAIN);
    return;
  }
  const Child child = children_.extract(token).mapped();
  ordeal_process_exit result{};
  result.struct_size = sizeof result;
  result.wait_status = in.i32();
  result.user_ns = in.u64();
  result.system_ns = in.u64();
  result.max_rss_bytes = in.u64();
  child.exited(child.user, &result);
}

void ProcessService::fail(std::uint32_t token, std::int32_t error) {
  const Child child = children_.extract(token).mapped();
  const ordeal_process_started result{sizeof result, -1, -1, -1, -1, error};
  child.started(child.user, &result);
}

void ProcessService::lost(const Error& error) {
  log(Severity::error, "cell", "the init of this containment: " + error.line());
  lost_ = true;
  reactor_.unwatch(watch_);
  // Those that run end with the containment, unseen; those that wait are told.
  for (;;) {
    auto waiting = children_.begin();
    while (waiting != children_.end() && waiting->second.running) ++waiting;
    if (waiting == children_.end()) return;
    fail(waiting->first, EPIPE);
  }
}

void ProcessService::send_signal(std::uint32_t token, std::int32_t signal) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(token);
  out.i32(signal);
  // A failure means a lost init, which readable() deals with.
  static_cast<void>(init_.send(static_cast<std::uint16_t>(GuardMessage::signal), bytes));
  watch_output();
}

void ProcessService::watch_output() {
  if (init_.pending() == waiting_to_write_) return;
  waiting_to_write_ = init_.pending();
  reactor_.rewatch(watch_, ORDEAL_IO_READ | (waiting_to_write_ ? ORDEAL_IO_WRITE : 0));
}

}  // namespace ordeal
