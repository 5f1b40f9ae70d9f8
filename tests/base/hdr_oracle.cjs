// SPDX-License-Identifier: Apache-2.0
// Reads one base64 V2 compressed histogram from stdin with npm hdr-histogram-js and prints what it
// holds, one number per line: total, min, max, p0, p50, p90, p99, p99.9, p100, then each non-empty
// bucket as "value count". argv[2]: the folder of the npm package.
const hdr = require(process.argv[2]);
const text = require("fs").readFileSync(0, "utf8").trim();
const h = hdr.decodeFromCompressedBase64(text, 64);
const lines = [h.totalCount, h.minNonZeroValue, h.maxValue];
for (const p of [0, 50, 90, 99, 99.9, 100]) lines.push(h.getValueAtPercentile(p));
for (let i = 0; i < h.countsArrayLength; ++i) {
  const count = h.getCountAtIndex(i);
  if (count !== 0) lines.push(`${h.valueFromIndex(i)} ${count}`);
}
console.log(lines.join("\n"));
