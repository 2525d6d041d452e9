/** What the explorer's parts share: its lines, their marks, what a reader chose. */

import { shownRuns } from "./batch_sizes.js";
import { drawing, html, svg } from "../shared.js";

export const STATE = ["view", "rule", "budget", "measure", "norm", "ghost", "size"];
// What the vertical axis says, digits of a number, and a level to compare with.
const guess = (level) => ({ level, named: "guessing" });
export const MEASURES = {
  accuracy: { title: "test accuracy (%, evaluation mode)", digits: 1, ...guess(10) },
  own: { title: "test accuracy (%, batch statistics)", digits: 1, ...guess(10) },
  gap: { title: "batch statistics better by (points)", digits: 1, level: 0, named: "" },
  loss: { title: "training loss (nats)", digits: 3, ...guess(Math.log(10)) },
  noise: { title: "gradient noise scale (images)", named: "as large as the batch" },
};
const HEIGHT = 290;
const EDGE = { left: 58, right: 12, top: 30, bottom: 48 };
export const LOSSES = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20].map((loss) => [loss, `${loss}`]);

/** What a reader chose, as one object. */
export const stateOf = (model) =>
  Object.fromEntries(STATE.map((name) => [name, model.get(name)]));

const CHOICE = { normalizers: "norm", ghost: "ghost" }; // view -> control

const options = (model, view) => model.get("controls")[CHOICE[view]].options;

/** The names of a view's lines, in their order. */
export const linesOf = (model, view) => options(model, view).map(([line]) => line);

/** A line's colour. */
export const colorOf = (model, line) => `var(--bn-${model.get("painted")[line]})`;

/** A plot's frame, with a group for axes, which is filled anew where they change. */
export function frame(width, label) {
  const picture = drawing(width, HEIGHT, label);
  picture.style.width = `${width}px`;
  const axes = svg("g", {});
  picture.append(axes);
  const [bottom, top] = [HEIGHT - EDGE.bottom, EDGE.top];
  return { picture, axes, bottom, top, left: EDGE.left, right: width - EDGE.right };
}

/** The view's lines as [name, whether it is in front], that one last. */
export function front(model) {
  const view = model.get("view");
  const chosen = model.get(CHOICE[view]);
  const others = linesOf(model, view).filter((line) => line !== chosen);
  return [...others.map((line) => [line, false]), [chosen, true]];
}

/** A line with its band, its seeds, and a cross for each that diverged. */
export function lineParts() {
  const area = svg("path", { stroke: "none" });
  const line = svg("path", { fill: "none" });
  const seeds = svg("path", { stroke: "none" });
  const crosses = svg("path", { fill: "none", "stroke-width": 2 });
  const group = svg("g", {}, area, line, seeds, crosses);
  return { group, area, line, seeds, crosses };
}

export const thousands = (x) => x.toLocaleString("en-US");

/** The `d` of a disc. */
export function dot(x, y, r) {
  const half = (way) => `a${r} ${r} 0 1 0 ${2 * r * way} 0`;
  return `M${(x - r).toFixed(1)} ${y.toFixed(1)}${half(1)}${half(-1)}Z`;
}

/** A line's colour, for the table. */
export function key(model, line) {
  const mark = html("span", { class: "bn-key" });
  mark.style.background = colorOf(model, line);
  return mark;
}

/** What the reader calls a line. */
export function labelOf(model, line) {
  const all = Object.keys(CHOICE).flatMap((view) => options(model, view));
  return all.find(([value]) => value === line)[1];
}

/** The reader's trainings at what is shown now. */
export function trained(model) {
  const state = stateOf(model);
  const shown = shownRuns(model.get("data"), state, linesOf(model, state.view));
  return model.get("live").filter(({ key, curve }) => curve && shown.includes(key));
}
