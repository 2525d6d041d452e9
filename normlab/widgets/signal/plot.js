/** A quantity by layer on a logarithmic axis: two networks, and theory. */

import { axis, change, drawing, path, scale, svg, ticks } from "../shared.js";
import { powerOfTen } from "./layers.js";

const [LEFT, RIGHT, TOP, BELOW] = [62, 10, 12, 42]; // room around the frame
const MOST = 7; // marks on an axis

export function plot(width, height, title, label) {
  const picture = drawing(width, height, label);
  const axes = svg("g");
  const theory = svg("path", {
    fill: "none", stroke: "var(--bn-theory)", "stroke-width": 1.4,
    "stroke-dasharray": "6 4",
  });
  const lines = ["none", "batch"].map((name) => ({
    line: svg("path", { fill: "none", stroke: `var(--bn-${name})`, "stroke-width": 2 }),
    dots: svg("path", {
      fill: "none", stroke: `var(--bn-${name})`, "stroke-width": 6,
      "stroke-linecap": "round",
    }),
  }));
  picture.append(axes, ...lines.flatMap(({ line, dots }) => [line, dots]), theory);

  /** `curves`: [plain, normalized], a number a layer from 1; `expected` likewise, or none. */
  const draw = (curves, layers, expected = []) => {
    const x = scale([1, layers], [LEFT + 8, width - RIGHT]);
    const [low, high] = decades(curves.flat());
    const y = scale([10 ** low, 10 ** high], [height - BELOW, TOP], true);
    const every = Math.ceil((high - low) / MOST);
    const marks = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) =>
      low + i * every);
    const whole = ticks(1, layers, 5).filter(Number.isInteger);
    axes.replaceChildren(
      axis("x", x, whole.map((layer) => [layer, layer]), height - BELOW, "layer"),
      axis("y", y, marks.map((e) => [10 ** e, powerOfTen(e)]), LEFT, title,
        width - RIGHT - LEFT, 45),
    );
    const points = (values) => values.map((value, i) => [x(i + 1), y(value)]);
    curves.forEach((values, i) => {
      const at = points(values);
      change(lines[i].line, { d: path(at) });
      change(lines[i].dots, { d: at.map((point) => `${path([point])}h0`).join("") });
    });
    const inside = points(expected).filter(([, v]) => v >= TOP && v <= height - BELOW);
    change(theory, { d: path(inside) });
  };
  return { picture, draw };
}

/** Whole decades that hold all values, from 1/100 to 10 at least. */
function decades(values) {
  const powers = values.filter((value) => value > 0).map(Math.log10);
  return [Math.min(-2, Math.floor(Math.min(...powers))),
    Math.max(1, Math.ceil(Math.max(...powers)))];
}
