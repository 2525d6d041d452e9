/** One network of the playground as the page sees it: its worker, and what it told. */

import { startWorker } from "../workers.js";

const NEW_NETWORK = [
  "depth", "width", "activation", "normalizer", "placement", "initial_scale", "seed",
];
const AT_ONCE = ["learning_rate", "batch_size", "order", "evaluation"];
/** The traits that a network is made of and trained with. */
export const SETTINGS = [...NEW_NETWORK, ...AT_ONCE];

const INTERVAL = 80; // ms between two reports of the worker
const CALM_INTERVAL = 500; // for readers who want less motion
const WINDOW = 1000; // ms over which speed is measured
const SHORT = 10; // a run of fewer steps is not kept for comparison

const emptyRecord = (settings) => ({
  settings,
  losses: [], // of each step, in nats
  sums: [0], // of the first 0, 1, 2, ... losses
  evaluations: [], // {step, accuracy}
});

/**
 * Talks to a worker; calls `changed()` whenever there is something new to draw.
 * `endOf(settings)` is the step at which their story pauses by itself; 0, if none.
 */
export class Session {
  state = "starting"; // | "ready" | "playing" | "paused" | "diverged" | "failed"
  away = false; // whether it paused because nobody could see it
  ended = false; // whether it paused because the story's steps were done
  problem = ""; // why it failed
  parameters = 0;
  layers = [];
  speed = null; // steps per second
  previous = null; // the record of the run before
  #id = 0;
  #forgotten = false; // whether the next network starts with an empty record
  #times = []; // [ms, steps] of the last reports

  constructor(script, images, settings, changed, endOf) {
    Object.assign(this, { changed, endOf });
    this.record = emptyRecord(settings);
    this.ready = new Promise((resolve) => (this.opened = resolve));
    try {
      this.worker = startWorker(script);
    } catch (error) {
      this.fail(error.message);
      return;
    }
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.worker.onerror = (event) => this.fail(event.message ?? "it did not start");
    const { buffer, byteOffset, byteLength } = images;
    this.tell("open", { bytes: new Uint8Array(buffer, byteOffset, byteLength) });
    this.renew(settings);
  }

  get steps() {
    return this.record.losses.length;
  }

  /** Of the network as it is, 0 to 1; null where it is not known, or not a network. */
  get heldOut() {
    const last = this.record.evaluations.at(-1);
    return this.state === "diverged" || !last ? null : last.accuracy;
  }

  tell(type, more = {}) {
    this.worker?.postMessage({ type, ...more });
  }

  fail(problem) {
    this.worker?.terminate();
    this.worker = null;
    Object.assign(this, { state: "failed", problem });
    this.opened();
    this.changed();
  }

  /** A new network; the run so far stays for comparison. It goes on if it played. */
  renew(settings) {
    if (this.steps >= SHORT) this.previous = this.record;
    if (this.#forgotten) this.previous = null;
    this.#forgotten = false;
    this.record = emptyRecord(settings);
    this.tell("network", { id: ++this.#id, settings, until: this.endOf(settings) });
    if (this.state === "diverged" || this.state === "paused") this.state = "ready";
    this.#times = [];
    this.changed();
  }

  /** Take the settings that the reader made: at once where possible. */
  follow(settings) {
    const now = this.record.settings;
    const differs = (name) => settings[name] !== now[name];
    if (this.#forgotten || NEW_NETWORK.some(differs)) this.renew(settings);
    else if (AT_ONCE.some(differs)) {
      this.record.settings = settings;
      this.tell("change", { settings, until: this.endOf(settings) });
      this.changed();
    }
  }

  /** Stop; the next settings, new or not, start with a new network and no past. */
  forget() {
    this.pause();
    this.#forgotten = true;
  }

  play() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.tell("play", { interval: calm ? CALM_INTERVAL : INTERVAL });
    this.#times = [];
    Object.assign(this, { state: "playing", away: false, ended: false });
    this.changed();
  }

  pause(away = false, ended = false) {
    if (this.state !== "playing") return;
    this.tell("pause");
    Object.assign(this, { state: "paused", away, ended, speed: null });
    this.changed();
  }

  step() {
    this.tell("step");
    Object.assign(this, { state: "paused", away: false, ended: false });
  }

  hear(news) {
    if (news.error) this.fail(news.error);
    if (news.error || news.id !== this.#id) return;
    const { losses, sums, evaluations } = this.record;
    for (const loss of news.loss) {
      losses.push(loss);
      sums.push(sums.at(-1) + loss);
    }
    if (news.evaluation) evaluations.push(news.evaluation);
    Object.assign(this, { layers: news.layers, parameters: news.parameters });
    this.measureSpeed(news);
    if (news.diverged) Object.assign(this, { state: "diverged", speed: null });
    if (this.state === "starting") this.state = "ready";
    if (news.ended) this.pause(false, true);
    this.opened();
    this.changed();
  }

  measureSpeed({ time, steps }) {
    if (this.state !== "playing") return;
    const times = this.#times;
    times.push([time, steps]);
    while (times.length > 2 && time - times[0][0] > WINDOW) times.shift();
    const [began, before] = times[0];
    this.speed = time > began ? (1000 * (steps - before)) / (time - began) : null;
  }

  end() {
    this.worker?.terminate();
    this.worker = null;
  }
}
