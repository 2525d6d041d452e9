/** The plane at right angles to (1, 1, 1), with x_hat and a gradient's parts in it. */

import { change, draggable, drawing, format, set, svg } from "../shared.js";
import { dot, inPlane, stepped, withPart } from "./parts.js";

const LONGEST = 4.1; // a part in the plane of a gradient that the control allows

/** The gradient without its mean, to drag, and its parts along x_hat and across it. */
export function planeOfParts(model, width, height) {
  const unit = height / (2 * LONGEST + 0.6);
  const centre = [width / 2, height / 2];
  const at = ([right, up]) => [centre[0] + right * unit, centre[1] - up * unit];
  const picture = drawing(width, height, "The plane at right angles to (1, 1, 1)");
  const circle = svg("circle", {
    cx: centre[0], cy: centre[1], r: Math.sqrt(3) * unit, fill: "none", stroke: "#aaa",
  });
  const directions = namedLines(at);
  const shadows = [dashed("1.5 3"), dashed("1.5 3")];
  const [along, left] = [arrow("variance", 5), arrow("batch", 5)];
  const [xHat, whole] = [arrow("theory", 1.8), arrow("data", 2.2)];
  const means = endOn("mean", centre);
  const handle = tip(model, picture, at);
  picture.append(
    ...compass(at), circle, directions.mark, ...shadows, along.mark, left.mark,
    xHat.mark, whole.mark, means, handle,
  );
  const draw = (g, parts) => {
    const centred = g.map((value, i) => value - parts.means[i]);
    const [end, foot, side, hat] = [centred, parts.along, parts.left, parts.xHat]
      .map((vector) => at(inPlane(vector)));
    along.draw(centre, foot);
    left.draw(centre, side);
    whole.draw(centre, end);
    xHat.draw(centre, hat);
    connect(shadows[0], foot, end);
    connect(shadows[1], side, end);
    directions.draw(inPlane(parts.xHat), inPlane(centred));
    const hasMean = Math.abs(parts.means[0]) > 1e-9;
    change(means, { visibility: hasMean ? null : "hidden" });
    change(handle, {
      transform: `translate(${end[0].toFixed(2)} ${end[1].toFixed(2)})`,
      "aria-valuenow": Math.hypot(...centred).toFixed(2),
      "aria-valuetext": centred.map((value) => format(value, 2)).join(", "),
    });
  };
  return { picture, draw };
}

function tip(model, picture, at) {
  const control = model.get("controls").g;
  const [zero, one] = [at([0, 0]), at([1, 1])];
  const range = { "aria-valuemin": 0, "aria-valuemax": LONGEST };
  const handle = svg(
    "g", { "aria-label": "g without its mean", ...range },
    svg("circle", { class: "bn-ring", r: 16 }),
    svg("circle", { r: 7.5, fill: "var(--bn-data)" }),
  );
  return draggable(picture, handle, {
    free: true,
    move: ({ x, y }) => {
      const part = [x, y].map((value, i) => (value - zero[i]) / (one[i] - zero[i]));
      set(model, { g: withPart(model.get("g"), part, control) });
    },
    nudge: (dx, dy) => set(model, { g: stepped(model.get("g"), dx, dy, control) }),
  });
}

/** Where each of the three values of g grows, seen in the plane. */
function compass(at) {
  return [[1, 0, 0], [0, 1, 0], [0, 0, 1]].flatMap((one, i) => {
    const way = inPlane(one).map((value) => value * Math.sqrt(1.5)); // of length 1
    const far = (length) => at(way.map((value) => value * length));
    const line = svg("line", { stroke: "#ddd" });
    connect(line, far(0), far(3.6));
    const [x, y] = far(4.1);
    const name = { x, y: y + 4.5, "text-anchor": "middle" };
    return [line, svg("text", name, `g${"₁₂₃"[i]}`)];
  });
}

/** The line of x_hat and the line across it, named where the arrows do not go. */
function namedLines(at) {
  const [gone, stays] = [dashed("5 4"), dashed("5 4")];
  const [goneName, staysName] = [svg("text", {}, "removed"), svg("text", {}, "stays")];
  const hatName = svg("text", { "text-anchor": "middle" }, "x̂");
  const mark = svg("g", {}, gone, stays, goneName, staysName, hatName);
  const draw = (xHat, centred) => {
    const length = Math.hypot(...xHat);
    change(mark, { visibility: length < 1e-9 ? "hidden" : null });
    if (length < 1e-9) return;
    const along = xHat.map((value) => value / length);
    const across = [-along[1], along[0]];
    const away = (way) => way.map((value) => (dot(way, centred) > 0 ? -value : value));
    nameEnd(gone, goneName, at, away(along));
    nameEnd(stays, staysName, at, away(across));
    const [x, y] = at(xHat.map((value) => 0.8 * value));
    const [right, up] = away(across);
    change(hatName, { x: x + 14 * right, y: y - 14 * up + 4.5 });
  };
  return { mark, draw };
}

/** Draw a line through 0 that goes some way, and write its name at that end. */
function nameEnd(line, name, at, [right, up]) {
  const end = at([2.1 * right, 2.1 * up]);
  connect(line, end, at([-4 * right, -4 * up]));
  const anchor = right > 0.3 ? "start" : right < -0.3 ? "end" : "middle";
  const place = { x: end[0] + 6 * right, y: end[1] - 12 * up + 4.5 };
  change(name, { ...place, "text-anchor": anchor });
}

const dashed = (dashes) => svg("line", { stroke: "#777", "stroke-dasharray": dashes });

function connect(line, [x1, y1], [x2, y2]) {
  change(line, { x1, y1, x2, y2 });
}

/** An arrow; a short one is all head. */
function arrow(color, width) {
  const paint = `var(--bn-${color})`;
  const shaft = svg("line", { stroke: paint, "stroke-width": width });
  const head = svg("path", { fill: paint });
  const draw = (from, to) => {
    const way = [to[0] - from[0], to[1] - from[1]];
    const length = Math.hypot(...way);
    const size = Math.min(7 + 1.6 * width, length);
    const ratio = length > 0.5 ? size / length : 0;
    const [right, down] = way.map((value) => value * ratio);
    const neck = [to[0] - right, to[1] - down];
    const corner = (side) => [neck[0] - side * down, neck[1] + side * right];
    connect(shaft, from, neck);
    change(head, { d: `M${to}L${corner(0.42)}L${corner(-0.42)}Z` });
  };
  return { mark: svg("g", {}, shaft, head), draw };
}

/** An arrow that points at the reader. */
function endOn(color, [cx, cy]) {
  const paint = `var(--bn-${color})`;
  return svg(
    "g", {},
    svg("circle", { cx, cy, r: 6, fill: "#fff", stroke: paint, "stroke-width": 2 }),
    svg("circle", { cx, cy, r: 2.2, fill: paint }),
  );
}
