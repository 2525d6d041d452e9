/** Weights that decay before a normalizer: their length, and the angle of an update. */

import { DEGREES, follow, settled, updatesToSettle } from "./settling.js";
import { plot } from "./plot.js";
import {
  colorKeys, drawOn, fit, format, html, numberTable, root, slider, toolbar, write,
} from "../shared.js";

const STATE = ["rate", "decay", "momentum", "length"];
const WIDE = 560; // CSS pixels from which the plots stand side by side
const ROWS = {
  length: "length, over that at first",
  angle: "angle of an update",
  settled: "angle by the formula",
  effective: "effective rate, over that at first",
};
const DRAWN = {
  batch: "computed", data: "recorded, where it was run", theory: "dashed: the formula",
};

export default { render };

function render({ model, el }) {
  root(model, el, "Length of the weights and angle of an update");
  return fit(el, (width) => build(model, el, width));
}

function build(model, el, width) {
  const { updates, every, runs } = model.get("data");
  const each = width >= WIDE ? Math.floor((width - 16) / 2) : width;
  const lengths = plot(each, "length (log scale)", "Length of the weights");
  const angles = plot(each, "degrees (log scale)", "Angle of an update");
  const said = html("div", { class: "bn-said", role: "status", "data-value": "said" });
  said.style.minHeight = width >= WIDE ? "2.8em" : "5.6em"; // of the longest
  const { table, cells } = numberTable(ROWS, { now: "after 4,200 updates" });
  el.append(
    html("div", { class: "bn-controls" }, ...STATE.map((name) => slider(model, name))),
    colorKeys(DRAWN),
    html("div", { class: "bn-pair" },
      column(each, "Length of the weights", lengths),
      column(each, "Angle of an update", angles)),
    said, table, toolbar(model),
  );
  return drawOn(model, STATE, () => {
    const settings = { strength: model.get("data").strength };
    for (const name of STATE) settings[name] = model.get(name);
    const found = follow(settings, updates, every);
    const at = found.lengths.map((_, i) => (i + 1) * every);
    const recorded = recordedOf(runs, settings);
    const end = settled(settings);
    lengths.draw({ computed: found.lengths, recorded: recorded.lengths, theory: [] }, at);
    angles.draw({
      computed: found.angles.map((angle) => DEGREES * angle),
      recorded: recorded.angles.map((angle) => DEGREES * angle),
      theory: end > 0 ? at.map(() => DEGREES * end) : [],
    }, at);
    fill(cells, settings, found, end);
    write(said, sentence(settings, found, end));
  });
}

/** What was recorded with these settings, or nothing. */
function recordedOf(runs, { rate, decay, momentum, length }) {
  const run = momentum === 0.9 && length === 1 ? runs[`${rate}/${decay}`] : undefined;
  return run ?? { lengths: [], angles: [] };
}

function fill(cells, { length }, { lengths, angles }, end) {
  const grown = lengths.at(-1) / length;
  write(cells.length.now, `${digits(grown)} ×`);
  write(cells.angle.now, `${digits(DEGREES * angles.at(-1))}°`);
  write(cells.settled.now, end > 0 ? `${digits(DEGREES * end)}°` : "none");
  write(cells.effective.now, `${digits(grown ** -2)} ×`);
}

function sentence(settings, { angles }, end) {
  const last = `The last update turns the weights by ${digits(DEGREES * angles.at(-1))}°`;
  if (!(end > 0)) return `${last}, and the angle falls on: nothing makes the weights shorter.`;
  const wait = updatesToSettle(settings);
  const long = wait >= 1000 ? "more than a thousand" : `some ${format(Math.max(1, wait), 0)}`;
  return `${last}; the formula says ${digits(DEGREES * end)}°. It takes ${long} updates to `
    + "come e times nearer.";
}

/** Three digits of a number of any size. */
function digits(value) {
  if (!(value > 0)) return "0";
  const places = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(value))));
  return format(value, places);
}

function column(width, caption, { picture }) {
  const box = html("div", {}, html("div", { class: "bn-caption" }, caption), picture);
  box.style.width = `${width}px`;
  return box;
}
