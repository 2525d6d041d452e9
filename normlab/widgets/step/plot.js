/** Training loss against the length of a step, of two networks; a handle to drag. */

import { below } from "./looks.js";
import {
  allowed, axis, change, draggable, drawing, path, scale, set, svg, ticks,
} from "../shared.js";

const HEIGHT = 320;
const [LEFT, RIGHT, TOP, BELOW] = [58, 18, 14, 48]; // room around the frame
const HIGHEST = 1.6; // times the higher loss at the start: what is shown of it

export function plot(model, width) {
  const { factors } = model.get("data");
  const picture = drawing(width, HEIGHT, "Training loss along a step");
  const x = scale([0, factors.at(-1)], [LEFT, width - RIGHT]);
  const axes = svg("g");
  const lines = Object.fromEntries(["none", "batch"].map((name) => [name, {
    slope: svg("path", { fill: "none", stroke: `var(--bn-${name})`,
      "stroke-width": 1.4, "stroke-dasharray": "6 4" }),
    loss: svg("path", { fill: "none", stroke: `var(--bn-${name})`, "stroke-width": 2.2,
      "data-curve": name }),
    dot: svg("circle", { r: 5, fill: `var(--bn-${name})` }),
  }]));
  const handle = handleOf(model, picture, x);
  picture.append(axes, handle,
    ...Object.values(lines).flatMap(({ slope, loss, dot }) => [slope, loss, dot]));

  /** `shown`: network -> losses along the step and what one rate promises. */
  const draw = (shown, factor) => {
    const starts = Object.values(shown).map(({ losses }) => losses[0]);
    const y = scale([0, HIGHEST * Math.max(...starts)], [HEIGHT - BELOW, TOP]);
    axes.replaceChildren(
      axis("x", x, ticks(0, x.high, width > 400 ? 8 : 4).map((t) => [t, `${t}`]),
        HEIGHT - BELOW, "length of the step (rates)"),
      axis("y", y, ticks(0, y.high, 5).map((t) => [t, `${t}`]), LEFT,
        "training loss (nats)", width - RIGHT - LEFT),
    );
    for (const [name, { losses, slope }] of Object.entries(shown)) {
      const along = below(losses.map((loss, i) => [factors[i], loss]), y.high);
      const ends = [0, Math.min(x.high, losses[0] / slope)]; // no loss is below 0
      change(lines[name].loss, { d: path(along.map(([f, v]) => [x(f), y(v)])) });
      change(lines[name].slope, {
        d: path(ends.map((f) => [x(f), y(losses[0] - f * slope)])),
      });
      const here = losses[factors.indexOf(factor)];
      const seen = here <= y.high ? "visible" : "hidden";
      change(lines[name].dot, { cx: x(factor), cy: y(here), visibility: seen });
    }
    change(handle, {
      transform: `translate(${x(factor)} 0)`, "aria-valuenow": factor,
      "aria-valuetext": `${factor} rates`,
    });
  };
  return { picture, draw };
}

/** A line across the plot that moves along with the length of the step. */
function handleOf(model, picture, x) {
  const control = model.get("controls").factor;
  const move = (value) => set(model, { factor: allowed(control, value) });
  const handle = svg("g", {
    "aria-label": "length of the step", "aria-valuemin": control.low,
    "aria-valuemax": control.high,
  },
  svg("rect", { x: -14, width: 28, y: TOP, height: HEIGHT - BELOW - TOP,
    class: "bn-ring" }),
  svg("line", { x1: 0, x2: 0, y1: TOP, y2: HEIGHT - BELOW, stroke: "var(--bn-theory)",
    "stroke-width": 1.6 }));
  return draggable(picture, handle, {
    move: (point) => move(x.inverse(point.x)),
    nudge: (dx, dy) => move(model.get("factor") + (dx + dy) * control.step),
    ends: (which) => move(which < 0 ? control.low : control.high),
  });
}
