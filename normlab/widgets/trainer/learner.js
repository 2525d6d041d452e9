/** One LeNet as the page sees it: its worker, and what that told. */

import { startWorker } from "../workers.js";

const WINDOW = 2000; // ms over which speed is measured

/** Talks to a worker; calls `changed()` whenever there is something new to draw. */
export class Learner {
  state = "starting"; // | "ready" | "playing" | "paused" | "diverged" | "failed"
  // | "probing" | "probed"
  machine = ""; // what computes
  problem = ""; // why it failed
  updates = 0;
  each = 0; // updates an epoch
  losses = []; // of each update, in nats
  evaluations = []; // {updates, running, batch}: loss and accuracy each
  probed = null; // {moved, gradient, last} of a probe
  look = null; // first filters, maps, gammas and betas
  #id = 0;
  #times = []; // [ms, updates] of the last reports

  /** `model`: a widget's, which has the worker's script and the engine. */
  constructor(model, images, changed) {
    this.changed = changed;
    try {
      this.worker = startWorker(model.get("worker_script"));
    } catch (error) {
      this.fail(error.message);
      return;
    }
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.worker.onerror = (event) => this.fail(event.message ?? "it did not start");
    const { buffer, byteOffset, byteLength } = model.get("engine");
    const module = new Uint8Array(buffer, byteOffset, byteLength);
    this.tell("open", { module, images });
  }

  tell(type, more = {}) {
    this.worker?.postMessage({ type, ...more });
  }

  fail(problem) {
    this.end();
    Object.assign(this, { state: "failed", problem });
    this.changed();
  }

  /** A new network. */
  start(settings) {
    if (this.state === "failed") return;
    Object.assign(this, { state: "starting", updates: 0, losses: [], evaluations: [] });
    this.#times = [];
    this.tell("start", { id: ++this.#id, settings });
  }

  /** Ask what a bias before the normalizer does; the answer comes as `probed`. */
  probe(settings) {
    if (this.state === "failed") return;
    Object.assign(this, { state: "probing", updates: 0, each: 0 });
    this.tell("probe", { id: ++this.#id, settings });
  }

  play(until) {
    if (this.state !== "ready" && this.state !== "paused") return;
    this.state = "playing";
    this.#times = [];
    this.tell("play", { until });
  }

  pause() {
    if (this.state !== "playing") return;
    this.state = "paused";
    this.tell("pause");
  }

  step() {
    if (this.state === "ready" || this.state === "paused") this.tell("step");
  }

  hear(news) {
    if (news.error) this.fail(news.error);
    if (news.opened) this.machine = news.opened;
    if (news.id !== this.#id || news.error) return;
    if (news.probed) {
      Object.assign(this, { state: "probed", probed: news.probed });
      this.changed();
      return;
    }
    this.losses.push(...news.losses);
    this.evaluations.push(...news.evaluations);
    Object.assign(this, { updates: news.updates, each: news.each, look: news.look });
    if (this.state === "starting") this.state = "ready";
    if (this.state === "playing") {
      this.#times.push([news.time, news.updates]);
      while (this.#times[0][0] < news.time - WINDOW) this.#times.shift();
      if (!news.playing) this.state = "paused";
    }
    if (news.diverged) this.state = "diverged";
    this.changed();
  }

  /** Updates a second, or null where it is not known. */
  get speed() {
    if (this.state !== "playing" || this.#times.length < 2) return null;
    const [first, last] = [this.#times[0], this.#times.at(-1)];
    if (first[0] === last[0]) return null;
    return (1000 * (last[1] - first[1])) / (last[0] - first[0]);
  }

  end() {
    this.worker?.terminate();
    this.worker = null;
  }
}
