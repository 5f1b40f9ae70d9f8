// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/channel.h"
#include "base/protocol/guard.h"
#include "campaign/cell_link.h"
#include "campaign/loop.h"
#include "guardian/client.h"

namespace ordeal {

/// One containment: the channel to its init, and the cells and processes started in it. Killing it
/// is the guardian's work; see GuardianDesk. One thread, the loop's.
class Containment final : public CellStarter {
 public:
  /// `cell` is the path of ordeal-cell, `logs` the run's log folder.
  Containment(Loop& loop, std::uint32_t id, Channel init, std::string cell, std::string logs);
  ~Containment() override;

  Result<std::unique_ptr<CellLink>> start(const std::string& name,
                                          CellLink::MessageFn on_message) override;
  void forget(CellLink& link) override;

  [[nodiscard]] std::uint32_t id() const { return id_; }
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  void readable();
  void message(Message& message);

  Loop& loop_;
  std::uint32_t id_;
  Channel init_;
  std::string cell_;
  std::string logs_;
  Loop::Id watch_ = 0;
  bool closed_ = false;
  std::uint32_t next_token_ = 1;
  std::map<std::uint32_t, CellLink*> links_;
};

/// Cells as children of this process, for reports written by the front. One thread.
class ChildCells final : public CellStarter {
 public:
  ChildCells(Loop& loop, std::string cell, std::string logs);
  ~ChildCells() override;
  Result<std::unique_ptr<CellLink>> start(const std::string& name,
                                          CellLink::MessageFn on_message) override;
  void forget(CellLink& link) override;

 private:
  struct Child {
    int pid;
    UniqueFd pidfd;
    Loop::Id watch;
    CellLink* link;
  };
  void reap(int pid);

  Loop& loop_;
  std::string cell_;
  std::string logs_;
  std::map<int, Child> children_;
};

}  // namespace ordeal
