/** A quantity against updates on a logarithmic axis: computed, recorded, theory. */

import { axis, change, drawing, path, scale, svg } from "../shared.js";

const HEIGHT = 270;
const [LEFT, RIGHT, TOP, BELOW] = [62, 14, 12, 42]; // room around the frame
// of each decade what is marked: the first of these that gives few marks
const STEPS = [[1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8], [1, 2, 5], [1]];
const LOOKS = {
  computed: { stroke: "var(--bn-batch)", "stroke-width": 2.2 },
  recorded: { stroke: "var(--bn-data)", "stroke-width": 1.6 },
  theory: { stroke: "var(--bn-theory)", "stroke-dasharray": "6 4" },
};

/** `draw({computed, recorded, theory}, updates)`: a list each, or none. */
export function plot(width, title, label) {
  const picture = drawing(width, HEIGHT, label);
  const [axes, lines] = [svg("g"), {}];
  picture.append(axes);
  for (const [name, look] of Object.entries(LOOKS)) {
    picture.append(lines[name] = svg("path", { fill: "none", ...look }));
  }
  const draw = (curves, updates) => {
    const last = updates.at(-1);
    const x = scale([0, last], [LEFT, width - RIGHT]);
    const ends = endsOf(Object.values(curves).flat());
    const y = scale(ends, [HEIGHT - BELOW, TOP], true);
    axes.replaceChildren(
      axis("x", x, [0, 0.25, 0.5, 0.75, 1].map((share) => share * last)
        .filter((_, i) => width > 400 || i % 2 === 0)
        .map((at) => [at, at.toLocaleString("en-US")]), HEIGHT - BELOW, "updates"),
      axis("y", y, marksOf(ends), LEFT, title, width - RIGHT - LEFT, 46),
    );
    for (const [name, values] of Object.entries(curves)) {
      change(lines[name], { d: path(values.map((v, i) => [x(updates[i]), y(v)])) });
    }
  };
  return { picture, draw };
}

/** A little less than the least value and a little more than the greatest. */
function endsOf(values) {
  const seen = values.filter((value) => value > 0);
  const [low, high] = [Math.min(...seen), Math.max(...seen)];
  const room = Math.max(1.15, (high / low) ** 0.05);
  return [Math.min(low / room, high / 1.5), Math.max(high * room, low * 1.5)];
}

/** Round numbers between the ends, at most eight unless powers of ten are more. */
function marksOf([low, high]) {
  const powers = Array.from({ length: 16 }, (_, i) => i - 9);
  const inside = (steps) => powers
    .flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
    .filter((value) => value >= low && value <= high);
  const marks = STEPS.map(inside);
  const few = marks.find((some) => some.length <= 8) ?? marks.at(-1);
  return few.map((value) => [value, `${value}`]);
}
