// SPDX-License-Identifier: Apache-2.0
#include "campaign/loop.h"

#include <poll.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace ordeal {

Loop::Id Loop::watch(int fd, short events, Handler handler) {
  watches_[next_id_] = {fd, events, std::move(handler)};
  return next_id_++;
}

void Loop::change(Id id, short events) {
  if (const auto found = watches_.find(id); found != watches_.end()) found->second.events = events;
}

Loop::Id Loop::every(std::uint64_t period_ns, Task task) {
  tasks_[next_id_] = {period_ns, now() + period_ns, std::move(task)};
  return next_id_++;
}

void Loop::remove(Id id) {
  watches_.erase(id);
  tasks_.erase(id);
}

bool Loop::run_until(const std::function<bool()>& done, std::uint64_t deadline_ns) {
  for (;;) {
    if (done()) return true;
    if (now() >= deadline_ns) return false;
    round(deadline_ns);
  }
}

void Loop::round(std::uint64_t deadline_ns) {
  std::uint64_t wake_ns = deadline_ns;
  for (const auto& [id, task] : tasks_) wake_ns = std::min(wake_ns, task.next_ns);
  std::vector<pollfd> fds;
  std::vector<Id> ids;
  for (const auto& [id, watch] : watches_) {
    fds.push_back({watch.fd, watch.events, 0});
    ids.push_back(id);
  }
  const std::uint64_t before = now();
  const std::uint64_t wait_ns = wake_ns > before ? std::min(wake_ns - before, 1'000'000'000ul) : 0;
  const timespec wait{static_cast<time_t>(wait_ns / 1'000'000'000),
                      static_cast<long>(wait_ns % 1'000'000'000)};
  if (::ppoll(fds.data(), fds.size(), &wait, nullptr) > 0) {
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].revents == 0) continue;
      const auto found = watches_.find(ids[i]);
      if (found == watches_.end()) continue;
      const Handler handler = found->second.handler;  // it may remove itself
      handler(fds[i].revents);
    }
  }
  std::vector<Id> due;
  const std::uint64_t after = now();
  for (const auto& [id, task] : tasks_)
    if (task.next_ns <= after) due.push_back(id);
  for (const Id id : due) {
    const auto found = tasks_.find(id);
    if (found == tasks_.end()) continue;
    auto& task = found->second;
    task.next_ns += task.period_ns;
    if (task.next_ns <= after) task.next_ns = after + task.period_ns;
    const Task call = task.task;
    call();
  }
}

}  // namespace ordeal
