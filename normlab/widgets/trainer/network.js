/**
 * LeNet as the chapter builds it, on any machine (simd.js, reference.js): its layers,
 * a step of training, and what it makes of images in either mode.
 */

import { uniformOf } from "../random.js";

export const CLASSES = 10;
const SIDE = 28;
export const PIXELS = SIDE * SIDE;
const EPS = 1e-5;
const MOMENTUM = 0.1; // of the running statistics
const WHOLE = 16; // images that are computed together

/** Normalizer -> who shares a mean: so many neighbouring channels, so many images. */
const SHARING = {
  batch: ({ valid }) => ({ together: 1, apart: valid }),
  ghost: ({ valid, statistics }) => ({ together: 1, apart: Math.min(statistics, valid) }),
  group: ({ channels }) => ({ together: channels / 2, apart: 1 }),
  layer: ({ channels }) => ({ together: channels, apart: 1 }),
};
/** Those that keep running statistics, for evaluation mode. */
const REMEMBERS = new Set(["batch", "ghost"]);

/**
 * A network with weights of its own.
 *
 * settings: normalizer ("none", or a key of SHARING), statistics (images that share them,
 * of "ghost"), activation ("sigmoid" or "relu"), seed, most (images at a time).
 */
export function createNetwork(machine, settings) {
  const images = padded(settings.most);
  // `room` for so many images; `images` are computed of the batch at hand.
  const net = {
    machine, settings, room: images, images, parameters: [], layers: [], valid: 0,
  };
  net.x = machine.tensor(PIXELS * images);
  net.labels = machine.bytes(images);
  net.order = machine.integers(images);
  net.list = machine.integers(2 * 4096); // of terms, for convolutions
  convolution(net, 1, SIDE, 6, 5), normalized(net, 6, 24), pooling(net, 6, 24);
  convolution(net, 6, 12, 16, 5), normalized(net, 16, 8), pooling(net, 16, 8);
  convolution(net, 256, 1, 120, 1), normalized(net, 120, 1);
  convolution(net, 120, 1, 84, 1), normalized(net, 84, 1);
  convolution(net, 84, 1, CLASSES, 1);
  net.logits = net.layers.at(-1).y;
  drawWeights(net, settings.seed);
  return net;
}

/** How many images are computed together where there are so many. */
const padded = (count) => Math.ceil(count / WHOLE) * WHOLE;

/** What a layer has before it; the images come first. */
const before = (net) => net.layers.at(-1)?.y ?? net.x;

/** Room for the gradient of a layer's output; a layer may write over it. */
const gradientOf = (net) => net.layers.at(-1)?.gradient;

/** Xavier's bounds for weights, PyTorch's for biases: what d2l's training starts with. */
function drawWeights(net, seed) {
  const next = uniformOf(seed);
  const within = (bound) => bound * (2 * next() - 1);
  for (const { kind, fans, value, count } of net.parameters) {
    const [fanIn, fanOut] = fans;
    const bounds = { weight: Math.sqrt(6 / (fanIn + fanOut)), bias: 1 / Math.sqrt(fanIn) };
    const values = net.machine.values(value, count);
    for (let i = 0; i < count; i++) {
      values[i] = kind in bounds ? within(bounds[kind]) : Number(kind === "gamma");
    }
  }
}

function parameter(net, name, kind, count, fans = [1, 1]) {
  const { machine } = net;
  const entry = {
    name, kind, count, fans, value: machine.tensor(count), gradient: machine.tensor(count),
  };
  net.parameters.push(entry);
  return entry;
}

/** A convolution, or on maps of one pixel a dense layer. */
function convolution(net, inputs, side, outputs, size) {
  const { machine, room, list } = net;
  const [out, area, number] = [side - size + 1, size * size, net.layers.length];
  const fans = [inputs * area, outputs * area];
  const weight = parameter(net, `${number}.weight`, "weight", outputs * inputs * area, fans);
  const bias = parameter(net, `${number}.bias`, "bias", outputs, fans);
  const [x, below] = [before(net), gradientOf(net)];
  const y = machine.tensor(outputs * out * out * room);
  const gradient = machine.tensor(outputs * out * out * room);
  const arranged = machine.tensor(weight.count);
  net.layers.push({
    name: `${number}`, channels: outputs, side: out, y, gradient, weight, bias,
    forward() {
      machine.arrange(weight.value, arranged, outputs, inputs, size, false);
      machine.correlate(x, arranged, bias.value, y, list, inputs, side, side,
        outputs, out, out, size, net.images, false);
    },
    backward() {
      const { images } = net;
      machine.correlateBack(x, gradient, weight.gradient, list, inputs, side, side,
        outputs, out, out, size, images);
      machine.sumChannels(gradient, bias.gradient, outputs, out * out, images);
      if (below === undefined) return;
      machine.arrange(weight.value, arranged, outputs, inputs, size, true);
      machine.correlate(gradient, arranged, machine.none, below, list, outputs, out, out,
        inputs, side, side, size, images, true);
    },
  });
}

/** A normalizer, if there is to be one, and the activation. */
function normalized(net, channels, side) {
  if (net.settings.normalizer !== "none") normalizer(net, channels, side);
  activation(net, channels, side);
}

/**
 * What is normalized is written over the convolution's output, which nobody needs any
 * more, and gradients over those of the output.
 */
function normalizer(net, channels, side) {
  const { machine, room, settings } = net;
  const name = `${net.layers.length}`;
  const places = side * side;
  const gamma = parameter(net, `${name}.weight`, "gamma", channels);
  const beta = parameter(net, `${name}.bias`, "beta", channels);
  const { y: x, gradient } = net.layers.at(-1);
  const y = machine.tensor(channels * places * room);
  const [mean, inverse, plain, along] = Array.from({ length: 4 }, () =>
    machine.tensor(channels * room));
  const running = REMEMBERS.has(settings.normalizer) && {
    mean: machine.tensor(channels), variance: machine.tensor(channels),
  };
  if (running) machine.values(running.variance, channels).fill(1);
  const sharing = () => SHARING[settings.normalizer]({
    channels, valid: net.valid, statistics: settings.statistics,
  });

  const observe = (training) => {
    const { together, apart } = sharing();
    const { images } = net;
    const all = [channels, places, images];
    machine.sumPlaces(x, mean, ...all);
    machine.share(mean, ...all, net.valid, together, apart);
    machine.sumSquares(x, mean, inverse, ...all);
    machine.share(inverse, ...all, net.valid, together, apart);
    if (!training || !running) return;
    const count = places * apart;
    const moving = [channels, images, net.valid, apart, MOMENTUM];
    machine.remember(mean, running.mean, ...moving, 1);
    machine.remember(inverse, running.variance, ...moving, count / (count - 1));
  };

  net.layers.push({
    name, channels, side, y, gradient, gamma, beta, running,
    forward(mode) {
      const { images } = net;
      if (mode === "evaluation" && running) {
        machine.recall(running.mean, mean, channels, images, net.valid);
        machine.recall(running.variance, inverse, channels, images, net.valid);
      } else observe(mode === "training");
      machine.invert(inverse, channels, images, net.valid, EPS);
      machine.normalize(x, mean, inverse, gamma.value, beta.value, x, y,
        channels, places, images);
    },
    backward() {
      const { together, apart } = sharing();
      const { images } = net;
      const all = [channels, places, images];
      machine.sumGradients(gradient, x, plain, along, ...all);
      machine.total(plain, gamma.value, beta.gradient, channels, images);
      machine.total(along, gamma.value, gamma.gradient, channels, images);
      machine.share(plain, ...all, net.valid, together, apart);
      machine.share(along, ...all, net.valid, together, apart);
      machine.normalizeBack(gradient, x, inverse, gamma.value, plain, along, gradient,
        ...all);
    },
  });
}

/** Written over what it is given, and so are gradients. */
function activation(net, channels, side) {
  const { machine, settings } = net;
  const { y, gradient } = net.layers.at(-1);
  const count = () => channels * side * side * net.images;
  const back = machine[`${settings.activation}Back`];
  net.layers.push({
    name: `${net.layers.length}`, channels, side, y, gradient,
    forward: () => machine[settings.activation](y, y, count()),
    backward: () => back(y, gradient, gradient, count()),
  });
}

function pooling(net, channels, side) {
  const { machine, room } = net;
  const { y: x, gradient: below } = net.layers.at(-1);
  const count = (channels * side * side * room) / 4;
  const [y, gradient] = [machine.tensor(count), machine.tensor(count)];
  const chosen = machine.integers(count);
  const shape = () => [channels, side, side, net.images];
  net.layers.push({
    name: `${net.layers.length}`, channels, side: side / 2, y, gradient,
    forward: () => machine.maxPool(x, y, chosen, ...shape()),
    backward: () => machine.maxPoolBack(gradient, chosen, below, ...shape()),
  });
}

/**
 * The logits of these images, and their labels, stay in the network.
 *
 * `data`: images and labels as the machine's bytes; `batch`: which ones; `mode`:
 * "training", "evaluation", or "batch", statistics of the batch and nothing remembered.
 */
export function forward(net, data, batch, mode) {
  const { machine } = net;
  net.valid = batch.length;
  net.images = padded(batch.length);
  machine.integerValues(net.order, batch.length).set(batch);
  machine.gather(data.images, data.labels, net.order, net.x, net.labels, PIXELS,
    net.images, net.valid);
  for (const layer of net.layers) layer.forward(mode);
}

/** One update; returns the batch's mean loss before it, in nats. */
export function step(net, data, batch, rate) {
  const { machine, layers, logits } = net;
  const { gradient: last } = layers.at(-1); // probabilities first, then less the labels
  forward(net, data, batch, "training");
  const { images } = net;
  const { loss } = judged(net);
  machine.softmax(logits, last, CLASSES, images);
  machine.lossBack(last, net.labels, CLASSES, images, net.valid);
  for (const layer of layers.toReversed()) layer.backward();
  for (const { value, gradient, count: many } of net.parameters) {
    machine.descend(value, gradient, many, rate);
  }
  return loss;
}

/** Mean loss, in nats, and share of right answers of what went through last. */
function judged({ machine, images, logits, labels, valid }) {
  const values = machine.values(logits, CLASSES * images);
  const targets = machine.byteValues(labels, valid);
  let [sum, right] = [0, 0];
  for (let n = 0; n < valid; n++) {
    let best = 0;
    for (let c = 1; c < CLASSES; c++) {
      if (values[c * images + n] > values[best * images + n]) best = c;
    }
    const largest = values[best * images + n];
    let powers = 0;
    for (let c = 0; c < CLASSES; c++) powers += Math.exp(values[c * images + n] - largest);
    sum += Math.log(powers) + largest - values[targets[n] * images + n];
    right += Number(best === targets[n]);
  }
  return { loss: sum / valid, right: right / valid };
}

/** Loss and accuracy over images `from` to `to`, in batches of `size` images. */
export function evaluate(net, data, [from, to], mode, size = net.settings.most) {
  let [loss, accuracy] = [0, 0];
  for (let start = from; start < to; start += size) {
    const length = Math.min(size, to - start);
    forward(net, data, Int32Array.from({ length }, (_, i) => start + i), mode);
    const { loss: mean, right } = judged(net);
    loss += (mean * length) / (to - from);
    accuracy += (right * length) / (to - from);
  }
  return { loss, accuracy };
}

/** Draws batches without replacement, and begins anew when too few are left. */
export function createSampler(count, seed) {
  const [order, next] = [Int32Array.from({ length: count }, (_, i) => i), uniformOf(seed, 1)];
  let at = count;
  return (size) => {
    if (at + size > count) {
      for (let i = count - 1; i > 0; i--) {
        const j = Math.floor(next() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
      }
      at = 0;
    }
    return order.subarray(at, (at += size));
  };
}
