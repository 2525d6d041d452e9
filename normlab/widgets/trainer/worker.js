/**
 * LeNet in a thread of its own: it trains, evaluates after each epoch and reports; the
 * page only draws. Messages are {type, ...}, see COMMANDS.
 */

import { engine, openMachine, own } from "./all.js";
import { decode } from "./images.js";
import { MANY } from "./lost.js";
import { PIXELS } from "./network.js";

const SLICE = 25; // ms of updates between two looks at the messages
const INTERVAL = 200; // ms between two reports
const SHOWN = 3; // which test image the feature maps are of

/** A network in training. `data`: what `decode` gives; `machine`: see simd.js. */
export class Training {
  constructor(machine, data, settings) {
    Object.assign(this, { machine, data, settings, updates: 0, diverged: false });
    this.net = engine.createNetwork(machine, { ...settings, most: MOST });
    this.next = engine.createSampler(data.training, settings.seed);
    this.each = Math.floor(data.training / settings.size); // updates an epoch
  }

  /** One update; returns the loss before it. */
  update() {
    const { size, rate } = this.settings;
    const loss = engine.step(this.net, this.data, this.next(size), rate);
    this.diverged = !Number.isFinite(loss);
    this.updates++;
    return loss;
  }

  /** Loss and accuracy on the test images, in evaluation mode and with each batch's own. */
  evaluate() {
    const { net, data, settings, updates } = this;
    const test = [data.training, data.training + data.test];
    const running = engine.evaluate(net, data, test, "evaluation");
    const batch = settings.normalizer === "none" ? running
      : engine.evaluate(net, data, test, "batch", settings.size);
    return { updates, running, batch };
  }

  /** What can be looked at: first filters, their maps of one image, gammas and betas. */
  look() {
    const { machine, net, data } = this;
    const image = data.training + SHOWN;
    engine.forward(net, data, [image], "evaluation");
    const [convolution] = net.layers;
    const active = net.layers[net.settings.normalizer === "none" ? 1 : 2];
    const places = active.channels * active.side ** 2;
    const all = machine.values(active.y, places * net.images);
    const learned = (kind) => net.layers.filter((layer) => layer[kind]).map((layer) =>
      Array.from(machine.values(layer[kind].value, layer.channels)));
    return {
      filters: Array.from(machine.values(convolution.weight.value, convolution.weight.count)),
      maps: Array.from({ length: places }, (_, i) => all[i * net.images]),
      gamma: learned("gamma"), beta: learned("beta"),
    };
  }
}

const MOST = 256; // images at a time

/** Obey the messages of `port`, which may be a worker's own scope. */
export function serve(port) {
  let machine = null;
  let data = null;
  let training = null;
  let id = 0; // of the training; the page ignores reports about an older one
  let until = 0; // the update at which it pauses by itself
  let [playing, ticking] = [false, false];
  let [losses, evaluations, reportAt] = [[], [], 0]; // not yet reported

  const COMMANDS = {
    /** The engine's module, if there is one, and the images, packed; once. */
    async open({ module, images }) {
      const { images: pixels, labels, ...counts } = await decode(images);
      machine = await openMachine(module);
      data = { ...own(machine, pixels, labels), ...counts };
      machine.keep();
      port.postMessage({ opened: machine.name });
    },
    /** A new network. */
    start(message) {
      machine.clear();
      ({ id } = message);
      training = new Training(machine, data, message.settings);
      [losses, evaluations, playing] = [[], [training.evaluate()], false];
      report();
    },
    play(message) {
      ({ until } = message);
      playing = !training.diverged && training.updates < until;
      if (playing && !ticking) tick();
    },
    pause() {
      playing = false;
      report();
    },
    /** What biases do in a network of these settings; in 64-bit floats. */
    probe({ id: asked, settings }) {
      const exact = engine.openReference();
      const count = MANY * (settings.seed + 1); // each seed has images of its own
      const few = own(exact, machine.byteValues(data.images, PIXELS * count),
        machine.byteValues(data.labels, count));
      port.postMessage({ id: asked, probed: engine.lostBias(exact, few, settings) });
    },
    step() {
      if (!training.diverged) advance();
      report();
    },
  };

  function advance() {
    losses.push(training.update());
    if (training.updates % training.each === 0) evaluations.push(training.evaluate());
    if (training.diverged || training.updates >= until) playing = false;
  }

  // A message to itself lets those of the page in between; a timer would wait longer.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = slice;

  function tick() {
    ticking = true;
    port2.postMessage(null);
  }

  function slice() {
    ticking = false;
    if (!playing) return;
    const end = performance.now() + SLICE;
    do advance(); while (playing && performance.now() < end);
    if (!playing || performance.now() >= reportAt) report();
    if (playing) tick();
  }

  function report() {
    const { updates, diverged, each } = training;
    const news = { id, updates, each, diverged, playing, losses, evaluations };
    port.postMessage({ ...news, look: training.look(), time: performance.now() });
    [losses, evaluations] = [[], []];
    reportAt = performance.now() + INTERVAL;
  }

  let done = Promise.resolve(); // commands wait for the one before
  port.onmessage = ({ data: message }) => {
    done = done
      .then(() => COMMANDS[message.type](message))
      .catch((error) => port.postMessage({ error: error.message }));
  };
}

if (typeof DedicatedWorkerGlobalScope !== "undefined") serve(globalThis);
