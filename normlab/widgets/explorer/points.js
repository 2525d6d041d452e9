/** The explorer's left plot: the chosen measure against the batch size. */

import { endings, shownRuns, summary, valuesOf } from "./batch_sizes.js";
import {
  colorOf, dot, frame, front, lineParts, LOSSES, MEASURES, STATE, stateOf, trained,
} from "./lines.js";
import {
  axis, change, draggable, drawOn, format, path, pointIn, scale, set, svg, ticks, write,
} from "../shared.js";

const ACCURACIES = [10, 30, 50, 70, 80, 85, 90].map((t) => [t, `${t}`]);
const POWERS = ["1", "10", "100", "1000", "10⁴", "10⁵", "10⁶"]
  .map((text, power) => [10 ** power, text]);

export function points(model, width) {
  const data = model.get("data");
  const plot = frame(width, "The chosen measure against the batch size");
  const { picture, axes, bottom, left, right } = plot;
  const x = scale([data.sizes[0], data.sizes.at(-1)], [left + 12, right - 14], true);
  const level = reference(data.sizes, x, plot);
  const lines = [0, 1, 2].map(() => lineParts());
  const yours = svg("path", { fill: "var(--bn-data)" });
  const marker = pointer(model, x, plot);
  picture.append(
    level.group, marker.line, ...lines.map(({ group }) => group), yours, marker.handle,
  );
  picture.addEventListener("click", (event) => {
    const at = pointIn(picture, event);
    const inside = at.x > left && at.y < bottom;
    if (inside) set(model, { size: nearest(data.sizes, x, at.x) });
  });
  let y = null; // changes with the measure alone

  const end = drawOn(model, [...STATE, "live"], () => {
    const state = stateOf(model);
    if (y?.measure !== state.measure) {
      y = { measure: state.measure, ...vertical(data, state.measure, plot) };
      axes.replaceChildren(
        axis("x", x, data.sizes.map((size) => [size, `${size}`]), bottom,
          "batch size (images, log scale)", 0),
        axis("y", y.map, y.marks, left, MEASURES[state.measure].title, right - left),
      );
      level.draw(state.measure, y.map);
    }
    front(model).forEach(([line, isFront], i) => {
      const runs = data.sizes.map((size) =>
        data.runs[shownRuns(data, { ...state, size }, [line])[0]]);
      const at = placed(runs, data, state, x, y.map);
      drawLine(lines[i], at, colorOf(model, line), isFront, bottom);
    });
    const ends = trained(model)
      .filter(({ key, step }) => step === data.runs[key].updates[state.budget])
      .map((run) => y.map(reached(run, state.measure)));
    change(yours, { d: ends.map((at) => diamond(x(state.size), at)).join("") });
    marker.move(state.size);
  });
  return { item: picture, end };
}

/** From a value to its place, and the axis's marks. */
function vertical(data, measure, { bottom, top }) {
  const seen = Object.values(data.runs)
    .flatMap((run) => Object.keys(run.values).flatMap((b) => valuesOf(run, b, measure)))
    .filter((value) => value !== null);
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  if (measure === "accuracy" || measure === "own") {
    // By the logarithm of the error: failures and the last per cents both show.
    const ends = [100 - Math.min(least, 8), Math.min(100 - most, 9)];
    const error = scale(ends, [bottom, top], true);
    const map = Object.assign((x) => error(100 - x), { from: bottom, to: top });
    return { map, marks: ACCURACIES };
  }
  if (measure === "gap") {
    const map = scale([Math.min(least, 0) - 1, Math.max(most, 0) + 1], [bottom, top]);
    return { map, marks: ticks(map.low, map.high).map((t) => [t, format(t, 0)]) };
  }
  const low = measure === "noise" ? Math.min(least, data.sizes[0]) : least;
  const map = scale([low / 1.15, most * 1.15], [bottom, top], true);
  const round = measure === "loss" ? LOSSES : POWERS;
  return { map, marks: round.filter(([t]) => t >= map.low && t <= map.high) };
}

/** What a measure is compared with: a level, or the batch size itself. */
function reference(sizes, x, { bottom, top }) {
  const line = svg("path", { fill: "none", stroke: "var(--bn-theory)",
    "stroke-dasharray": "5 4" });
  const name = svg("text", {});
  const draw = (measure, y) => {
    const { level, named } = MEASURES[measure];
    const places = sizes.map((size) => [x(size), y(level ?? size)]);
    change(line, { d: path(places.filter(([, at]) => at >= top && at <= bottom)) });
    const beside = level === undefined ? [18, 14] : [110, -6]; // off the line
    change(name, { x: x(beside[0]), y: y(level ?? beside[0]) + beside[1],
      "text-anchor": level === undefined ? "start" : "middle" });
    write(name, named);
  };
  return { group: svg("g", {}, line, name), draw };
}

/** The runs of a line with their numbers and places, where there are runs. */
function placed(runs, data, { budget, measure }, x, y) {
  return runs.flatMap((run, i) => {
    if (!run) return [];
    const { mean, least, most } = summary(run, budget, measure, data.reach);
    const values = valuesOf(run, budget, measure).filter((value) => value !== null);
    const ends = { mean: y(mean), least: y(least), most: y(most) };
    const lost = endings(run, budget).diverged > 0;
    const there = mean !== null;
    return [{ at: x(data.sizes[i]), seeds: values.map(y), there, ends, lost }];
  });
}

function drawLine(parts, places, color, isFront, bottom) {
  const whole = places.filter(({ there }) => there);
  const along = (end) => whole.map(({ at, ends }) => [at, ends[end]]);
  change(parts.area, { d: path([...along("most"), ...along("least").reverse()]),
    fill: color, opacity: isFront ? 0.2 : 0.08 });
  change(parts.line, { d: path(along("mean")), stroke: color,
    "stroke-width": isFront ? 2.4 : 1.4, opacity: isFront ? 1 : 0.7 });
  const dots = places.flatMap(({ at, seeds }) =>
    seeds.map((y) => dot(at, y, isFront ? 3.2 : 2)));
  change(parts.seeds, { d: dots.join(""), fill: color, opacity: isFront ? 0.85 : 0.5 });
  const crosses = places.filter(({ lost }) => lost).map(({ at }) =>
    `M${(at - 5).toFixed(1)} ${bottom - 10}l10 10m0 -10l-10 10`);
  change(parts.crosses, { d: crosses.join(""), stroke: color });
}

/** What a training of the reader's reached; NaN for what is not measured. */
function reached({ accuracy = NaN, own = NaN }, measure) {
  const found = { accuracy, own, gap: own - accuracy };
  return 100 * (found[measure] ?? NaN);
}

const diamond = (x, y) => (Number.isFinite(y) ? `M${x} ${y - 7}l6 7l-6 7l-6 -7Z` : "");

/** The size whose place is nearest. */
function nearest(sizes, x, at) {
  const far = sizes.map((size) => Math.abs(x(size) - at));
  return sizes[far.indexOf(Math.min(...far))];
}

/** The marker that a reader drags along the batch sizes. */
function pointer(model, x, { picture, bottom, top }) {
  const { sizes } = model.get("data");
  const [first, last] = [sizes[0], sizes.at(-1)];
  const line = svg("line", { y1: top - 6, y2: bottom, stroke: "var(--bn-theory)" });
  const handle = svg(
    "g", { "aria-label": "batch size", "aria-valuemin": first, "aria-valuemax": last },
    svg("circle", { class: "bn-ring", r: 15 }),
    svg("path", { d: "M-8 -9h16v8l-8 9l-8 -9Z", fill: "var(--bn-data)" }),
  );
  const put = (size) => set(model, { size });
  draggable(picture, handle, {
    move: (point) => put(nearest(sizes, x, point.x)),
    nudge: (dx, dy) => {
      const at = sizes.indexOf(model.get("size")) + Math.sign(dx + dy);
      put(sizes[Math.min(sizes.length - 1, Math.max(0, at))]);
    },
    ends: (which) => put(which < 0 ? first : last),
  });
  const move = (size) => {
    change(line, { x1: x(size), x2: x(size) });
    change(handle, { transform: `translate(${x(size).toFixed(2)} ${top - 14})`,
      "aria-valuenow": size, "aria-valuetext": `${size} images` });
  };
  return { line, handle, move };
}
