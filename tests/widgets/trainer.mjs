// node trainer.mjs ENGINE WASM < jobs.json > results.json: the page's LeNet, as Python
// asks for it. Arrays travel as base64 of their bytes, numbers in 64 bits.

import { readFileSync } from "node:fs";

const text = encodeURIComponent(readFileSync(process.argv[2], "utf8"));
const shipped = await import(`data:text/javascript,${text}`);
const { createNetwork, createSampler, evaluate, openReference, openSimd, step } =
  shipped.engine;
const wasm = readFileSync(process.argv[3]);

const bytes = (base64) => Uint8Array.from(Buffer.from(base64, "base64"));
const doubles = (base64) => new Float64Array(bytes(base64).buffer);
const pack = (values) => Buffer.from(Float64Array.from(values).buffer).toString("base64");
const machineOf = (name) => (name === "simd" ? openSimd(wasm) : openReference());

const JOBS = {
  /** An operation on tensors that are given; returns those that are asked for. */
  async operation({ machine: name, operation, tensors, integers, call, wanted }) {
    const machine = await machineOf(name);
    const made = {};
    for (const [key, values] of Object.entries(tensors)) {
      const given = doubles(values);
      made[key] = machine.tensor(given.length);
      machine.values(made[key], given.length).set(given);
    }
    for (const [key, values] of Object.entries(integers ?? {})) {
      made[key] = machine.bytes(values.length);
      machine.byteValues(made[key], values.length).set(values);
    }
    const list = machine.integers(8192);
    const none = machine.none;
    machine[operation](...call.map((value) =>
      (typeof value === "string" ? { ...made, list, none }[value] : value)));
    return Object.fromEntries(wanted.map(([key, count]) =>
      [key, pack(machine.values(made[key], count))]));
  },

  /** Updates from weights and in batches that are given: losses, gradients, weights. */
  async train({ machine: name, settings, images, labels, values, batches, rate, test }) {
    const machine = await machineOf(name);
    const data = shipped.own(machine, bytes(images), bytes(labels));
    const net = createNetwork(machine, settings);
    for (const { name: key, value, count } of net.parameters) {
      if (values[key]) machine.values(value, count).set(doubles(values[key]));
    }
    const all = (kind) => Object.fromEntries(net.parameters.map((entry) =>
      [entry.name, pack(machine.values(entry[kind], entry.count))]));
    const losses = [];
    let first;
    for (const batch of batches) {
      losses.push(step(net, data, batch, rate));
      first ??= all("gradient");
    }
    const running = Object.fromEntries(net.layers.filter(({ running }) => running).map(
      ({ name: key, channels, running: { mean, variance } }) => [key, {
        mean: pack(machine.values(mean, channels)),
        variance: pack(machine.values(variance, channels)),
      }]));
    const evaluations = Object.fromEntries(["evaluation", "batch"].map((mode) =>
      [mode, evaluate(net, data, test, mode)]));
    return { losses, gradients: first, values: all("value"), running, evaluations };
  },

  /** Updates from the engine's own weights, in its own batches. */
  async own({ machine: name, settings, images, labels, size, steps, rate }) {
    const machine = await machineOf(name);
    const data = shipped.own(machine, bytes(images), bytes(labels));
    const net = createNetwork(machine, settings);
    const next = createSampler(bytes(labels).length, settings.seed);
    const first = net.parameters.map(({ name: key, value, count }) =>
      [key, pack(machine.values(value, count))]);
    const batches = [];
    const losses = Array.from({ length: steps }, () => {
      const batch = Int32Array.from(next(size));
      batches.push(Array.from(batch));
      return step(net, data, batch, rate);
    });
    const values = net.parameters.map(({ name: key, value, count }) =>
      [key, pack(machine.values(value, count))]);
    return {
      losses, batches, first: Object.fromEntries(first), values: Object.fromEntries(values),
    };
  },

  /** What a bias before a normalizer does, as the page asks. */
  async probe({ machine: name, settings, images, labels }) {
    const machine = await machineOf(name);
    const data = shipped.own(machine, bytes(images), bytes(labels));
    return shipped.engine.lostBias(machine, data, settings);
  },
};

const results = [];
for (const [name, argument] of JSON.parse(readFileSync(0, "utf8"))) {
  results.push(await JOBS[name](argument));
}
process.stdout.write(JSON.stringify(results));
