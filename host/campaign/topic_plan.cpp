// SPDX-License-Identifier: Apache-2.0
#include "campaign/topic_plan.h"

#include <algorithm>

namespace ordeal {

namespace {

std::string named(const PluginInfo& plugin) { return plugin.id + " " + plugin.version; }

std::string place(const PluginInfo& plugin, const TopicUse& use) {
  std::string text = plugin.manifest_path;
  if (use.line != 0) text += ":" + std::to_string(use.line) + ":" + std::to_string(use.column);
  return text + ": " + use.pointer;
}

Error refused(const PluginInfo& plugin, const TopicUse& use, const std::string& what) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = named(plugin) + " " + what;
  error.where = {plugin.manifest_path, use.line, use.column, use.pointer};
  return error;
}

Overflow overflow_of(const std::string& queue) {
  return queue == "control" ? Overflow::control
         : queue == "state" ? Overflow::state
                            : Overflow::stream;
}

/// A topic's first publisher, whom all others must agree with.
struct Offer {
  const PluginInfo* plugin;
  const TopicUse* use;
};

class Planner {
 public:
  Planner(const Campaign& campaign, const Registry& registry)
      : campaign_(campaign), registry_(registry) {}

  Result<TopicPlan> plan() {
    // Numbered in this order whether they use topics or not.
    for (std::size_t i = 0; i < campaign_.collect.size(); ++i)
      add("collector", i, campaign_.collect[i].plugin, campaign_.collect[i].collector);
    for (std::size_t i = 0; i < campaign_.safety.rules.size(); ++i)
      add("rule", i, campaign_.safety.rules[i].plugin, campaign_.safety.rules[i].rule);
    for (std::size_t i = 0; i < campaign_.load.size(); ++i)
      for (std::uint32_t worker = 0; worker < campaign_.load[i].workers; ++worker)
        add("scenario", worker_number(campaign_, i, worker), campaign_.load[i].plugin,
            campaign_.load[i].scenario,
            campaign_.load[i].workers > 1 ? " worker " + std::to_string(worker) : "");
    for (std::size_t i = 0; i < campaign_.report.size(); ++i)
      add("report", i, campaign_.report[i].plugin, campaign_.report[i].report);
    for (auto& user : plan_.users)
      if (auto done = publishes(user); !done) return std::move(done).error();
    for (auto& user : plan_.users)
      if (auto done = subscribes(user); !done) return std::move(done).error();
    return std::move(plan_);
  }

 private:
  void add(const std::string& kind, std::size_t index, const std::string& plugin,
           const std::string& component, const std::string& which = "") {
    ++source_;
    const auto found = registry_.find(kind, plugin + "/" + component);
    if (!found || (found->plugin->publishes.empty() && found->plugin->subscribes.empty())) return;
    TopicUser user;
    user.kind = kind;
    user.index = index;
    user.source = source_;
    user.plugin = found->plugin;
    user.label = named(*found->plugin) + " (" + kind + " " + component + which + ")";
    plan_.users.push_back(std::move(user));
  }

  [[nodiscard]] std::optional<std::uint32_t> number(const std::string& topic) const {
    for (std::uint32_t i = 0; i < plan_.topics.size(); ++i)
      if (plan_.topics[i].name == topic) return i;
    return std::nullopt;
  }

  /// An error when the two do not speak of the same thing.
  static Result<void> match(const PluginInfo& plugin, const TopicUse& use, const char* does,
                            const Offer& offer) {
    const auto differs = [&](const std::string& ours, const std::string& theirs) {
      Error error = refused(plugin, use,
                            does + (" " + use.topic) + " with " + ours + ", but " +
                                named(*offer.plugin) + " publishes it with " + theirs + " (" +
                                place(*offer.plugin, *offer.use) + ")");
      error.fix = "install versions of the two plugins that belong together";
      return error;
    };
    if (use.revision != offer.use->revision)
      return differs("revision " + std::to_string(use.revision),
                     "revision " + std::to_string(offer.use->revision));
    if (use.queue != offer.use->queue)
      return differs("queue '" + use.queue + "'", "queue '" + offer.use->queue + "'");
    return {};
  }

  Result<void> publishes(TopicUser& user) {
    for (const TopicUse& use : user.plugin->publishes) {
      auto topic = number(use.topic);
      if (!topic) {
        topic = static_cast<std::uint32_t>(plan_.topics.size());
        plan_.topics.push_back({use.topic, overflow_of(use.queue), use.revision});
        offers_.push_back({user.plugin, &use});
      } else if (auto same = match(*user.plugin, use, "publishes", offers_[*topic]); !same) {
        return same;
      }
      user.publishes.push_back(*topic);
    }
    return {};
  }

  Result<void> subscribes(TopicUser& user) {
    for (const TopicUse& use : user.plugin->subscribes) {
      const auto topic = number(use.topic);
      if (!topic && !use.optional) return nobody_publishes(*user.plugin, use);
      if (topic)
        if (auto same = match(*user.plugin, use, "subscribes to", offers_[*topic]); !same)
          return same;
      user.subscribes.push_back(topic);
    }
    return {};
  }

  /// Names the installed plugin that would, when there is one.
  [[nodiscard]] Error nobody_publishes(const PluginInfo& plugin, const TopicUse& use) const {
    Error error = refused(
        plugin, use, "subscribes to " + use.topic + ", which no plugin of this campaign publishes");
    error.fix = "add a plugin that publishes it, or make the subscription optional";
    for (const PluginInfo& other : registry_.plugins())
      for (const TopicUse& offered : other.publishes)
        if (offered.topic == use.topic) {
          error.fix = "use " + named(other) + " in the campaign, which publishes it (" +
                      place(other, offered) + ")";
          return error;
        }
    return error;
  }

  const Campaign& campaign_;
  const Registry& registry_;
  std::uint32_t source_ = 0;
  TopicPlan plan_;
  std::vector<Offer> offers_;  // by topic
};

}  // namespace

const TopicUser* TopicPlan::user(std::string_view kind, std::size_t index) const {
  const auto found = std::find_if(users.begin(), users.end(), [&](const TopicUser& user) {
    return user.kind == kind && user.index == index;
  });
  return found == users.end() ? nullptr : &*found;
}

Result<TopicPlan> plan_topics(const Campaign& campaign, const Registry& registry) {
  return Planner(campaign, registry).plan();
}

}  // namespace ordeal
