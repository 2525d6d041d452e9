/**
 * A small network that trains in the page: 1 to 20 weight layers, a
 * normalizer or none, softmax cross-entropy, plain SGD, every gradient by hand.
 *
 * No DOM: it runs in a worker of the site, in a worker made from its text (a kernel's
 * front end) and in Node.js. Names and meanings are PyTorch's;
 * tests/widgets/test_engine.py holds it to that.
 *
 * Arrays are row-major and float32, sums run in float64; n is the number of images in
 * a batch. createNetwork makes all arrays, a step none.
 */

import { uniformOf } from "../random.js";
import { ACTIVATIONS, Activation, Linear } from "./modules.js";
import { NORMALIZERS } from "./normalizers.js";

/** What createNetwork takes. Sizes are at least 4, depth at least 1. */
export const DEFAULTS = {
  inputs: 196, // pixels of an image, each 0 to 1
  classes: 10,
  depth: 3, // weight layers; depth - 1 of them hidden
  width: 64, // units of a hidden layer
  maxBatch: 256,
  activation: "relu", // "sigmoid" | "tanh" | "relu"
  normalizer: "none", // or another of NORMALIZERS
  placement: "before", // "before" | "after" the activation
  initScale: 1, // weights start as N(0, std^2), std = initScale / sqrt(fan in),
  weightStd: null, // or with this std; biases start at 0
  seed: 0,
  learningRate: 0.1, // also between steps: net.learningRate = ...
  momentum: 0.1, // weight of the newest batch in the running statistics
  eps: 1e-5,
};

/** Statistics of a batch cannot train on one image (PyTorch: ValueError). */
export class BatchTooSmall extends RangeError {
  name = "BatchTooSmall";
}

/** One number from N(0, 1): Box and Muller's cosine, two uniforms a number. */
function gaussian(uniform) {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
  return radius * Math.cos(2 * Math.PI * uniform());
}

/**
 * Make a network; what `config` leaves out is as in DEFAULTS. The weights depend on
 * sizes, scale and seed only, so that networks with and without normalizer start alike.
 *
 * net.parameters: the entries of the state_dict in its order, without
 * num_batches_tracked: {name, shape, value, gradient}, the arrays in use. Running
 * statistics have no gradient.
 */
export function createNetwork(config = {}) {
  config = checked({ ...DEFAULTS, ...config });
  const modules = makeModules(config);
  drawWeights(modules, config);
  const numbers = (features) => new Float32Array(config.maxBatch * features);
  const spare = [0, 1].map(() => numbers(Math.max(config.width, config.classes)));
  return {
    config,
    learningRate: config.learningRate,
    modules,
    parameters: modules.flatMap((module) => module.tensors),
    input: numbers(config.inputs),
    labels: new Uint8Array(config.maxBatch),
    outs: modules.map((module) => numbers(module.outputs)),
    spares: modules.map((_, i) => spare[i % 2]), // evaluation leaves outs as they are
    // with respect to the input of each module; the last one, to the logits
    gradients: [null, ...modules.map((module) => numbers(module.outputs))],
    rows: new Int32Array(config.maxBatch),
    stepped: 0, // images in the last step
    layers: makeLayers(modules),
  };
}

function checked(config) {
  const require = (key, fine) => {
    if (!fine) throw new RangeError(`${key} cannot be ${config[key]}`);
  };
  const atLeast = { inputs: 4, classes: 4, depth: 1, width: 4, maxBatch: 4 };
  for (const key of Object.keys(config)) require(key, key in DEFAULTS);
  for (const [key, least] of Object.entries(atLeast)) {
    require(key, Number.isInteger(config[key]) && config[key] >= least);
  }
  require("activation", config.activation in ACTIVATIONS);
  require("normalizer", config.normalizer in NORMALIZERS);
  require("placement", ["before", "after"].includes(config.placement));
  return config;
}

/** The modules in order, named as in normlab.models.mlp, whose module 0 flattens. */
function makeModules(config) {
  const { depth, width, placement } = config;
  const { Norm, Weights = Linear } = NORMALIZERS[config.normalizer];
  const modules = [];
  let inputs = config.inputs;
  for (let layer = 1; layer < depth; layer++, inputs = width) {
    const rest = [new Activation(width, config.activation)];
    if (Norm) rest.splice(placement === "after", 0, new Norm(width, config));
    modules.push(new Weights(inputs, width, config, layer === 1), ...rest);
  }
  modules.push(new Linear(inputs, config.classes));
  modules.forEach((module, i) => {
    for (const entry of module.tensors) entry.name = `${i + 1}.${entry.name}`;
  });
  return modules;
}

function drawWeights(modules, { initScale, weightStd, seed }) {
  const uniform = uniformOf(0, seed);
  for (const { weight, inputs } of modules.filter((m) => m instanceof Linear)) {
    const std = weightStd ?? initScale / Math.sqrt(inputs);
    weight.value.forEach((_, i, values) => (values[i] = std * gaussian(uniform)));
  }
}

/**
 * One step of SGD on the images that `indices` (n) names: images (N, inputs) float32,
 * labels (N) uint8, n up to maxBatch. Returns {loss, accuracy, finite} of the batch
 * before the step. A loss that is not finite is reported and the step is taken all the
 * same, as in PyTorch.
 */
export function step(net, images, labels, indices) {
  const n = indices.length;
  checkBatch(net, n, true);
  gather(net, images, labels, indices, n);
  forward(net, net.outs, n, true);
  const report = score(net, net.outs, n);
  backward(net, n);
  descend(net);
  net.stepped = n;
  return report;
}

function checkBatch({ config, modules }, n, training) {
  if (!(n >= 1 && n <= config.maxBatch)) {
    throw new RangeError(`a batch has 1 to ${config.maxBatch} images, not ${n}`);
  }
  if (training && modules.some(({ leastImages = 1 }) => n < leastImages)) {
    throw new BatchTooSmall(`this normalizer cannot train on a batch of ${n}`);
  }
}

/** Copy the named images and labels into the network's arrays. */
function gather(net, images, labels, indices, n) {
  const { inputs } = net.config;
  for (let row = 0, to = 0; row < n; row++) {
    let from = indices[row] * inputs;
    for (let pixel = 0; pixel < inputs; pixel++) net.input[to++] = images[from++];
    net.labels[row] = labels[indices[row]];
  }
}

function forward({ modules, input }, outs, n, training) {
  modules.forEach((m, i) => m.forward(i ? outs[i - 1] : input, outs[i], n, training));
}

function backward({ modules, input, outs, gradients }, n) {
  for (let i = modules.length - 1; i >= 0; i--) {
    const x = i ? outs[i - 1] : input;
    modules[i].backward(x, outs[i], gradients[i + 1], gradients[i], n);
    modules[i].updateRunning?.();
  }
}

function descend({ parameters, learningRate }) {
  for (const { value, gradient } of parameters) {
    if (!gradient) continue;
    for (let i = 0; i < value.length; i++) value[i] -= learningRate * gradient[i];
  }
}

/** Softmax cross-entropy of the last of outs, mean over the batch, and its gradient. */
function score({ config, labels, gradients }, outs, n) {
  const { classes } = config;
  const [logits, gradient] = [outs.at(-1), gradients.at(-1)];
  let loss = 0;
  let right = 0;
  for (let first = 0, row = 0; row < n; row++, first += classes) {
    const [end, answer] = [first + classes, first + labels[row]];
    let best = first;
    let sum = 0;
    for (let i = first; i < end; i++) if (logits[i] > logits[best]) best = i;
    for (let i = first; i < end; i++) sum += Math.exp(logits[i] - logits[best]);
    for (let i = first; i < end; i++) {
      const probability = Math.exp(logits[i] - logits[best]) / sum;
      gradient[i] = (probability - (i === answer ? 1 : 0)) / n;
    }
    loss += (Math.log(sum) + logits[best] - logits[answer]) / n;
    if (best === answer) right++;
  }
  return { loss, accuracy: right / n, finite: Number.isFinite(loss) };
}

/** Whether a normalizer remembers statistics for evaluation. */
export const remembers = ({ modules }) => modules.some((m) => m.updateRunning);

/**
 * {loss, accuracy, finite, examples} on images (N, inputs); nothing is learned. Mode
 * "eval" normalizes with the running statistics, "train" with those of each batch: a
 * last, smaller batch is left out then, for its statistics are of another kind.
 */
export function evaluate(net, images, labels, mode, batchSize = net.config.maxBatch) {
  const training = mode === "train";
  const size = Math.min(batchSize, labels.length);
  const sum = { loss: 0, accuracy: 0, examples: 0 };
  checkBatch(net, size, training);
  for (let start = 0; start < labels.length; start += size) {
    const n = Math.min(size, labels.length - start);
    if (training && n < size) break;
    for (let row = 0; row < n; row++) net.rows[row] = start + row;
    gather(net, images, labels, net.rows, n);
    forward(net, net.spares, n, training);
    const { loss, accuracy } = score(net, net.spares, n);
    sum.loss += loss * n;
    sum.accuracy += accuracy * n;
    sum.examples += n;
  }
  const [loss, accuracy] = [sum.loss / sum.examples, sum.accuracy / sum.examples];
  return { loss, accuracy, finite: Number.isFinite(loss), examples: sum.examples };
}

/** Logits (n, classes) of one batch of images (n, inputs), in a new array. */
export function predict(net, images, mode) {
  const n = images.length / net.config.inputs;
  checkBatch(net, n, mode === "train");
  net.input.set(images);
  forward(net, net.spares, n, mode === "train");
  return net.spares.at(-1).slice(0, n * net.config.classes);
}

/**
 * {epoch, fill}: fill(batch) puts the next indices into an Int32Array. Every epoch is
 * a new shuffle of all images; in order "sorted" its images then queue up by class. A
 * batch that an epoch leaves unfinished goes on with the next.
 */
export function createSampler(labels, order = "shuffled", seed = 0) {
  const uniform = uniformOf(0, seed);
  const indices = Int32Array.from(labels, (_, i) => i);
  let at = indices.length;
  const sampler = { epoch: 0, fill };

  function shuffle() {
    for (let i = indices.length - 1; i > 0; i--) {
      const j = Math.floor(uniform() * (i + 1));
      [indices[i], indices[j]] = [indices[j], indices[i]];
    }
    if (order === "sorted") indices.sort((i, j) => labels[i] - labels[j]);
    sampler.epoch++;
    at = 0;
  }

  function fill(batch) {
    for (let i = 0; i < batch.length; i++) {
      if (at === indices.length) shuffle();
      batch[i] = indices[at++];
    }
    return batch;
  }

  return sampler;
}

const BINS = 64;
const WIDTH = 0.25; // of a bin
const edges = (low) =>
  Float32Array.from({ length: BINS + 1 }, (_, i) => low + i * WIDTH);

/** Bins of what enters an activation, -8 to 8; the outer two hold all beyond. */
export const INPUT_EDGES = edges(-8);
/** Bins of log10 |gradient| of the batch's mean loss, -14 to 2; likewise. */
export const GRADIENT_EDGES = edges(-14);
/** An activation is saturated where its slope is below this part of the largest. */
export const SATURATED = 0.01;

function makeLayers(modules) {
  const stretching = modules.filter(({ gamma }) => gamma);
  const hidden = modules.filter((module) => module instanceof Activation);
  return hidden.map((_, k) => ({
    inputs: new Int32Array(BINS), // how many values enter the activation in each bin
    gradients: new Int32Array(BINS), // how many gradients with respect to them
    zeroGradients: 0, // in no bin
    notFinite: 0, // values in no bin
    saturated: 0, // share of values
    dead: 0, // share of units that are saturated for every image of the batch
    gamma: stretching[k] ? new Float32Array(2) : null, // smallest and largest
    beta: stretching[k]?.beta ? new Float32Array(2) : null,
  }));
}

/**
 * What the last step met, for each hidden layer: see makeLayers. The objects are the
 * same at every call; gamma and beta are those after the step.
 */
export function describe(net) {
  const stretching = net.modules.filter(({ gamma }) => gamma);
  let k = 0;
  net.modules.forEach((module, i) => {
    if (!(module instanceof Activation)) return;
    const layer = net.layers[k];
    countValues(layer, net.outs[i - 1], net.gradients[i], net.stepped * module.outputs);
    countFlat(layer, module, net.outs[i], net.stepped);
    if (layer.gamma) setRange(layer.gamma, stretching[k].gamma.value);
    if (layer.beta) setRange(layer.beta, stretching[k].beta.value);
    k++;
  });
  return net.layers;
}

function countValues(layer, inputs, gradients, size) {
  layer.inputs.fill(0);
  layer.gradients.fill(0);
  layer.zeroGradients = layer.notFinite = 0;
  for (let i = 0; i < size; i++) {
    if (Number.isFinite(inputs[i])) layer.inputs[bin(INPUT_EDGES, inputs[i])]++;
    else layer.notFinite++;
    const gradient = Math.abs(gradients[i]);
    if (gradient > 0) layer.gradients[bin(GRADIENT_EDGES, Math.log10(gradient))]++;
    else if (gradient === 0) layer.zeroGradients++;
  }
}

function bin(binEdges, value) {
  return Math.min(Math.max(Math.floor((value - binEdges[0]) / WIDTH), 0), BINS - 1);
}

function countFlat(layer, { outputs, slope, most }, out, n) {
  let flat = 0;
  let dead = 0;
  for (let unit = 0; unit < outputs; unit++) {
    const before = flat;
    for (let i = unit; i < n * outputs; i += outputs) {
      if (slope(out[i]) < SATURATED * most) flat++;
    }
    if (n && flat - before === n) dead++;
  }
  layer.saturated = n && flat / (n * outputs);
  layer.dead = dead / outputs;
}

function setRange(range, values) {
  range[0] = Infinity;
  range[1] = -Infinity;
  for (const value of values) {
    range[0] = Math.min(range[0], value);
    range[1] = Math.max(range[1], value);
  }
}
