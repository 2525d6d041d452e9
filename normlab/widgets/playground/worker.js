/**
 * The playground's network in a thread of its own: it trains, looks at the held-out
 * images and reports; the page only draws. Messages are {type, ...}, see COMMANDS.
 */

import {
  createNetwork, createSampler, describe, evaluate, remembers, step,
} from "./engine.js";
import { decode } from "./data.js";

const SLICE = 25; // ms of steps between two looks at the messages
const HELD_OUT_EVERY = 250; // ms
const SHARE = 4; // training gets this many times the time of reporting, at least
const HELD_OUT_BATCH = 50; // as many as there are held-out images of a class
const SHUFFLE = 0; // seed of the order in which held-out images are mixed

/** Packed images (Uint8Array) -> what a Run takes. */
export async function open(bytes) {
  const data = await decode(bytes);
  const { testImages, testLabels } = data;
  const pixels = testImages.length / testLabels.length;
  const order = createSampler(testLabels, "shuffled", SHUFFLE);
  const mixed = order.fill(new Int32Array(testLabels.length));
  const mixedImages = new Float32Array(testImages.length);
  mixed.forEach((from, to) => {
    const image = testImages.subarray(from * pixels, (from + 1) * pixels);
    mixedImages.set(image, to * pixels);
  });
  const mixedLabels = Uint8Array.from(mixed, (index) => testLabels[index]);
  return { ...data, mixedImages, mixedLabels };
}

/** A network in training; `settings` are the widget's traits of these names. */
export class Run {
  constructor(data, settings) {
    const { depth, width, activation, normalizer, placement, seed } = settings;
    const sizes = { depth, width, activation, normalizer, placement, seed };
    this.data = data;
    this.net = createNetwork({ ...sizes, initScale: settings.initial_scale });
    this.steps = 0;
    this.diverged = false;
    this.change(settings);
  }

  /** Take over what may change between two steps. */
  change(settings) {
    const { learning_rate, batch_size, order, seed } = settings;
    this.net.learningRate = learning_rate;
    if (batch_size !== this.batch?.length) this.batch = new Int32Array(batch_size);
    if (order !== this.settings?.order) {
      this.sampler = createSampler(this.data.trainLabels, order, seed);
    }
    this.settings = settings;
  }

  /** One step; returns the loss before it. */
  step() {
    const { trainImages, trainLabels } = this.data;
    const batch = this.sampler.fill(this.batch);
    const { loss, finite } = step(this.net, trainImages, trainLabels, batch);
    this.steps++;
    this.diverged = !finite;
    return loss;
  }

  /** {step, accuracy} on the held-out images, with the statistics asked for. */
  evaluate() {
    const { testImages, testLabels, mixedImages, mixedLabels } = this.data;
    const { evaluation } = this.settings;
    const own = remembers(this.net) && evaluation !== "running";
    const images = own && evaluation === "class" ? testImages : mixedImages;
    const labels = own && evaluation === "class" ? testLabels : mixedLabels;
    const size = own ? HELD_OUT_BATCH : labels.length / 2;
    const mode = own ? "train" : "eval";
    const { accuracy } = evaluate(this.net, images, labels, mode, size);
    return { step: this.steps, accuracy };
  }

  /** What the last step met in each layer; before the first, what it will meet. */
  layers() {
    if (this.steps) return describe(this.net);
    const ahead = new Run(this.data, this.settings);
    ahead.step();
    return describe(ahead.net);
  }

  /** How many numbers are learned. */
  get parameters() {
    const learned = this.net.parameters.filter(({ gradient }) => gradient);
    return learned.reduce((sum, { value }) => sum + value.length, 0);
  }
}

/** Obey the messages of `port`, which may be a worker's own scope. */
export function serve(port) {
  let data = null;
  let run = null;
  let id = 0; // of the network; the page ignores reports about an older one
  let interval = 0; // ms between reports
  let until = 0; // the step at which it pauses by itself
  let [playing, ticking, drawn] = [false, false, true];
  let [reportAt, heldOutAt] = [0, 0];
  let losses = []; // not yet reported

  const COMMANDS = {
    /** The images, packed; once. */
    async open({ bytes }) {
      data = await open(bytes);
    },
    /** A new network. */
    network(message) {
      run = new Run(data, message.settings);
      ({ id, until } = message);
      losses = [];
      report(true);
    },
    change(message) {
      run.change(message.settings);
      ({ until } = message);
      heldOutAt = 0;
      if (!playing) report(true);
    },
    play(message) {
      interval = message.interval;
      playing = !run.diverged;
      if (playing && !ticking) tick();
    },
    pause() {
      playing = false;
      report(!run.diverged);
    },
    step() {
      if (run.diverged) return;
      advance();
      report(!run.diverged);
    },
    /** The page has drawn the last report and may have the next. */
    drawn() {
      drawn = true;
    },
  };

  function advance() {
    losses.push(run.step());
    if (run.diverged || run.steps === until) playing = false;
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
    const now = performance.now();
    if (!playing) report(!run.diverged, !run.diverged);
    else if (drawn && now >= reportAt) report(now >= heldOutAt);
    if (playing) tick();
  }

  function report(heldOut, ended = false) {
    const began = performance.now();
    const loss = Float32Array.from(losses);
    const { steps, diverged, parameters } = run;
    const news = { id, steps, ended, diverged, parameters, loss, time: began };
    news.layers = run.layers();
    news.evaluation = heldOut ? run.evaluate() : null;
    port.postMessage(news, [loss.buffer]);
    [losses, drawn] = [[], false];
    const now = performance.now();
    reportAt = now + Math.max(interval, SHARE * (now - began));
    if (heldOut) heldOutAt = now + Math.max(HELD_OUT_EVERY, SHARE * (now - began));
  }

  let done = Promise.resolve(); // commands wait for the one before
  port.onmessage = ({ data: message }) => {
    done = done
      .then(() => COMMANDS[message.type](message))
      .catch((error) => port.postMessage({ error: error.message }));
  };
}

if (typeof DedicatedWorkerGlobalScope !== "undefined") serve(globalThis);
