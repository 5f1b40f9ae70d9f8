// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/protocol/cell.h"
#include "bus/bus.h"
#include "campaign/cell_link.h"
#include "campaign/loop.h"
#include "campaign/topic_plan.h"

namespace ordeal {

/// Carries the events of third-party topics between the bus and the cells: what a cell publishes
/// goes onto the bus, what the bus has for a component goes to its cell as fast as that takes it. A
/// slow, stopped or dead cell delays nobody: its events wait in its ring, and the topic says what
/// happens when that is full. One thread, the loop's.
class TopicHub {
 public:
  /// What a cell may have that it has not dealt with: little enough that the ring, whose overflow
  /// is counted, is where a slow one's events wait, and that the end of a run can wait for them.
  /// For one that takes all it gets at once, more: it costs fewer wake-ups.
  static constexpr std::size_t least_window = 32;
  static constexpr std::size_t most_window = 128;

  /// The plan's topics begin at `first_topic` of the bus. All are borrowed and outlive the hub.
  TopicHub(Loop& loop, Bus& bus, const TopicPlan& plan, std::uint32_t first_topic);
  ~TopicHub();
  TopicHub(const TopicHub&) = delete;
  TopicHub& operator=(const TopicHub&) = delete;

  /// Makes the rings of all subscribers. Before Bus::start().
  Result<void> subscribe();
  /// After Bus::start(): until attach() events are for nobody.
  void begin();

  // A component is told by its kind and its index in the campaign's list of that kind. One without
  // topics is ignored.
  /// A cell for it has been started; `link` is borrowed until lost() or gone().
  void attach(std::string_view kind, std::size_t index, CellLink& link, std::uint32_t instance,
              std::uint32_t generation);
  /// Its cell has died and may come back: events wait. Control events it had not dealt with are
  /// sent again to its successor; others are counted as dropped.
  void lost(std::string_view kind, std::size_t index);
  /// Its component has ended, as a load does with its phase: what is published until the next
  /// attach() is not for it, and is not counted as dropped.
  void gone(std::string_view kind, std::size_t index);
  /// Messages of a cell behind the instance number. False: not one for the hub.
  bool message(std::string_view kind, std::size_t index, CellMessage type, Decoder& in);

  /// Takes nothing more from publishers, gives subscribers `limit_ns` to take what waits for them,
  /// and counts the rest as dropped. Once, at the end.
  void settle(std::uint64_t limit_ns);
  /// The bus's drops and those between the bus and the cells.
  [[nodiscard]] std::vector<DropCount> drops() const;
  /// Which control event could not be delivered, for people; "" when none of a third party's.
  [[nodiscard]] std::string failure() const;

 private:
  struct Pending {  // published, but somebody's ring has no place
    std::uint32_t topic;
    std::vector<std::byte> payload;
    EventBody body;
    std::uint64_t deadline_ns;
  };
  struct Endpoint {
    const TopicUser* user = nullptr;
    std::shared_ptr<Subscription> events;  // nullptr: subscribes to nothing
    Loop::Id watch = 0;
    bool watching = true;
    Loop::Id timer = 0;     // runs while events gather
    bool expected = false;  // there is a cell, or there will be one again
    CellLink* link = nullptr;
    std::uint32_t instance = 0;
    std::uint32_t generation = 0;
    bool ready = false;            // its create is answered: what it subscribes to is known
    std::vector<bool> subscribed;  // by entry of user->subscribes
    std::deque<Event> again;       // control events of a cell that died
    std::deque<Event> in_flight;
    std::size_t window = least_window;
    std::uint64_t sent_ns = 0;  // when the last of in_flight went out
    std::deque<Pending> pending;
    std::map<std::uint32_t, std::uint64_t> dropped;  // by topic of the plan, between bus and cell
  };

  Endpoint* find(std::string_view kind, std::size_t index);
  void publish(Endpoint& from, Decoder& in);
  bool retry(Endpoint& from);
  void gather(Endpoint& to);
  void pump(Endpoint& to);
  void send(Endpoint& to, std::size_t first);
  void rest(Endpoint& to, bool watched);
  [[nodiscard]] std::size_t entry_of(const Endpoint& to, const Event& event) const;
  void drop_in_flight(Endpoint& to, bool keep_control);
  void watch(Endpoint& to, bool on);
  void tick();

  Loop& loop_;
  Bus& bus_;
  const TopicPlan& plan_;
  const std::uint32_t first_topic_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  bool settled_ = false;
  Loop::Id ticker_ = 0;
};

}  // namespace ordeal
