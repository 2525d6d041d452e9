/** The curves of the chosen cells: validation accuracy against updates. */

import { chosenOf, contendersOf, sample, STATE } from "./cells.js";
import {
  axis, change, drawing, drawOn, format, html, path, scale, svg,
} from "../shared.js";

const HEIGHT = 300;
const EDGE = { left: 58, right: 24, top: 14, bottom: 48 };
const ACCURACIES = [50, 60, 70, 75, 80, 84, 86, 88, 90, 92];
const UPDATES = [0, 200, 400, 600, 800, 1000, 1200, 1400];

export function curves(model, width) {
  const data = model.get("data");
  const looks = contendersOf(data);
  const picture = drawing(width, HEIGHT, "Validation accuracy against updates");
  picture.style.width = `${width}px`;
  const [bottom, right] = [HEIGHT - EDGE.bottom, width - EDGE.right];
  const x = scale([0, data.steps.at(-1)], [EDGE.left, right]);
  const y = byError(Object.values(data.cells), bottom);
  const marks = ACCURACIES.filter((t) => y(t) < bottom && y(t) >= EDGE.top);
  const level = y(data.level);
  const target = svg("line", { x1: EDGE.left, x2: right, y1: level, y2: level,
    stroke: "var(--bn-theory)", "stroke-dasharray": "5 4" });
  const parts = Object.fromEntries(data.names.map((name) => {
    const { color, dashes } = looks[name];
    const area = svg("path", { stroke: "none", opacity: 0.14, fill: color });
    const line = svg("path", { fill: "none", stroke: color, "stroke-width": 2.2,
      "stroke-dasharray": dashes || "none", "data-curve": name });
    return [name, { area, line }];
  }));
  picture.append(
    axis("x", x, UPDATES.filter((_, i) => width > 500 || i % 2 === 0)
      .map((t) => [t, t.toLocaleString("en-US")]), bottom, "updates", 0),
    axis("y", y, marks.map((t) => [t, `${t}`]), EDGE.left, "validation accuracy (%)",
      right - EDGE.left),
    target, ...Object.values(parts).flatMap(({ area, line }) => [area, line]),
  );
  const key = html("ul", { class: "bn-race-key" });
  const end = drawOn(model, STATE, () => {
    const chosen = chosenOf(model);
    for (const [name, { area, line }] of Object.entries(parts)) {
      const { curve } = chosen.includes(name) ? data.cells[name] : {};
      const along = (kind) =>
        (curve ? curve[kind].map((value, i) => [x(data.steps[i]), y(value)]) : []);
      change(area, { d: path([...along("high"), ...along("low").reverse()]) });
      change(line, { d: path(along("mean")) });
    }
    key.replaceChildren(...chosen.map((name) => {
      const { accuracy, seeds } = data.cells[name];
      return html("li", {}, sample(looks[name]), ` ${looks[name].label}: ` +
        `${format(accuracy[0], 1)}%, ${seeds} ${seeds === 1 ? "seed" : "seeds"}`);
    }));
  });
  const words = html("p", { class: "bn-caption" }, "Of 2,000 images, statistics " +
    "recomputed. Lines, means; bands, lowest and highest seed; dashed across, the " +
    "target. The axis is logarithmic in the error.");
  return { item: html("div", {}, picture, key, words), end };
}

/** A scale of the logarithm of the error, from 60% or the worst end to the best. */
function byError(cells, bottom) {
  const ends = cells.map(({ curve }) => curve.mean.at(-1));
  const best = Math.max(...cells.flatMap(({ curve }) => curve.high));
  const worst = Math.max(11, Math.min(60, Math.min(...ends) - 3));
  const error = scale([100 - worst, 99.5 - best], [bottom, EDGE.top], true);
  const map = (value) => Math.min(bottom, error(100 - value));
  return Object.assign(map, { from: bottom, to: EDGE.top });
}
