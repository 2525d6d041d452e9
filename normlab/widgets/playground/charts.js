/** Loss and held-out accuracy against the step, of this run and of the one before. */

import { axis, change, drawing, html, path, scale, svg, ticks } from "../shared.js";

const LEFT = 52;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 44;
const BESIDE = 560; // CSS pixels from which both charts have room in a row
const GAP = 16;
const FIRST_END = 100; // steps on the axis at first; it doubles

const each = (run, end, most) => thinned(run.losses, most);
const smooth = (run, end, most) => smoothed(run.sums, end / 50, most);
const heldOut = (run) =>
  run.evaluations.map(({ step, accuracy }) => [step, 100 * accuracy]);

// Of a chart: what guessing blindly gives, and its lines (run, points, width, opacity).
const CHARTS = [
  {
    label: "Training loss against the step", title: "loss (nats)",
    range: [0, 3], guess: Math.log(10), // higher losses are cut
    lines: [
      ["now", each, 1, 0.4], ["before", smooth, 1.6, 0.6], ["now", smooth, 2.4, 1],
    ],
  },
  {
    label: "Accuracy on held-out images against the step", title: "accuracy (%)",
    range: [0, 100], guess: 10,
    lines: [["before", heldOut, 1.6, 0.6], ["now", heldOut, 2.4, 1]],
  },
];

/** [step, value] of a series; of a long one each bucket's lowest and highest. */
export function thinned(values, most) {
  const size = Math.ceil((2 * values.length) / Math.max(most, 2));
  if (size <= 2) return values.map((value, i) => [i + 1, value]);
  const points = [];
  for (let start = 0; start < values.length; start += size) {
    let [low, high] = [start, start];
    for (let i = start; i < Math.min(start + size, values.length); i++) {
      if (values[i] < values[low]) low = i;
      if (values[i] > values[high]) high = i;
    }
    const [first, last] = [Math.min(low, high), Math.max(low, high)];
    points.push([first + 1, values[first]]);
    if (last > first) points.push([last + 1, values[last]]);
  }
  return points;
}

/**
 * [step, mean of the losses within half a window of it]; sums[i] is the sum of the
 * first i losses. Towards the ends the window is shorter on that side.
 */
export function smoothed(sums, window, most) {
  const steps = sums.length - 1;
  const half = Math.max(2, Math.round(window / 2));
  const stride = Math.ceil((2 * steps) / Math.max(most, 2));
  const points = [];
  for (let step = 1; step <= steps; step += stride) {
    const [from, to] = [Math.max(0, step - 1 - half), Math.min(steps, step + half)];
    points.push([step, (sums[to] - sums[from]) / (to - from)]);
  }
  return points;
}

/** Where the axis of steps ends for a run of so many. */
export function endOfAxis(steps) {
  let end = FIRST_END;
  while (end < steps) end *= 2;
  return end;
}

/** The charts for a width: {part, draw(now, before, colorOf)}; before may be null. */
export function charts(width) {
  const size = width >= BESIDE ? [Math.floor((width - GAP) / 2), 190] : [width, 160];
  const made = CHARTS.map((what) => chart(what, ...size));
  const cells = made.map(({ picture }) => html("div", {}, picture));
  for (const cell of cells) cell.style.width = `${size[0]}px`;
  return {
    part: html("div", { class: "bn-play-plots" }, ...cells),
    draw(now, before, colorOf) {
      const end = endOfAxis(Math.max(now.losses.length, before?.losses.length ?? 0));
      for (const { draw } of made) draw({ now, before }, end, colorOf);
    },
  };
}

function chart({ label, title, range, guess, lines }, width, height) {
  const picture = drawing(width, height, label);
  const [right, bottom] = [width - RIGHT, height - BOTTOM];
  const y = scale(range, [bottom, TOP]);
  const sideways = axis(
    "y", y, ticks(...range, 4).map((t) => [t, String(t)]), LEFT, title, right - LEFT,
  );
  const below = svg("g", {});
  const level = svg("line", {
    x1: LEFT, x2: right, y1: y(guess), y2: y(guess), stroke: "var(--bn-theory)",
    "stroke-dasharray": "5 4",
  });
  const drawn = lines.map(([, , thick, opacity]) => svg(
    "path", { fill: "none", "stroke-width": thick, "stroke-opacity": opacity,
      "stroke-linejoin": "round" },
  ));
  const above = { x: right, y: y(guess) - 5, "text-anchor": "end" };
  const word = svg("text", above, "guessing");
  picture.append(below, sideways, level, ...drawn, word);

  let x = { high: 0 };
  function stretch(end) {
    x = scale([0, end], [LEFT, right]);
    const marks = ticks(0, end, 4).map((t) => [t, t.toLocaleString("en")]);
    below.replaceChildren(axis("x", x, marks, bottom, "step"));
  }

  function draw(runs, end, colorOf) {
    if (end !== x.high) stretch(end);
    lines.forEach(([which, points, ,], i) => {
      const run = runs[which];
      const all = run ? points(run, end, right - LEFT) : [];
      const places = all.map(([at, value]) => [x(at), y(Math.min(value, range[1]))]);
      change(drawn[i], { d: path(places), stroke: run ? colorOf(run) : null });
    });
  }
  return { picture, draw };
}
