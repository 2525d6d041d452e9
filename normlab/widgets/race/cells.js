/** What the parts share: what a cell says, and how its curve looks. */

import { format, html, set, svg } from "../shared.js";

export const STATE = ["measure", "chosen"];
const SHARED = { 2: "2 3", 4: "6 3", 8: "9 3 2 3", 32: "14 3", 128: "" };
const ALONE = ["", "8 3", "2 3", "10 3 2 3", "3 6", "5 4"]; // who sees one image alone

/** What each cell shows: a number, and how far it spreads. */
const WRITTEN = {
  accuracy: ({ accuracy: [mean, low, high] }) =>
    [format(mean, 1), `${format(low, 1)}–${format(high, 1)}`],
  updates: ({ updates, arrived, seeds }) =>
    (updates === null ? ["–", `${arrived} of ${seeds}`] : [format(updates, 0), ""]),
  seconds: ({ seconds }) => (seconds
    ? [`${format(seconds[0], 2)} ×`, `${format(seconds[1], 2)}–${format(seconds[2], 2)}`]
    : ["–", "not timed"]),
  bytes: ({ bytes }) => (bytes ? [`${format(bytes, 1)} MB`, ""] : ["–", "not counted"]),
};

/** What the numbers are, in words. */
export const MEANS = {
  accuracy: () => "Accuracy (%) on the test images after 1,400 updates, statistics " +
    "recomputed; small, the lowest and the highest seed.",
  updates: ({ level }) => `Updates to ${format(level, 1)}% of 2,000 validation images, ` +
    "which batch norm of 128 has half of the way: the first of three looks in a row, " +
    "geometric mean of the seeds. Where a seed is never there: how many are.",
  seconds: () => "Time of a training step, one without a normalizer being 1: medians " +
    "of runs in turns on one thread; small, the lowest and the highest repetition.",
  bytes: () => "What is kept between forward and backward pass for a batch of 128, " +
    "weights left out.",
};

export const writtenOf = (cell, measure) => WRITTEN[measure](cell);

/** Contender -> its row, how many images share, its name and the look of its curve. */
export function contendersOf({ rows }) {
  const alone = rows.filter(({ contenders }) => contenders[0][0] === 0);
  return Object.fromEntries(rows.flatMap((row) => {
    const { label, color, contenders } = row;
    return contenders.map(([size, name]) => {
      const said = size ? `${label}, ${size} images` : label;
      const dashes = size ? SHARED[size] : ALONE[alone.indexOf(row)];
      return [name, { label: said, color: `var(--bn-${color})`, dashes }];
    });
  }));
}

/** The names of what is chosen and recorded, in the order of the table. */
export const chosenOf = (model) => {
  const { names, cells } = model.get("data");
  return names.filter((name, i) => model.get("chosen")[i] && cells[name]);
};

/** Choose a contender, or no longer. */
export function toggle(model, name) {
  const at = model.get("data").names.indexOf(name);
  const chosen = model.get("chosen").map((on, i) => (i === at ? 1 - on : on));
  set(model, { chosen });
}

/** A piece of a contender's curve. */
export function sample({ color, dashes }) {
  const line = svg("line", { x1: 1, x2: 27, y1: 5, y2: 5, stroke: color,
    "stroke-width": 2.4, "stroke-dasharray": dashes || "none" });
  const mark = svg("svg", { class: "bn-drawing bn-sample", viewBox: "0 0 28 10",
    "aria-hidden": "true" }, line);
  Object.assign(mark.style, { width: "28px", display: "inline-block" });
  return html("span", {}, mark);
}
