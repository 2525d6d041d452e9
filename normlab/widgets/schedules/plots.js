/** The two plots: validation accuracy, and the learning rate, against updates. */

import { frame, LINES, linesOf, looks, PLAIN, STATE, stateOf } from "./lines.js";
import { axis, change, drawOn, path, scale, svg, write } from "../shared.js";

const ENDS = { few: 1000, whole: 4200 };
const EARLY = 640; // where the plain network's accuracy is the level to reach
const ACCURACIES = {
  few: [10, 30, 50, 70, 80, 85, 90],
  whole: [70, 75, 80, 85, 88, 90],
};
const LEAST = 1e-5; // of the rates that are drawn
const POWERS = [["10⁻⁵", LEAST], ["0.0001", 1e-4], ["0.001", 1e-3], ["0.01", 0.01],
  ["0.1", 0.1], ["1", 1]].map(([text, value]) => [value, text]);

export function accuracy(model, width) {
  const data = model.get("data");
  const plot = frame(width, "Validation accuracy against updates");
  const level = svg("path", { fill: "none", stroke: "var(--bn-theory)",
    "stroke-dasharray": "5 4" });
  const parts = lineParts(plot.picture);
  plot.picture.append(level);
  write(plot.title, "validation accuracy (%)");
  const best = Math.max(...Object.values(data.runs).flatMap(({ whole }) => whole.high));
  const end = drawOn(model, STATE, () => {
    const state = stateOf(model);
    const maps = along(plot, state.span);
    const marks = ACCURACIES[state.span];
    const y = byError(marks, best, plot);
    plot.axes.replaceChildren(
      axis("x", maps.x, maps.marks, plot.bottom, "updates", 0),
      axis("y", y, marks.map((t) => [t, `${t}`]), plot.left, "", plot.right - plot.left),
    );
    const early = [[0, 1], [EARLY, 1], [EARLY, 0]].map(([at, up]) =>
      [maps.x(at), up ? y(data.levels[state.rates]) : plot.bottom]);
    change(level, { d: state.span === "few" ? path(early) : "" });
    drawAll(parts, data, state, (run) => {
      const steps = data.steps[state.span];
      const of = (kind) => run[state.span][kind]
        .map((value, i) => [steps[i], value])
        .filter(([step]) => step <= ENDS[state.span])
        .map(([step, value]) => [maps.x(step), y(value)]);
      return { line: of("mean"), area: [...of("high"), ...of("low").reverse()] };
    });
  });
  return { item: plot.picture, end };
}

export function rate(model, width) {
  const data = model.get("data");
  const plot = frame(width, "Learning rate against updates");
  const parts = lineParts(plot.picture);
  write(plot.title, "learning rate (log scale)");
  const { bottom, top, left, right } = plot;
  const y = scale([LEAST, 1], [bottom, top], true);
  const end = drawOn(model, STATE, () => {
    const state = stateOf(model);
    const { x, marks } = along(plot, state.span);
    plot.axes.replaceChildren(
      axis("x", x, marks, bottom, "updates", 0),
      axis("y", y, POWERS, left, "", right - left),
    );
    drawAll(parts, data, state, (run, schedule) => {
      const falls = data.falls[schedule];
      const line = falls.flatMap(([from, share], i) => {
        const until = falls[i + 1]?.[0] ?? Infinity;
        const last = Math.min(until, ENDS[state.span]);
        const seen = from <= last && run.rate * share >= LEAST;
        return seen ? [from, last].map((at) => [x(at), y(run.rate * share)]) : [];
      });
      return { line, area: [] };
    });
  });
  return { item: plot.picture, end };
}

/** The horizontal axis of a span. */
function along({ left, right }, span) {
  const x = scale([0, ENDS[span]], [left, right]);
  const by = ENDS[span] > 1000 ? 1000 : 200;
  const marks = Array.from({ length: Math.floor(ENDS[span] / by) + 1 }, (_, i) => i * by);
  return { x, marks: marks.map((t) => [t, t.toLocaleString("en-US")]) };
}

/** A scale of the logarithm of the error: failures and the last per cents both show. */
function byError(marks, best, { bottom, top }) {
  const error = scale([100 - marks[0], 99.7 - best], [bottom, top], true);
  const map = (value) => Math.min(bottom, error(100 - value));
  return Object.assign(map, { from: bottom, to: top });
}

function lineParts(picture) {
  return Object.fromEntries(LINES.map((line) => {
    const area = svg("path", { stroke: "none", opacity: 0.15 });
    const curve = svg("path", { fill: "none" });
    picture.append(area, curve);
    return [line, { area, curve }];
  }));
}

/** Draw what is recorded of each line; `places` gives points of a line and its band. */
function drawAll(parts, data, state, places) {
  const lines = linesOf(data, state);
  for (const [line, { area, curve }] of Object.entries(parts)) {
    const { schedule, color, dashes } = looks(line, state);
    const found = lines[line] ? places(lines[line], schedule) : { line: [], area: [] };
    change(area, { d: path(found.area), fill: color });
    change(curve, { d: path(found.line), stroke: color, "stroke-dasharray": dashes || null,
      "stroke-width": line === PLAIN ? 1.5 : 2.2 });
  }
}
