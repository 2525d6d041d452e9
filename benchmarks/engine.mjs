// node benchmarks/engine.mjs: how fast the playground's engine trains, on one thread.
// On a busy machine the clock runs on while the processor serves others.

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

const SECONDS = 3;
const source = new URL("../normlab/widgets/engine.js", import.meta.url);
const { createNetwork, createSampler, describe, step } = await import(
  `data:text/javascript,${encodeURIComponent(readFileSync(source, "utf8"))}`
);

const images = new Float32Array(3000 * 196).map((_, i) => ((i * 7919) % 256) / 255);
const labels = Uint8Array.from({ length: 3000 }, (_, i) => i % 10);

/** Calls a second, of the clock and of the processor; half a second to warm up. */
function rates(work) {
  const began = performance.now();
  while (performance.now() - began < 500) work();
  const [start, used] = [performance.now(), process.cpuUsage()];
  let calls = 0;
  while (performance.now() - start < 1000 * SECONDS) {
    work();
    calls++;
  }
  const { user, system } = process.cpuUsage(used);
  const seconds = [(performance.now() - start) / 1e3, (user + system) / 1e6];
  return seconds.map((second) => Math.round(calls / second));
}

function report(name, work) {
  const [clock, processor] = rates(work);
  console.log(`${name.padEnd(24)}${clock} / s, ${processor} / s of processor`);
}

console.log(`Node.js ${process.version}, depth 15, width 64, batch 64`);
const batch = new Int32Array(64);
for (const [normalizer, activation] of [
  ["none", "relu"],
  ["batch", "sigmoid"],
  ["layer", "tanh"],
]) {
  const net = createNetwork({ depth: 15, normalizer, activation, learningRate: 0.01 });
  const sampler = createSampler(labels);
  const run = () => step(net, images, labels, sampler.fill(batch));
  report(`${normalizer}, ${activation}: steps`, run);
  if (normalizer === "batch") report("descriptions", () => describe(net));
}
