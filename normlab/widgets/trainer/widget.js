/** LeNet, with a normalizer and without, trains in the page: side by side. */

import { download } from "./images.js";
import { learned, pictures } from "./inside.js";
import { Learner } from "./learner.js";
import { accuracies, losses, SIDES } from "./plots.js";
import {
  button, change, choice, colorKeys, drawOn, fit, format, html, numberTable, root,
  slider, toolbar, write,
} from "../shared.js";

const MADE_OF = ["normalizer", "statistics", "activation", "rate", "size", "seed"];
const EPOCHS = 10; // until it pauses by itself
const WIDE = 620; // CSS pixels from which plots stand side by side
const NAMES = { none: "no layer", batch: "with it" };
const ROWS = {
  updates: "updates",
  loss: "training loss, last epoch",
  running: "test accuracy, evaluation mode",
  batch: "test accuracy, batch statistics",
};
const SAID = {
  starting: "A network is made …",
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
  state = "away"; // of the images: | "coming" | "here"
  said = ""; // of the download
  #listeners = new Set();
  #stop = null;
  #away = false; // whether it paused because nobody could see it

  constructor(model) {
    this.model = model;
    this.unhear = drawOn(model, MADE_OF, () => this.restart());
    this.seen = () => this.visible(!document.hidden);
    document.addEventListener("visibilitychange", this.seen);
  }

  listen(call) {
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  }

  changed = () => {
    for (const call of this.#listeners) call();
  };

  /** Fetch the images, once, and make the networks. */
  async fetch() {
    this.#stop = new AbortController();
    Object.assign(this, { state: "coming", said: "" });
    this.changed();
    try {
      const images = await imagesOf(this.model, (got, whole) => {
        const of = whole ? ` of ${megabytes(whole)}` : "";
        this.share = whole ? got / whole : null;
        this.said = `${megabytes(got)}${of} of images`;
        this.changed();
      }, this.#stop.signal);
      const { buffer, byteOffset, byteLength } = this.model.get("engine");
      const module = new Uint8Array(buffer, byteOffset, byteLength);
      this.learners = Object.fromEntries(SIDES.map((side) => [side,
        new Learner(this.model.get("worker_script"), module, images, this.changed)]));
      Object.assign(this, { state: "here", said: "" });
      this.restart();
    } catch (error) {
      const why = this.#stop.signal.aborted ? "stopped" : error.message;
      Object.assign(this, { state: "away", said: `The images did not come: ${why}. ` });
    }
    this.changed();
  }

  stop() {
    this.#stop?.abort();
  }

  get settings() {
    return Object.fromEntries(MADE_OF.map((name) => [name, this.model.get(name)]));
  }

  restart() {
    if (!this.learners) return;
    this.until = 0;
    this.learners.none.start({ ...this.settings, normalizer: "none" });
    this.learners.batch.start(this.settings);
  }

  get all() {
    return Object.values(this.learners ?? {});
  }

  get playing() {
    return this.all.some(({ state }) => state === "playing");
  }

  /** Updates at which it pauses: so many whole epochs, and as many again after that. */
  play() {
    const length = EPOCHS * (this.learners.none.each || 1);
    const done = Math.max(...this.all.map(({ updates }) => updates));
    this.until = length * (Math.floor(done / length) + 1);
    for (const learner of this.all) learner.play(this.until);
    this.changed();
  }

  pause() {
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
    this.stop();
    document.removeEventListener("visibilitychange", this.seen);
    for (const learner of this.all) learner.end();
  }
}

/** The packed images: from the site, or from the kernel. */
function imagesOf(model, told, signal) {
  const address = model.get("images_address");
  if (address) return download(address, told, signal);
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("stopped")));
    model.on("msg:custom", (message, [content]) => {
      if (message.images) resolve(new Uint8Array(content.buffer ?? content));
    });
    model.send({ wanted: "images" });
  });
}

const megabytes = (bytes) => `${format(bytes / 1e6, 1)} MB`;

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
    html("p", { class: "bn-caption" }, "Left, thin, each update’s loss, thick, the mean "
      + "of a quarter of an epoch; right, evaluation mode, and dashed each batch’s own "
      + "statistics. Bands: what ten recorded runs did, where the controls are theirs."),
    table,
    html("div", { class: "bn-pair" }, ...SIDES.map((side) =>
      html("div", {}, html("div", { class: "bn-caption" }, NAMES[side]), shown[side].item))),
    gammas.picture, toolbar(model),
  );
  const draw = () => {
    bar.draw();
    const learners = session.learners ?? { none: EMPTY, batch: EMPTY };
    const epochs = Math.max(EPOCHS, Math.ceil((session.until ?? 0) / (learners.none.each || 1)));
    const bands = bandsOf(model);
    plots[0].draw(learners, epochs * (learners.none.each || model.get("recorded").each), bands);
    plots[1].draw(learners, epochs, bands);
    for (const side of SIDES) {
      fill(cells, side, learners[side]);
      if (learners[side].look) shown[side].draw(learners[side].look);
    }
    if (learners.batch.look) gammas.draw(learners.batch.look);
  };
  let frame = 0;
  const soon = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  };
  const unlisten = session.listen(soon);
  const unhear = drawOn(model, MADE_OF, draw);
  return () => {
    unlisten();
    unhear();
    cancelAnimationFrame(frame);
  };
}

const EMPTY = { updates: 0, each: 0, losses: [], evaluations: [], look: null };

/** What was recorded with the controls as they stand, or nothing. */
function bandsOf(model) {
  const { settings, bands } = model.get("recorded");
  const same = ([name, value]) => name === "seed" || model.get(name) === value;
  return Object.entries(settings).every(same) ? bands : null;
}

function fill(cells, side, { updates, each, losses: all, evaluations }) {
  const last = all.slice(-each || undefined);
  const mean = last.reduce((sum, loss) => sum + loss, 0) / last.length;
  const at = evaluations.at(-1);
  const accuracy = (mode) => (at ? `${format(100 * at[mode].accuracy, 1)}%` : "–");
  write(cells.updates[side], updates.toLocaleString("en-US"));
  write(cells.loss[side], last.length ? format(mean, 3) : "–");
  write(cells.running[side], accuracy("running"));
  write(cells.batch[side], side === "none" ? "the same" : accuracy("batch"));
}

/** What can be pressed, how far it is, and what it says. */
function buttons(session) {
  const fetching = button("Fetch the images (5 MB) and train", async () => {
    await session.fetch();
    whenReady(session);
  }, { class: "bn-play-main" });
  const stop = button("Stop", () => session.stop());
  const play = button("Train", () => (session.playing ? session.pause() : session.play()),
    { class: "bn-play-main" });
  const step = button("Step", () => session.step());
  const restart = button("Restart", () => session.restart());
  const progress = html("progress", { max: 1, value: 0, "aria-label": "progress" });
  const said = html("span", { role: "status", "data-value": "said" });
  const item = html("div", { class: "bn-buttons" }, fetching, stop, play, step, restart,
    progress, said);
  const draw = () => {
    const { state, learners } = session;
    const here = state === "here";
    const failed = learners && session.all.find((one) => one.state === "failed");
    change(fetching, { hidden: state === "away" ? null : "" });
    change(stop, { hidden: state === "coming" ? null : "" });
    for (const one of [play, step, restart]) change(one, { hidden: here ? null : "" });
    write(play, session.playing ? "Pause" : "Train");
    change(progress, { hidden: state === "away" ? "" : null });
    if (!here) {
      progress.value = session.share ?? 0;
      write(said, session.said || (state === "coming" ? "Fetching …" : ""));
      return;
    }
    const done = Math.min(...session.all.map(({ updates }) => updates));
    progress.value = session.until ? done / session.until : 0;
    write(said, failed ? `It does not run here: ${failed.problem}.` : told(session, done));
  };
  return { item, draw };
}

/** Start as soon as both networks are there. */
function whenReady(session) {
  const unlisten = session.listen(() => {
    if (!session.all.every(({ state }) => state === "ready")) return;
    unlisten();
    session.play();
  });
}

function told(session, done) {
  const worst = ["diverged", "starting", "playing", "paused", "ready"].find((state) =>
    session.all.some((one) => one.state === state));
  const speeds = session.all.map(({ speed }) => speed).filter(Boolean);
  if (worst !== "playing" || !speeds.length) {
    const { machine } = session.learners.none;
    return `${SAID[worst] ?? ""}${machine ? ` Computed by ${machine}.` : ""}`;
  }
  const left = (session.until - done) / Math.min(...speeds);
  return `Training … ${format(Math.max(0, left), 0)} s left.`;
}
