/** The drawings of the microscope: the last draws, all draws, and every batch size. */

import { normalBelow } from "./batch_statistics.js";
import { SHOWN } from "./draws.js";
import { axis, change, drawing, format, path, scale, svg, ticks } from "../shared.js";

const LEFT = 70; // room for an axis
const GAP = 57; // of its title
const TOP = 26; // room for a line of words
const BELOW = 24;
export const NARROW = 370; // CSS pixels; below, the words move together
const BIN = 6; // height of a histogram's bin in CSS pixels

/**
 * The last draws, from left to right: a dot a draw and a line beside them. `words` is
 * [(text, colour)]; `room` is kept free at the right.
 */
export function strip(width, height, words, room = 8) {
  const end = width - room;
  const picture = drawing(width, height, `The last ${SHOWN} draws`);
  const x = scale([1, SHOWN], [LEFT + 8, end - 8]);
  const y = { map: null };
  const parts = {
    frame: svg("g", {}),
    whole: svg("path", { fill: "none", stroke: "var(--bn-data)" }),
    dashed: svg("path", DASHED),
    dots: svg("path", {
      fill: "none", stroke: "var(--bn-training)", "stroke-width": 5.5,
      "stroke-linecap": "round",
    }),
    line: svg("path", { fill: "none", stroke: "var(--bn-evaluation)", "stroke-width": 2 }),
  };
  picture.append(...Object.values(parts), named(words, width),
    below(`last ${SHOWN}${width < NARROW ? "" : " draws"}, newest right`,
      (LEFT + end) / 2, height));

  const level = (value) => `M${LEFT} ${y.map(value).toFixed(2)}H${end}`;
  const at = (value, i) =>
    [x(i + 1), y.map(Math.min(y.map.high, Math.max(y.map.low, value)))];
  return {
    picture, y,
    draw({ name, range, dots, line, dashed, whole, faint }) {
      if (y.name !== `${name} ${range}`) {
        y.name = `${name} ${range}`;
        y.map = scale(range, [height - BELOW, TOP]);
        const marks = marksOf(range, 6);
        parts.frame.replaceChildren(
          axis("y", y.map, marks, LEFT, name, end - LEFT, GAP));
      }
      change(parts.dots, {
        d: dots.map((value, i) => `${path([at(value, i)])}h0`).join(""),
        opacity: faint === "dots" ? 0.25 : 0.75,
      });
      const d = path(line.map(at));
      change(parts.line, { d, opacity: faint === "line" ? 0.45 : 1 });
      change(parts.dashed, { d: dashed.map(level).join("") });
      change(parts.whole, { d: whole.map(level).join("") });
    },
  };
}

/** All draws, beside a strip and on its axis; dashed, what theory expects. */
export function histogram({ picture, y }, left, right) {
  const bars = svg("path", { fill: "var(--bn-training)", opacity: 0.5 });
  const curve = svg("path", DASHED);
  const { height } = picture.viewBox.baseVal;
  picture.append(bars, curve, below("all draws", (left + right) / 2, height));
  return (values, expected) => {
    const bins = binned(values, y.map, expected);
    const widest = Math.max(1, ...bins.map(([count, mean]) => Math.max(count, mean)));
    const length = (count) => left + ((right - left) * count) / widest;
    const top = (bin) => y.map.from - BIN * (bin + 1);
    change(bars, {
      d: bins.map(([count], bin) => (count
        ? `M${left} ${top(bin)}H${length(count).toFixed(2)}v${BIN}H${left}Z` : ""))
        .join(""),
    });
    change(curve, {
      d: path(bins.map(([, mean], bin) => [length(mean), top(bin) + BIN / 2])),
    });
  };
}

/** [how many values, how many of a normal distribution] in each bin of an axis. */
function binned(values, y, { centre, sd }) {
  const bins = Math.ceil((y.from - y.to) / BIN);
  const below = (bin) => normalBelow((y.inverse(y.from - BIN * bin) - centre) / sd);
  const counts = Array(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor((y.from - y(value)) / BIN);
    if (bin in counts) counts[bin]++;
  }
  return counts.map((count, bin) =>
    [count, values.length * (below(bin + 1) - below(bin))]);
}

/** The spread of the draws by batch size, both on log scales; dashed, theory. */
export function spreads(width, height, sizes) {
  const picture = drawing(width, height, "Standard deviation by batch size");
  const bottom = height - 40;
  const x = scale([sizes[0], sizes.at(-1)], [LEFT + 8, width - 20], true);
  const frame = svg("g", {});
  const curve = svg("path", DASHED);
  const look = { r: 4.5, fill: "var(--bn-training)", "stroke-width": 2 };
  const dots = sizes.map((size) => svg("circle", { cx: x(size), ...look }));
  const marks = sizes.filter((_, i) => i % 3 === 0).map((size) => [size, `${size}`]);
  picture.append(
    axis("x", x, marks, bottom, "batch size (log scale)", bottom - TOP), frame, curve,
    ...dots, named([["● draws", "training"], ["- - theory", "theory"]], width));
  let drawn = null;
  return {
    picture,
    draw(expected, observed, current) {
      const range = [expected.at(-1) / 1.6, expected[0] * 1.6];
      const y = scale(range, [bottom, TOP], true);
      if (drawn !== `${range}`) {
        drawn = `${range}`;
        frame.replaceChildren(
          axis("y", y, decades(range), LEFT, "sd (log scale)", width - 8 - LEFT, GAP));
        change(curve, { d: path(expected.map((sd, i) => [x(sizes[i]), y(sd)])) });
      }
      dots.forEach((dot, i) => change(dot, {
        cy: observed[i] ? y(Math.min(range[1], Math.max(range[0], observed[i]))) : 0,
        visibility: observed[i] ? "visible" : "hidden",
        stroke: sizes[i] === current ? "var(--bn-data)" : "none",
      }));
    },
  };
}

const DASHED = {
  fill: "none", stroke: "var(--bn-theory)", "stroke-width": 1.5,
  "stroke-dasharray": "5 4",
};

/** Words below a plot. */
const below = (text, x, height) =>
  svg("text", { x, y: height - 6, "text-anchor": "middle" }, text);

/** Words in colours, one after another, above a plot. */
function named(words, width) {
  const gap = width < NARROW ? 5 : 12;
  const parts = words.map(([text, color], i) => {
    const part = svg("tspan", { dx: i ? gap : 0 }, text);
    part.style.fill = `var(--bn-${color})`;
    return part;
  });
  return svg("text", { x: width < NARROW ? 0 : 6, y: 14 }, ...parts);
}

/** About `count` round numbers of a range, and their texts. */
function marksOf(range, count) {
  const at = ticks(...range, count);
  const digits = digitsOf(at[1] - at[0]);
  return at.map((value) => [value, format(value, digits)]);
}

/** 1, 2 and 5 times powers of ten within a range, and their texts. */
function decades([low, high]) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power < high; power++) {
    for (const value of [1, 2, 5].map((times) => times * 10 ** power)) {
      if (low < value && value < high) found.push([value, format(value, -power)]);
    }
  }
  return found;
}

/** Digits after the point that a step of 1, 2 or 5 times a power of ten needs. */
const digitsOf = (step) => Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
