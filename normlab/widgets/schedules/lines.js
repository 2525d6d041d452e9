/** What the parts share: the lines, how they look, and what a reader chose. */

import { drawing, html, svg } from "../shared.js";

export const STATE = ["norm", "dropout", "convolutions", "rates", "span"];
export const SCHEDULES = { // name -> what the reader calls it, and its dashes
  original: ["original", ""],
  multistep: ["multistep", "8 3"],
  short_step: ["short step", "2 3"],
};
export const PLAIN = "plain"; // the line that all are compared with
export const LINES = [...Object.keys(SCHEDULES), PLAIN];
const HEIGHT = 300;
const EDGE = { left: 58, right: 12, top: 30, bottom: 48 };

/** What a reader chose, as one object. */
export const stateOf = (model) =>
  Object.fromEntries(STATE.map((name) => [name, model.get(name)]));

/** Line -> its recorded runs, undefined where there are none; the plain network last. */
export function linesOf({ runs, plain }, { convolutions, norm, dropout, rates }) {
  const named = (schedule) =>
    `${convolutions}/${norm}/${dropout}/${rates}/${schedule}`;
  const own = Object.keys(SCHEDULES).map((name) => [name, runs[named(name)]]);
  return Object.fromEntries([...own, [PLAIN, runs[plain[rates]]]]);
}

/** The schedule of a line, its colour, and its dashes. */
export function looks(line, { norm }) {
  if (line === PLAIN) return { schedule: "original", color: "var(--bn-data)", dashes: "" };
  const color = `var(--bn-${norm === "none" ? "none" : "batch"})`;
  return { schedule: line, color, dashes: SCHEDULES[line][1] };
}

/** What the reader calls a line. */
export const labelOf = (line) =>
  line === PLAIN ? "the post’s, plain" : SCHEDULES[line][0];

/** A plot's frame, with a group for axes, which is filled anew where they change. */
export function frame(width, label) {
  const picture = drawing(width, HEIGHT, label);
  picture.style.width = `${width}px`;
  const axes = svg("g", {});
  const title = svg("text", { x: width / 2 + 20, y: 18, "text-anchor": "middle" });
  picture.append(axes, title);
  const [bottom, top] = [HEIGHT - EDGE.bottom, EDGE.top];
  return { picture, axes, title, bottom, top, left: EDGE.left, right: width - EDGE.right };
}

/** A piece of a line, for the table. */
export function sample() {
  const line = svg("line", { x1: 1, x2: 27, y1: 5, y2: 5, "stroke-width": 2.4 });
  const mark = svg("svg", { class: "bn-drawing bn-sample", viewBox: "0 0 28 10",
    "aria-hidden": "true" }, line);
  Object.assign(mark.style, { width: "28px", display: "inline-block" });
  return { item: html("span", {}, mark), line };
}
