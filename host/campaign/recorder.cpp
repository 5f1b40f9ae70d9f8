// SPDX-License-Identifier: Apache-2.0
#include "campaign/recorder.h"

#include <algorithm>
#include <cstring>

namespace ordeal {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t kept_seconds_ns = 3600 * second_ns;
constexpr std::uint64_t wal_max = 8u * 1024 * 1024;
/// One wake-up for all of a few milliseconds: nobody waits for the journal but barriers.
constexpr std::chrono::milliseconds linger{10};

}  // namespace

Recorder::Recorder(std::unique_ptr<JournalWriter> journal,
                   std::shared_ptr<Subscription> subscription, const Clock& clock,
                   std::uint64_t block_ns, std::atomic<std::uint64_t>& heartbeat)
    : journal_(std::move(journal)),
      subscription_(std::move(subscription)),
      clock_(clock),
      block_ns_(block_ns),
      heartbeat_(heartbeat) {}

Recorder::~Recorder() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
}

void Recorder::start() {
  thread_ = std::thread([this] { run(); });
}

void Recorder::describe_load(std::uint32_t load, LoadNames names) {
  const std::lock_guard lock(mutex_);
  loads_[load] = std::move(names);
}

std::string Recorder::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Recorder::finish() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
  flush_blocks();
  flush_phase();
  check(journal_->commit());
  check(journal_->checkpoint());
  journal_.reset();
}

void Recorder::check(Result<void> result) {
  if (result) return;
  const std::lock_guard lock(mutex_);
  if (failure_.empty()) failure_ = result.error().line();
}

void Recorder::run() {
  last_commit_ns_ = clock_.monotonic_ns();
  for (;;) {
    const bool got = subscription_->wait(std::chrono::milliseconds(50), linger);
    Event event;
    while (subscription_->next(event)) handle(event);
    heartbeat_.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t now = clock_.monotonic_ns();
    if (now - last_commit_ns_ >= second_ns) {
      last_commit_ns_ = now;
      if (now > kept_seconds_ns) check(journal_->forget_seconds_before(now - kept_seconds_ns));
      // An open block is written as it grows: a crash loses a second, not a block.
      write_blocks();
      check(journal_->commit());
      if (journal_->wal_bytes() > wal_max) check(journal_->checkpoint());
    }
    if (!got && ending_) return;
  }
}

void Recorder::handle(const Event& event) {
  if (event.header.topic >= topics_.first) {
    topic_event(event);
    return;
  }
  RecordPayload payload;
  if (event.header.size != sizeof payload) return;
  std::memcpy(&payload, event.payload, sizeof payload);
  const std::span<const std::byte> body =
      event.body ? std::span<const std::byte>(*event.body) : std::span<const std::byte>{};
  switch (payload.type) {
    case RecordType::event: {
      auto seq = journal_->event(decode_event(body));
      if (!seq) check(std::move(seq).error());
      return;
    }
    case RecordType::phase: {
      // A phase's figures belong to it: they are on disk before its end is.
      flush_blocks();
      flush_phase();
      const PhaseRow row = decode_phase(body);
      phase_ = row.state == "running" ? row.index : -1;
      check(journal_->phase(row));
      return;
    }
    case RecordType::interval:
      interval(payload.phase, body);
      return;
    case RecordType::samples: {
      const SampleBatch batch = decode_samples(body);
      for (const auto& value : batch.values)
        check(journal_->sample(
            {value.metric, value.labels, batch.mono_ns, batch.wall_ns, value.value}));
      return;
    }
    case RecordType::metric:
      check(journal_->metric(decode_metric(body)));
      return;
    case RecordType::set: {
      const auto [key, json] = decode_fact(body);
      check(journal_->set(key, json));
      return;
    }
    case RecordType::barrier:
      check(journal_->commit());
      check(journal_->checkpoint());
      barrier_.store(payload.number);
      return;
  }
}

void Recorder::topic_event(const Event& event) {
  const auto& header = event.header;
  const std::size_t number = header.topic - topics_.first;
  if (number >= topics_.names.size()) return;
  TopicEventRow row;
  row.seq = header.seq;
  row.mono_ns = header.mono_ns;
  row.wall_ns = clock_.wall_ns();
  row.topic = topics_.names[number];
  const auto source = topics_.sources.find(header.source);
  row.source = source == topics_.sources.end() ? std::to_string(header.source) : source->second;
  row.generation = header.generation;
  row.payload.assign(reinterpret_cast<const char*>(event.payload), header.size);
  if (event.body) {
    row.body_bytes = event.body->size();
    row.body.assign(reinterpret_cast<const char*>(event.body->data()),
                    std::min(event.body->size(), topic_event_body_max));
  }
  check(journal_->topic_event(row));
}

void Recorder::interval(std::int32_t phase, std::span<const std::byte> bytes) {
  auto decoded = decode_interval(bytes);
  if (!decoded) {
    check(std::move(decoded).error());
    return;
  }
  IntervalFrame& frame = *decoded;
  // Wall time of the interval's start, from how long ago it was.
  const std::uint64_t wall_ns = clock_.wall_ns() - (clock_.monotonic_ns() - frame.start_ns);
  LoadNames names;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = loads_.find(frame.load); found != loads_.end()) names = found->second;
  }
  if (frame.kinds.empty()) {
    // Nothing happened, which is something other than nobody having looked.
    KindInterval idle;
    idle.latency = Histogram(names.unit_ns);
    idle.service = Histogram(names.unit_ns);
    frame.kinds.push_back(std::move(idle));
  }
  bool first = true;
  for (const auto& kind : frame.kinds) {
    SeriesRow row;
    row.phase = phase;
    row.load = frame.load;
    row.kind = kind.kind;
    row.mono_ns = frame.start_ns;
    row.wall_ns = wall_ns;
    row.duration_ns = frame.end_ns - frame.start_ns;
    row.outcomes = kind.outcomes;
    row.offered = first ? frame.offered : 0;
    first = false;
    row.p50_ns = kind.latency.value_at(50);
    row.p99_ns = kind.latency.value_at(99);
    row.max_ns = kind.latency.max();
    row.bytes_in = kind.bytes_in;
    row.bytes_out = kind.bytes_out;
    check(journal_->second(row));

    auto& block = blocks_[{frame.load, kind.kind}];
    if (block.row.duration_ns == 0) {
      block.row = row;
      block.latency = kind.latency;
    } else {
      for (std::size_t i = 0; i < outcome_count; ++i) block.row.outcomes[i] += row.outcomes[i];
      block.row.offered += row.offered;
      block.row.bytes_in += row.bytes_in;
      block.row.bytes_out += row.bytes_out;
      // Frames of several workers come in any order, one may end before the block began.
      if (frame.end_ns > block.row.mono_ns + block.row.duration_ns)
        block.row.duration_ns = frame.end_ns - block.row.mono_ns;
      block.latency.merge(kind.latency);
    }
    const auto add = [&](const std::string& series, const Histogram& histogram) {
      if (histogram.count() == 0) return;
      const auto key = std::tuple{frame.load, kind.kind, series};
      if (const auto found = phase_series_.find(key); found != phase_series_.end())
        found->second.merge(histogram);
      else
        phase_series_.emplace(key, histogram);
    };
    add("service", kind.service);
    for (std::size_t i = 0; i < kind.marks.size() && i < names.marks.size(); ++i)
      add("mark:" + names.marks[i], kind.marks[i]);
    if (&kind == &frame.kinds.front()) add("send_lag", frame.send_lag);
  }
  phase_ = phase;
  // Any of them: the first load may be dead, or its first kind rare.
  if (std::any_of(blocks_.begin(), blocks_.end(),
                  [&](const auto& one) { return one.second.row.duration_ns >= block_ns_; }))
    flush_blocks();
}

void Recorder::write_blocks() {
  for (auto& [key, block] : blocks_) {
    block.row.p50_ns = block.latency.value_at(50);
    block.row.p99_ns = block.latency.value_at(99);
    block.row.max_ns = block.latency.max();
    check(journal_->block(block.row, block.latency));
  }
}

void Recorder::flush_blocks() {
  write_blocks();
  blocks_.clear();
}

void Recorder::flush_phase() {
  for (auto& [key, histogram] : phase_series_) {
    PhaseHistogram row;
    row.phase = phase_;
    row.load = std::get<0>(key);
    row.kind = std::get<1>(key);
    row.series = std::get<2>(key);
    row.histogram = std::move(histogram);
    check(journal_->phase_histogram(row));
  }
  phase_series_.clear();
}

}  // namespace ordeal
