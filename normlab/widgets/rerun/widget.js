/** A claim of the ledger, tried in the page: trainings, the claim's own rule, its word. */

import { differencesOf, sentenceOf, wordOf } from "./decide.js";
import { measured } from "./measures.js";
import { keyOf, Runner } from "./runner.js";
import { Fetching } from "../trainer/fetching.js";
import {
  boxed, button, change, drawOn, fit, format, html, menu, offer, onceAFrame, root, timeLeft,
  toolbar, write,
} from "../shared.js";

const tiny = (value) => value.toExponential(0).replace("-", "−");
const SHOWN = {
  lateLoss: (value) => format(value, 3),
  biasMoves: tiny, biasGradient: tiny, lastGradient: tiny,
  other: (value) => `${format(100 * value, 1)}%`,
};

export default { render };

function render({ model, el }) {
  root(model, el, "Try a claim yourself");
  const trial = new Trial(model);
  const end = fit(el, (width) => build(model, el, width, trial));
  return () => {
    end();
    trial.end();
  };
}

/** The images, the trainings and what is known of them. */
class Trial {
  runner = null;
  first = new Map(); // claim -> its first seed
  #listeners = new Set();

  constructor(model) {
    this.model = model;
    this.fetching = new Fetching(model, this.changed);
    this.unhear = drawOn(model, ["claim"], () => this.runner?.stop());
    this.seen = () => this.runner?.hold(document.hidden);
    document.addEventListener("visibilitychange", this.seen);
  }

  listen(call) {
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  }

  changed = () => {
    for (const call of this.#listeners) call();
  };

  get claim() {
    return this.model.get("data").claims.find(({ id }) => id === this.model.get("claim"));
  }

  async run() {
    if (this.fetching.state === "away" && !await this.fetching.fetch()) return;
    const { images } = this.fetching;
    this.runner ??= new Runner(this.model, images, this.changed);
    const { parts, epochs, id } = this.claim;
    const sides = parts.flatMap(({ columns }) => columns);
    if (this.whole) this.first.set(id, this.seeds.at(-1) + 1);
    this.ran = id;
    this.runner.run(sides.map(({ settings }) => settings), this.seeds, epochs);
  }

  /** The seeds of the claim: five, and five others where those are done. */
  get seeds() {
    const { seeds } = this.model.get("data").about;
    const first = this.first.get(this.claim.id) ?? 0;
    return Array.from({ length: seeds }, (_, i) => first + i);
  }

  /** Whether all values of the claim are there. */
  get whole() {
    return this.claim.parts.every((part) =>
      this.rows(part).flat().every((value) => value !== undefined));
  }

  /** A row of values a seed, one for each of a part's columns; those that are there. */
  rows({ columns }) {
    const value = ({ settings, measure }, seed) => {
      const training = this.runner?.results.get(keyOf(settings, seed, this.claim.epochs));
      return training && measured(measure, training);
    };
    return this.seeds.map((seed) => columns.map((column) => value(column, seed)));
  }

  end() {
    this.unhear();
    this.fetching.stop();
    document.removeEventListener("visibilitychange", this.seen);
    this.runner?.end();
  }
}

function build(model, el, width, trial) {
  const about = html("div", { class: "bn-rerun-about" });
  const tables = html("div", {});
  const verdict = html("p", { class: "bn-said", role: "status", "data-value": "verdict" });
  const bar = buttons(trial);
  el.append(
    html("div", { class: "bn-controls" }, menu(model, "claim")), about, bar.item, tables,
    verdict, toolbar(model),
  );
  const draw = () => {
    bar.draw();
    const { parts } = trial.claim;
    const rows = parts.map((part) => trial.rows(part));
    tables.replaceChildren(...parts.map((part, i) => tableOf(part, rows[i], trial.seeds)));
    write(verdict, said(trial, rows, model.get("data").about));
  };
  const describe = () => {
    const { says, source, rule, ours, epochs, otherwise } = trial.claim;
    about.replaceChildren(
      html("p", {}, html("strong", {}, says), source ? ` (${source})` : ""),
      html("p", { class: "bn-caption" }, [
        rule, epochs ? `Here: ${epochs} epochs of 10,000 images, five seeds.` : "",
        otherwise, `Recorded: ${ours}.`,
      ].filter(Boolean).join(" ")),
    );
    draw();
  };
  const { soon, end } = onceAFrame(draw);
  const unlisten = trial.listen(soon);
  const unhear = drawOn(model, ["claim"], describe);
  return () => {
    unlisten();
    unhear();
    end();
  };
}

/** A row a seed: its values, or dashes where there are none yet. */
function tableOf({ what, columns: sides, shown_as: way }, found, seeds) {
  // What the title takes the other from stands first.
  const turned = (list) => (way < 0 ? list.toReversed() : list);
  const [columns, rows] = [turned(sides), found.map(turned)];
  const text = (value, { measure }) => (value === undefined ? "–"
    : (SHOWN[measure] ?? SHOWN.other)(value));
  const head = columns.map((side) => html("th", { scope: "col" }, named(side)));
  const lines = rows.map((values, n) => html("tr", {},
    html("th", { scope: "row" }, `seed ${seeds[n]}`),
    ...values.map((value, i) => html("td", {}, text(value, columns[i])))));
  const table = boxed(html("table", {}, html("caption", {}, what),
    html("tr", {}, html("td", {}), ...head), ...lines));
  table.classList.add("bn-rerun-table");
  return table;
}

const READ = {
  lateLoss: "training loss", lateRunning: "evaluation mode", lateBatch: "training mode",
  jumpsRunning: "change, evaluation mode", jumpsBatch: "change, training mode",
  biasMoves: "largest move of the output", biasGradient: "largest gradient of a bias",
  lastGradient: "largest gradient of the last bias",
};

function named({ settings, measure }) {
  const { normalizer, rate, size, probe } = settings;
  if (probe) return READ[measure];
  const layer = normalizer === "none" ? "no layer" : "layer";
  return `${layer}, rate ${rate}, batch ${size}: ${READ[measure]}`;
}

function said(trial, rows, about) {
  const { parts, recorded, numbers } = trial.claim;
  if (!trial.whole) return `Recorded: ${recorded} (${numbers.join("; ")}).`;
  const word = wordOf(parts, rows, about);
  const found = parts.map((part, i) => `${part.what}: ${part.bound
    ? largestOf(part, rows[i]) : sentenceOf(part, differencesOf(part, rows[i]))}`).join("; ");
  const same = word === recorded ? "the same word" : "another word";
  return `Here: ${word} (${found}). Recorded: ${recorded}, ${same} `
    + `(${numbers.join("; ")}).`;
}

/** How far it is, and how long it will take; or that it ended before its end. */
function reached({ state, done: count, total, left }) {
  const done = `${count} of ${total} networks are done`;
  if (state === "stopped") return `Stopped: ${done}; the rest can be trained later.`;
  return left === null ? `${done}.` : `${done}, ${timeLeft(left)}.`;
}

/** Of an identity, what is left of it at most. */
const largestOf = ({ judged, columns }, rows) => columns.slice(0, judged).map((column, i) =>
  `${named(column)} ${tiny(Math.max(...rows.map((row) => row[i])))}`).join(", ");

const RUN = ["Run it yourself", "Run it with five other seeds"];

/** What can be pressed, and how far it is. */
function buttons(trial) {
  const { fetching } = trial;
  const run = button("Run it yourself", () => trial.run(), { class: "bn-play-main" });
  const stop = button("Stop", () => {
    fetching.stop();
    trial.runner?.stop();
  });
  const progress = html("progress", { max: 1, value: 0, "aria-label": "progress" });
  const words = html("span", { role: "status", "data-value": "said" });
  const item = html("div", { class: "bn-buttons" }, run, stop, progress, words);
  const draw = () => {
    const { runner } = trial;
    const coming = fetching.state === "coming";
    const busy = coming || runner?.state === "running";
    offer(item, new Map([[run, !busy], [stop, busy]]));
    change(progress, { hidden: busy ? null : "" });
    progress.value = coming ? fetching.share ?? 0 : runner?.share ?? 0;
    write(run, fetching.state === "here" ? RUN[Number(trial.whole)]
      : "Fetch the images (5 MB) and run it yourself");
    write(words, runner?.state === "failed" ? `It does not run here: ${runner.problem}.`
      : runner && trial.ran === trial.claim.id && runner.state !== "done" ? reached(runner)
        : fetching.said);
  };
  return { item, draw };
}
