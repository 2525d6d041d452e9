/** Trains what a claim needs, on two workers, a training at a time on each. */

import { Learner } from "../trainer/learner.js";

const WORKERS = 2;

export const keyOf = (settings, seed, epochs) => JSON.stringify([settings, seed, epochs]);

/** Images that are computed for so many epochs of 10,000; 16 together at least. */
const costOf = ({ size, probe }, epochs) =>
  (probe ? 1 : epochs * Math.floor(10_000 / size) * Math.max(16, size));

/**
 * Calls `changed()` as trainings go on; `results`: keyOf -> what measures.js reads, and
 * what is there is not trained again. Where settings say `probe`, nothing is trained, and
 * a bias is asked about.
 */
export class Runner {
  state = "idle"; // | "running" | "done" | "stopped" | "failed"
  problem = "";
  results = new Map();
  #began = 0; // ms
  #cost = 0; // of all that is to be trained
  #paid = 0; // of what is
  #waiting = [];
  #jobs = new Map(); // learner -> what it trains
  #epochs = 0;

  constructor(model, images, changed) {
    this.changed = changed;
    this.learners = Array.from({ length: WORKERS }, () => {
      const learner = new Learner(model, images, () => this.moved(learner));
      return learner;
    });
  }

  /** Train each of these settings with each of these seeds. */
  run(all, seeds, epochs) {
    this.stop();
    this.#epochs = epochs;
    const keys = new Set(all.map((settings) => JSON.stringify(settings)));
    const jobs = seeds.flatMap((seed) =>
      [...keys].map((settings) => ({ settings: JSON.parse(settings), seed })));
    this.total = jobs.length;
    this.#waiting = jobs.filter(({ settings, seed }) =>
      !this.results.has(keyOf(settings, seed, epochs)));
    this.done = this.total - this.#waiting.length;
    this.#cost = this.#waiting.reduce((sum, job) => sum + costOf(job.settings, epochs), 0);
    this.#paid = 0;
    this.#began = performance.now();
    this.state = "running";
    for (const learner of this.learners) this.#next(learner);
    this.changed();
  }

  /** How much of it is done, from 0 to 1. */
  get share() {
    const running = [...this.#jobs].reduce((sum, [{ updates, each }, { settings }]) =>
      sum + (each ? (costOf(settings, this.#epochs) * updates) / (each * this.#epochs) : 0),
    0);
    return (this.#paid + running) / (this.#cost || 1);
  }

  /** Seconds that are left, if it goes on as it did; null at the very beginning. */
  get left() {
    const { share } = this;
    const seconds = (performance.now() - this.#began) / 1000;
    return share > 0.01 && seconds > 3 ? (seconds * (1 - share)) / share : null;
  }

  stop() {
    for (const learner of this.#jobs.keys()) learner.pause();
    this.#jobs.clear();
    this.#waiting = [];
    if (this.state === "running") this.state = "stopped";
    this.changed();
  }

  /** Pause or go on with what is being trained. */
  hold(held) {
    for (const learner of this.#jobs.keys()) {
      if (held) learner.pause();
      else learner.play(this.#epochs * learner.each);
    }
  }

  #next(learner) {
    const job = this.#waiting.shift();
    if (!job) {
      this.#jobs.delete(learner);
      if (!this.#jobs.size) this.state = "done";
      return;
    }
    this.#jobs.set(learner, job);
    const { probe, ...settings } = job.settings;
    if (probe) learner.probe({ ...settings, seed: job.seed });
    else learner.start({ ...settings, seed: job.seed });
  }

  moved(learner) {
    const job = this.#jobs.get(learner);
    if (learner.state === "failed") {
      Object.assign(this, { state: "failed", problem: learner.problem });
    } else if (job && learner.state === "ready") {
      learner.play(this.#epochs * learner.each);
    } else if (job && this.#over(learner)) {
      const { losses, evaluations, each, probed } = learner;
      this.results.set(keyOf(job.settings, job.seed, this.#epochs),
        job.settings.probe ? probed : { losses, evaluations, each });
      this.done++;
      this.#paid += costOf(job.settings, this.#epochs);
      this.#next(learner);
    }
    this.changed();
  }

  #over({ state, updates, each }) {
    if (state === "paused") return updates >= each * this.#epochs;
    return state === "diverged" || state === "probed";
  }

  end() {
    for (const learner of this.learners) learner.end();
  }
}
