/** What batch normalization takes out of the gradient of three values, as a picture. */

import {
  allowed, axis, boxed, change, draggable, drawOn, drawing, fit, format, html, readout,
  root, scale, set, slider, svg, ticks, toolbar, write,
} from "../shared.js";
import { EPS, backward, dot, kind, mean, sum } from "./parts.js";
import { planeOfParts } from "./plane.js";

const SAID = {
  both: "The mean and the part along x̂ are removed. One line of directions stays.",
  removed: "g has only a mean and a part along x̂: nothing is left but what ε lets " +
    "through.",
  mean: "g is the same for all three: it is all mean, and nothing is left.",
  kept: "g has no mean and no part along x̂: all of it is left.",
  zero: "g is 0, so there is nothing to remove and nothing to pass on.",
  equal: "All x are equal: x̂ is 0 and has no direction. Only the mean is removed; " +
    `the rest is multiplied by γ / √ε = ${format(1 / Math.sqrt(EPS), 0)} γ.`,
};

export default { render };

function render({ model, el }) {
  root(model, el, "The gradient of three values through batch normalization");
  return fit(el, (width) => build(model, el, width));
}

function build(model, el, width) {
  const wide = width >= 560;
  const each = wide ? (width - 16) / 2 : width;
  const points = scatter(model, each, wide ? 320 : 210);
  const plane = planeOfParts(model, each, wide ? 320 : 250);
  const numbers = table();
  const shown = {
    factor: readout("factor", "γ / √(σ² + ε)"),
    sum: readout("sum", "sum of ∂L/∂x"),
    dot: readout("dot", "∂L/∂x · x̂ (0 but for ε)"),
  };
  const items = Object.values(shown).map(({ item }) => item);
  const said = html("div", { class: "bn-said", role: "status", "data-value": "said" });
  said.style.minHeight = wide ? "2.8em" : "4.2em"; // of the longest
  el.append(
    html(
      "div", { class: "bn-pair" },
      captioned("Drag a point: x to the side, g up and down", points.picture, each),
      captioned("Seen along (1, 1, 1): drag g without its mean", plane.picture, each),
    ),
    said,
    html(
      "div", { class: "bn-pair" }, numbers.table, html(
        "div", {}, slider(model, "gamma"),
        html("div", { class: "bn-readouts" }, ...items),
      ),
    ),
    toolbar(model),
  );
  return drawOn(model, ["x", "g", "gamma"], () => {
    const [x, g] = [model.get("x"), model.get("g")];
    const parts = backward(x, g, model.get("gamma"));
    points.draw(x, g, parts);
    plane.draw(g, parts);
    numbers.show({ x, g, ...parts });
    write(said, SAID[kind(x, g)]);
    shown.factor.write(brief(parts.factor));
    shown.sum.write(brief(sum(parts.gradient)));
    shown.dot.write(small(dot(parts.gradient, parts.xHat)));
  });
}

function captioned(caption, picture, width) {
  const made = html("div", {}, html("div", { class: "bn-caption" }, caption), picture);
  made.style.width = `${width}px`;
  return made;
}

/** Two digits, or none where they would not matter. */
const brief = (value) => format(value, Math.abs(value) < 100 ? 2 : 0);

/** A number that may be very small; below 1e-12 there is only rounding. */
function small(value) {
  if (Math.abs(value) < 1e-12) return "0";
  if (Math.abs(value) >= 0.005) return brief(value);
  return value.toExponential(1).replaceAll("-", "−");
}

// The gradient against the value that it belongs to

/** Points to drag: the removed parts make a straight line, the rest stands on it. */
function scatter(model, width, height) {
  const [left, right, top, bottom] = [50, width - 8, 8, height - 42];
  const across = scale([-4.6, 8.6], [left, right]);
  const up = scale([-3.5, 3.5], [bottom, top]);
  const picture = drawing(width, height, "The gradient g against x");
  const line = (color, thick) =>
    svg("line", { stroke: `var(--bn-${color})`, "stroke-width": thick });
  const [sloped, level] = [line("variance", 3.5), line("mean", 2)];
  const bars = [0, 1, 2].map(() => line("batch", 5));
  const frame = { x: left, y: top, width: right - left, height: bottom - top };
  const cut = { ...frame, viewBox: Object.values(frame).join(" ") };
  const handles = [0, 1, 2].map((i) => handleOf(i, model, picture, across, up));
  const marks = (low, high) => ticks(low, high, 6).map((at) => [at, format(at, 0)]);
  picture.append(
    axis("x", across, marks(-4, 8), bottom, "x (dimensionless)", frame.height),
    axis("y", up, marks(-3, 3), left, "g (loss per unit of y)", frame.width),
    svg("svg", cut, sloped, level, ...bars), ...handles,
  );
  const draw = (x, g, { means, slope }) => {
    const at = (value) => up(means[0] + slope * (value - mean(x)));
    change(level, { x1: left, x2: right, y1: up(means[0]), y2: up(means[0]) });
    change(sloped, { x1: left, x2: right, y1: at(across.low), y2: at(across.high) });
    x.forEach((value, i) => {
      const [h, v] = [across(value), up(g[i])];
      change(bars[i], { x1: h, x2: h, y1: at(value), y2: v });
      change(handles[i], {
        transform: `translate(${h.toFixed(2)} ${v.toFixed(2)})`, "aria-valuenow": value,
        "aria-valuetext": `x ${format(value, 1)}, g ${format(g[i], 1)}`,
      });
    });
  };
  return { picture, draw };
}

function handleOf(i, model, picture, across, up) {
  const { x, g } = model.get("controls");
  const replaced = (name, control, to) =>
    model.get(name).map((value, at) => (at === i ? allowed(control, to) : value));
  const put = (toX, toG) =>
    set(model, { x: replaced("x", x, toX), g: replaced("g", g, toG) });
  const number = svg("text", { "text-anchor": "middle", y: 4.5 }, String(i + 1));
  number.style.fill = "#fff";
  const range = { "aria-valuemin": x.low, "aria-valuemax": x.high };
  const handle = svg(
    "g", { "aria-label": `value ${i + 1}`, ...range },
    svg("circle", { class: "bn-ring", r: 16 }),
    svg("circle", { r: 9.5, fill: "var(--bn-data)" }), number,
  );
  return draggable(picture, handle, {
    free: true,
    move: (to) => put(across.inverse(to.x), up.inverse(to.y)),
    nudge: (dx, dy) =>
      put(model.get("x")[i] + dx * x.step, model.get("g")[i] + dy * g.step),
    ends: (which) => put(which < 0 ? x.low : x.high, model.get("g")[i]),
  });
}

// All the numbers

const ROWS = {
  x: ["x"],
  xHat: ["x̂"],
  g: ["g"],
  means: ["its mean", "mean"],
  along: ["along x̂", "variance"],
  left: ["left over", "batch"],
  gradient: ["∂L/∂x"],
};

/** A row a vector, with its length; the three parts of g carry their colours. */
function table() {
  const cells = {};
  const rows = Object.entries(ROWS).map(([name, [label, color]]) => {
    cells[name] = [0, 1, 2, "length"].map((at) =>
      html("td", { "data-value": `${name}-${at}` }));
    const key = html("span", { class: "bn-key" });
    if (color) key.style.background = `var(--bn-${color})`;
    return html("tr", {}, html("th", { scope: "row" }, key, label), ...cells[name]);
  });
  const head = ["value", "1", "2", "3", "length"].map((text) =>
    html("th", { scope: "col" }, text));
  const show = (vectors) => {
    for (const name of Object.keys(ROWS)) {
      const length = Math.hypot(...vectors[name]);
      vectors[name].forEach((value, i) => write(cells[name][i], brief(value)));
      // Of x it would say nothing: the layer does not see a shift.
      if (name !== "x") write(cells[name][3], brief(length));
    }
  };
  const whole = boxed(html("table", {}, html("tr", {}, ...head), ...rows));
  whole.classList.add("bn-dense");
  return { table: whole, show };
}
