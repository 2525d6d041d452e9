// node driver.mjs MODULE < jobs.json > results.json: do with a module of the widgets
// what Python asks for. Arrays travel as base64 of their bytes.

import { readFileSync } from "node:fs";

// From its text, as a kernel's front end loads it: any extension will do.
const text = encodeURIComponent(readFileSync(process.argv[2], "utf8"));
const shipped = await import(`data:text/javascript,${text}`);

const bytes = (base64) => Uint8Array.from(Buffer.from(base64, "base64"));
const floats = (base64) => new Float32Array(bytes(base64).buffer);
const pack = ({ buffer, byteOffset, byteLength }) =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");
const packAll = (entries, key) =>
  Object.fromEntries(entries.map((entry) => [entry.name, pack(entry[key])]));

/** What a call returns, or the error that it throws. */
function attempt(call) {
  try {
    return call();
  } catch ({ name, message }) {
    return { error: name, message };
  }
}

const JOBS = {
  /** What an exported function returns. */
  call: ([name, ...values]) => attempt(() => shipped[name](...values)),

  /** Train on the given batches, from the given weights; all that PyTorch can check. */
  parity({ config, values, images, labels, batches, seen }) {
    const [x, y] = [floats(images), bytes(labels)];
    const net = shipped.createNetwork(config);
    for (const module of net.modules) if ("seen" in module) module.seen = seen;
    for (const entry of net.parameters) entry.value.set(floats(values[entry.name]));
    return batches.map((batch) => ({
      ...shipped.step(net, x, y, batch),
      gradients: packAll(net.parameters.filter((entry) => entry.gradient), "gradient"),
      values: packAll(net.parameters, "value"),
      logits: pack(shipped.predict(net, x, "eval")),
      evaluations: ["eval", "train"].map((mode) =>
        shipped.evaluate(net, x, y, mode, batch.length),
      ),
    }));
  },

  /** Train from the engine's own weights, with the engine's own batches. */
  train({ config, images, labels, steps, batchSize, order, fill = {} }) {
    const [x, y] = [floats(images), bytes(labels)];
    const net = shipped.createNetwork(config);
    for (const [name, value] of Object.entries(fill)) {
      net.parameters.find((entry) => entry.name === name).value.fill(value);
    }
    const sampler = shipped.createSampler(y, order, config.seed);
    const batch = new Int32Array(batchSize);
    const first = packAll(net.parameters, "value");
    const memory = process.memoryUsage().arrayBuffers;
    const reports = Array.from({ length: steps }, () =>
      attempt(() => shipped.step(net, x, y, sampler.fill(batch))),
    );
    const grown = process.memoryUsage().arrayBuffers - memory;
    const describe = () => JSON.parse(JSON.stringify(shipped.describe(net), plain));
    const layers = describe();
    return {
      grown,
      reports,
      first,
      values: packAll(net.parameters, "value"),
      layers,
      evaluation: shipped.evaluate(net, x, y, "eval"),
      layersAfterEvaluation: describe(),
      outs: net.outs.map(pack),
      gradients: net.gradients.map((gradient) => gradient && pack(gradient)),
    };
  },

  /** Train as the playground's worker does; accuracy in each way of testing. */
  async playground({ packed, runs }) {
    const data = await shipped.open(bytes(packed));
    return runs.map(({ settings, steps }) => {
      const run = new shipped.Run(data, settings);
      const losses = [];
      const held = {};
      while (losses.length < steps && !run.diverged) losses.push(run.step());
      for (const evaluation of ["running", "mixed", "class"]) {
        run.change({ ...settings, evaluation });
        held[evaluation] = run.evaluate().accuracy;
      }
      const values = packAll(run.net.parameters, "value");
      const layers = JSON.parse(JSON.stringify(run.layers(), plain));
      const { diverged, parameters } = run;
      const mixed = pack(data.mixedImages);
      return { losses, held, values, layers, diverged, parameters, mixed };
    });
  },

  /** The names and shapes of the engine's state_dict. */
  entries: ({ config }) =>
    shipped.createNetwork(config).parameters.map(({ name, shape }) => [name, shape]),

  /** One step, or an evaluation, on a batch of so many black images. */
  once: ({ config, size = 1, mode }) =>
    attempt(() => {
      const net = shipped.createNetwork(config);
      const [x, y] = [new Float32Array(size * net.config.inputs), new Uint8Array(size)];
      if (mode) return shipped.evaluate(net, x, y, mode, size);
      return shipped.step(net, x, y, y.map((_, i) => i));
    }),

  uniform({ seed, count }) {
    const next = shipped.uniformOf(0, seed);
    return Array.from({ length: count }, next);
  },

  samples({ labels, order, seed, size, count }) {
    const sampler = shipped.createSampler(Uint8Array.from(labels), order, seed);
    const batches = Array.from({ length: count }, () => [
      ...sampler.fill(new Int32Array(size)),
    ]);
    return { batches, epoch: sampler.epoch };
  },

  constants: () => JSON.parse(JSON.stringify({ ...shipped }, plain)),

  async decode({ packed }) {
    const data = await shipped.decode(bytes(packed));
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, pack(value)]),
    );
  },

  damaged: ({ packed }) =>
    shipped.decode(bytes(packed)).then(
      () => "",
      ({ name, message }) => `${name}: ${message}`,
    ),
};

/** JSON of typed arrays as of plain ones. */
function plain(key, value) {
  return ArrayBuffer.isView(value) ? [...value] : value;
}

const jobs = JSON.parse(readFileSync(0, "utf8"));
const results = [];
for (const [name, argument] of jobs) results.push(await JOBS[name](argument));
process.stdout.write(JSON.stringify(results));
