// SPDX-License-Identifier: Apache-2.0
// Reads a .hlog with npm hdr-histogram-js and says what it holds, as JSON: per tag its intervals
// merged, as counts, percentiles and buckets, and the text its own .hgrm would be. argv[2]: the
// folder of the npm package, argv[3]: the .hlog, argv[4]: units of the histograms per printed unit.
const fs = require("fs");
const hdr = require(process.argv[2]);
const reader = new hdr.HistogramLogReader(fs.readFileSync(process.argv[3], "utf8"), 64);
const tags = {};
let last = 0;
for (let h; (h = reader.nextIntervalHistogram()) !== null; ) {
  if (h.startTimeStampMsec < last) throw new Error("the lines are not in order of time");
  last = h.startTimeStampMsec;
  const tag = (tags[h.tag] ??= { intervals: 0, start: h.startTimeStampMsec / 1000, all: null });
  ++tag.intervals;
  tag.end = h.endTimeStampMsec / 1000;
  if (tag.all === null) tag.all = h;
  else tag.all.add(h);
}
for (const tag of Object.values(tags)) {
  const h = tag.all;
  delete tag.all;
  tag.count = h.totalCount;
  tag.percentiles = [0, 50, 90, 99, 99.9, 99.99, 100].map((p) => h.getValueAtPercentile(p));
  tag.buckets = [];
  for (let i = 0; i < h.countsArrayLength; ++i) {
    const count = h.getCountAtIndex(i);
    if (count !== 0) tag.buckets.push([h.valueFromIndex(i), count]);
  }
  tag.distribution = h.outputPercentileDistribution(5, Number(process.argv[4]));
}
console.log(JSON.stringify(tags));
