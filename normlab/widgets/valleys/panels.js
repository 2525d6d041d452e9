/** A landscape with a descent in it, and below it what a step keeps at each rate. */

import {
  allowed, axis, change, draggable, drawing, format, path, scale, set, svg, ticks,
} from "../shared.js";
import { descent, kept } from "./descent.js";

const LEVELS = 9; // contours, over four decades of loss
const FACTORS = [0, 1.5]; // of the axis

/** Contours around the minimum, lengths alike in both directions, and the path. */
export function landscape(width, height, color, label) {
  const [right, top, bottom, leftEdge] = [width - 12, 8, height - 42, 54];
  const frame = { x: leftEdge, y: top, width: right - leftEdge, height: bottom - top };
  const picture = drawing(width, height, label);
  picture.style.overflow = "hidden"; // contours are larger than the frame
  const rings = Array.from({ length: LEVELS }, () =>
    svg("ellipse", { fill: "none", stroke: "#999", "stroke-width": 0.8 }));
  const stroke = `var(--bn-${color})`;
  const line = svg("path", { fill: "none", stroke, "stroke-width": 1.2 });
  const dots = svg("path", {
    fill: "none", stroke, "stroke-width": 5, "stroke-linecap": "round",
  });
  const cross = svg("path", { stroke: "#000", "stroke-width": 1.5, fill: "none" });
  const axes = svg("g");
  const cut = svg(
    "svg", { ...frame, viewBox: Object.values(frame).join(" ") },
    ...rings, line, dots, cross,
  );
  picture.append(axes, cut);

  const draw = (valley, rate) => {
    const { minimum, hessian, largest, smallest, angle } = valley;
    const reach = 1.25 * Math.max(...minimum.map(Math.abs));
    const unit = Math.min(frame.width, frame.height) / (2 * reach); // pixels
    const half = frame.width / (2 * unit);
    const across = scale([minimum[0] - half, minimum[0] + half], [leftEdge, right]);
    const tall = frame.height / (2 * unit);
    const up = scale([minimum[1] - tall, minimum[1] + tall], [bottom, top]);
    const marks = ({ low, high }, count) =>
      ticks(low, high, count).map((at) => [at, format(at, 1)]);
    axes.replaceChildren(
      axis("x", across, marks(across, 5), bottom, "weight of A"),
      axis("y", up, marks(up, 4), leftEdge, "weight of B"),
    );
    const [x, y] = [across(minimum[0]), up(minimum[1])];
    const corner = hessian[0][0] + 2 * Math.abs(hessian[0][1]) + hessian[1][1];
    const highest = 0.5 * reach ** 2 * corner;
    rings.forEach((ring, i) => {
      const level = highest * 10 ** ((-4 * i) / (LEVELS - 1));
      const radius = (curvature) => unit * Math.sqrt((2 * level) / curvature);
      const turned = (-angle * 180) / Math.PI; // up is minus on a screen
      change(ring, {
        rx: radius(largest), ry: radius(smallest),
        transform: `translate(${x} ${y}) rotate(${turned})`,
      });
    });
    change(cross, { d: `M${x - 6} ${y}h12M${x} ${y - 6}v12` });
    const points = descent(valley, rate).map(([a, b]) => [across(a), up(b)]);
    change(line, { d: path(points) });
    change(dots, {
      d: points.map(([h, v]) => `M${h.toFixed(2)} ${v.toFixed(2)}h0`).join(""),
    });
  };
  return { picture, draw };
}

/** The share of the distance that a step keeps, and a handle for the rate. */
export function rates(model, name, width, height, color) {
  const control = model.get("controls")[name];
  const [leftEdge, right, top, bottom] = [54, width - 12, 20, height - 42];
  const across = scale([control.low, control.high], [leftEdge, right]);
  const up = scale(FACTORS, [bottom, top]);
  const frame = { x: leftEdge, y: top, width: right - leftEdge, height: bottom - top };
  const picture = drawing(width, height, `Share of the distance that a step keeps: ${control.label}`);
  const stroke = `var(--bn-${color})`;
  const curve = svg("path", { fill: "none", stroke, "stroke-width": 2 });
  const grey = "var(--bn-theory)";
  const theory = () => svg("line", {
    stroke: grey, "stroke-width": 1.2, "stroke-dasharray": "5 4", y1: top, y2: bottom,
  });
  const [best, limit, edge] = [theory(), theory(), theory()];
  change(edge, { x1: leftEdge, x2: right, y1: up(1), y2: up(1) });
  const words = (text, anchor) =>
    svg("text", { y: top - 6, "text-anchor": anchor }, text);
  const [bestText, limitText] = [words("best", "end"), words("limit", "start")];
  const handle = svg(
    "g", { "aria-label": control.label, "aria-valuemin": control.low,
      "aria-valuemax": control.high },
    svg("circle", { class: "bn-ring", r: 15 }), svg("circle", { r: 8, fill: stroke }),
  );
  const put = (to) => set(model, { [name]: allowed(control, to) });
  draggable(picture, handle, {
    move: ({ x }) => put(across.inverse(x)),
    nudge: (dx, dy) => put(model.get(name) + (dx + dy) * control.step),
    ends: (which) => put(which < 0 ? control.low : control.high),
  });
  const marks = (at, digits) => at.map((value) => [value, format(value, digits)]);
  picture.append(
    axis("x", across, marks(ticks(0, control.high, 5), 1), bottom, "learning rate"),
    axis("y", up, marks([0, 0.5, 1], 1), leftEdge, "share kept per step"),
    edge, best, limit, bestText, limitText,
    svg("svg", { ...frame, viewBox: Object.values(frame).join(" ") }, curve), handle,
  );

  const draw = (valley) => {
    const rate = model.get(name);
    const at = (r) => [across(r), up(kept(valley, r))];
    change(curve, { d: path([at(control.low), at(valley.best), at(control.high)]) });
    for (const [line, text, where, gap] of [
      [best, bestText, valley.best, -3], [limit, limitText, valley.limit, 3],
    ]) {
      change(line, { x1: across(where), x2: across(where) });
      change(text, { x: across(where) + gap });
    }
    const height = up(Math.min(kept(valley, rate), FACTORS[1]));
    change(handle, {
      transform: `translate(${across(rate).toFixed(2)} ${height.toFixed(2)})`,
      "aria-valuenow": rate, "aria-valuetext": format(rate, 2),
    });
  };
  return { picture, draw };
}
