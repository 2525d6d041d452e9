/** LeNet, with a normalizer and without, trains in the page: side by side. */

import { Fetching } from "./fetching.js";
import { learned, pictures } from "./inside.js";
import { Learner } from "./learner.js";
import { accuracies, losses, SIDES } from "./plots.js";
import {
  button, change, choice, colorKeys, drawOn, fit, format, html, numberTable, offer,
  onceAFrame, root, slider, timeLeft, toolbar, write,
} from "../shared.js";

const MADE_OF = ["normalizer", "statistics", "activation", "rate", "size", "seed"];
const EPOCHS = 10; // until it pauses by itself
const WIDE = 620; // CSS pixels from which plots stand side by side
const NAMES = { none: "no layer", batch: "with it" };
const ROWS = {
  epochs: "epochs",
  updates: "updates",
  loss: "training loss, mean of an epoch",
  running: "test accuracy, evaluation mode",
  batch: "test accuracy, batch statistics",
};
const SAID = {
  starting: "The networks are made …",
  ready: "Ready: press Train.",
  playing: "Training …",
  paused: "Paused.",
  diverged: "The loss is no longer a number: the rate is too large for this network.",
};

export default { render };

function render({ model, el }) {
  root(model, el, "LeNet trains here");
  const session = new Session(model);
  const end = fit(el, (width) => build(model, el, width, session));
  return () => {
    end();
    session.end();
  };
}

/** Both networks, and the images once they are there; it outlives a change of width. */
class Session {
  learners = null; // side -> learner
  #listeners = new Set();
  #wanted = false; // whether it is to train as soon as both networks are made
  #away = false; // whether it paused because nobody could see it

  constructor(model) {
    this.model = model;
    this.fetching = new Fetching(model, this.changed);
    this.made = ""; // of which settings the networks are
    this.unhear = drawOn(model, MADE_OF, () => {
      if (JSON.stringify(this.settings) !== this.made) this.restart();
    });
    this.seen = () => this.visible(!document.hidden);
    document.addEventListener("visibilitychange", this.seen);
  }

  listen(call) {
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  }

  changed = () => {
    if (this.#wanted && !this.starting) this.play();
    for (const call of this.#listeners) call();
  };

  /** Fetch the images, once, and make the networks; they start once they are there. */
  async fetch() {
    if (!await this.fetching.fetch()) return;
    this.learners = Object.fromEntries(SIDES.map((side) =>
      [side, new Learner(this.model, this.fetching.images, this.changed)]));
    this.restart();
    this.play();
  }

  /** Where parts of a batch share nothing, their size makes no other network. */
  get settings() {
    const all = Object.fromEntries(MADE_OF.map((name) => [name, this.model.get(name)]));
    return all.normalizer === "ghost" ? all : { ...all, statistics: all.size };
  }

  restart() {
    if (!this.learners) return;
    this.until = 0;
    this.#wanted = false;
    this.made = JSON.stringify(this.settings);
    this.learners.none.start({ ...this.settings, normalizer: "none" });
    this.learners.batch.start(this.settings);
  }

  get all() {
    return Object.values(this.learners ?? {});
  }

  get starting() {
    return this.all.some(({ state }) => state === "starting");
  }

  get playing() {
    return this.#wanted || this.all.some(({ state }) => state === "playing");
  }

  /** Epochs after which it pauses by itself, once it has come so far. */
  get over() {
    const done = this.all.map(({ updates }) => updates);
    const whole = this.until && done.every((updates) => updates >= this.until);
    return whole ? this.until / this.learners.none.each : 0;
  }

  /** Train until so many whole epochs are over, and as many again after that. */
  play() {
    this.#wanted = this.starting;
    if (this.#wanted) {
      this.changed();
      return;
    }
    const length = EPOCHS * (this.learners.none.each || 1);
    const done = Math.max(...this.all.map(({ updates }) => updates));
    this.until = length * (Math.floor(done / length) + 1);
    for (const learner of this.all) learner.play(this.until);
    this.changed();
  }

  pause() {
    this.#wanted = false;
    for (const learner of this.all) learner.pause();
    this.changed();
  }

  step() {
    for (const learner of this.all) learner.step();
  }

  /** Nobody trains in a page that nobody sees. */
  visible(seen) {
    if (!seen && this.playing) {
      this.pause();
      this.#away = true;
    } else if (seen && this.#away) {
      this.#away = false;
      this.play();
    }
  }

  end() {
    this.unhear();
    this.fetching.stop();
    document.removeEventListener("visibilitychange", this.seen);
    for (const learner of this.all) learner.end();
  }
}

function build(model, el, width, session) {
  const each = width >= WIDE ? Math.floor((width - 16) / 2) : width;
  const plots = [losses(each), accuracies(each)];
  const shown = Object.fromEntries(SIDES.map((side) =>
    [side, pictures(`First filters of LeNet, ${NAMES[side]}, and what they make of a test image`)]));
  const gammas = learned(width);
  const { table, cells } = numberTable(ROWS, NAMES);
  const bar = buttons(session);
  const column = ({ picture }) => html("div", {}, picture);
  el.append(
    html("div", { class: "bn-controls" },
      ...["normalizer", "activation"].map((name) => choice(model, name)),
      ...["statistics", "rate", "size", "seed"].map((name) => slider(model, name))),
    bar.item, colorKeys(NAMES),
    html("div", { class: "bn-plots" }, ...plots.map(column)),
    html("p", { class: "bn-caption" }, "Loss: thin, each update’s; thick, the mean of a "
      + "quarter of an epoch; above 2.6 lines stay at the edge. Accuracy: in evaluation "
      + "mode, and dashed, with each batch’s own statistics. Bands: ten recorded runs of "
      + "each network, accuracy in evaluation mode; they are drawn where the controls "
      + "stand as at first. Each network trains at its own pace."),
    table,
    html("p", { class: "bn-caption" }, "The six filters of the first convolution, and below "
      + "each what becomes of one test image, a pair of trousers."),
    html("div", { class: "bn-pair" }, ...SIDES.map((side) =>
      html("div", {}, html("div", { class: "bn-caption" }, NAMES[side]), shown[side].item))),
    html("p", { class: "bn-caption" }, "The layers’ gamma and beta, a mark a channel; what "
      + "is beyond an end of the axis stands at that end."),
    colorKeys({ variance: "gamma", mean: "beta" }), gammas.picture, toolbar(model),
  );
  const parts = el.querySelector("[data-control=statistics] input");
  const draw = () => {
    parts.disabled = model.get("normalizer") !== "ghost";
    bar.draw();
    const learners = session.learners ?? { none: EMPTY, batch: EMPTY };
    const epochs = Math.max(EPOCHS, Math.ceil((session.until ?? 0) / (learners.none.each || 1)));
    const bands = bandsOf(model);
    plots[0].draw(learners, epochs * (learners.none.each || model.get("recorded").each), bands);
    plots[1].draw(learners, epochs, bands);
    for (const side of SIDES) {
      fill(cells, side, learners[side], REMEMBERED.has(model.get("normalizer")));
      if (learners[side].look) shown[side].draw(learners[side].look);
    }
    if (learners.batch.look) gammas.draw(learners.batch.look);
  };
  const { soon, end } = onceAFrame(draw);
  const unlisten = session.listen(soon);
  const unhear = drawOn(model, MADE_OF, draw);
  return () => {
    unlisten();
    unhear();
    end();
  };
}

const EMPTY = { updates: 0, each: 0, losses: [], evaluations: [], look: null };

/** What was recorded with the controls as they stand, or nothing. */
function bandsOf(model) {
  const { settings, bands } = model.get("recorded");
  const same = ([name, value]) => name === "seed" || model.get(name) === value;
  return Object.entries(settings).every(same) ? bands : null;
}

/** Normalizers with running statistics; others have one answer in both modes. */
const REMEMBERED = new Set(["batch", "ghost"]);

function fill(cells, side, { updates, each, losses: all, evaluations }, remembers) {
  const last = all.slice(-each || undefined);
  const mean = last.reduce((sum, loss) => sum + loss, 0) / last.length;
  const at = evaluations.at(-1);
  const accuracy = (mode) => (at ? `${format(100 * at[mode].accuracy, 1)}%` : "–");
  write(cells.epochs[side], format(each ? updates / each : 0, 1));
  write(cells.updates[side], updates.toLocaleString("en-US"));
  write(cells.loss[side], last.length ? format(mean, 3) : "–");
  write(cells.running[side], accuracy("running"));
  write(cells.batch[side], side === "none" || !remembers ? "the same"
    : accuracy("batch"));
}

/** What can be pressed, how far it is, and what it says. */
function buttons(session) {
  const { fetching } = session;
  const fetch = button("Fetch the images (5 MB) and train", () => session.fetch(),
    { class: "bn-play-main" });
  const stop = button("Stop", () => fetching.stop());
  const play = button("Train", () => (session.playing ? session.pause() : session.play()),
    { class: "bn-play-main" });
  const step = button("Step", () => session.step());
  const restart = button("Restart", () => session.restart());
  const progress = html("progress", { max: 1, value: 0, "aria-label": "progress" });
  const said = html("span", { role: "status", "data-value": "said" });
  const item = html("div", { class: "bn-buttons" }, fetch, stop, play, step, restart,
    progress, said);
  const draw = () => {
    const { state } = fetching;
    offer(item, new Map([
      [fetch, state === "away"], [stop, state === "coming"],
      ...[play, step, restart].map((one) => [one, state === "here"]),
    ]));
    change(progress, { hidden: state === "away" ? "" : null });
    step.disabled = session.playing || session.starting;
    write(play, session.playing ? "Pause" : "Train");
    if (state !== "here") {
      progress.value = fetching.share ?? 0;
      write(said, fetching.said);
      return;
    }
    const done = Math.min(...session.all.map(({ updates }) => updates));
    const failed = session.all.find((one) => one.state === "failed");
    progress.value = session.until ? done / session.until : 0;
    write(said, failed ? `It does not run here: ${failed.problem}.` : told(session, done));
  };
  return { item, draw };
}

function told(session, done) {
  const worst = ["diverged", "starting", "playing", "paused", "ready"].find((state) =>
    session.all.some((one) => one.state === state));
  const speeds = session.all.map(({ speed }) => speed).filter(Boolean);
  if (worst !== "playing" || !speeds.length) {
    const { machine } = session.learners.none;
    const over = worst === "paused" && session.over
      && `${session.over} epochs are over; Train adds ${EPOCHS} more.`;
    return `${over || SAID[worst] || ""}${machine ? ` Computed by ${machine}.` : ""}`;
  }
  return `Training … ${timeLeft((session.until - done) / Math.min(...speeds))}.`;
}
