/** Five numbers on a line, and what batch normalization makes of them. */

import {
  allowed, axis, boxed, change, draggable, drawOn, drawing, fit, format, html, path,
  readout, root, scale, set, slider, svg, ticks, toolbar, write,
} from "../shared.js";

/** Normalize numbers with their own mean and biased variance, then scale and shift. */
export function batchNorm(values, gamma, beta, eps = 1e-5) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance =
    values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  const normalized = values.map((x) => (x - mean) / Math.sqrt(variance + eps));
  const output = normalized.map((x) => gamma * x + beta);
  return { mean, variance, normalized, output };
}

const HEIGHT = 250;
const ROWS = [30, 105, 180]; // heights of the three lines of dots
const NAMES = ["x", "normalized", "output"];
const COLORS = ["none", "batch", "changed"];

export default { render };

function render({ model, el }) {
  root(model, el, "Five numbers through batch normalization");
  return fit(el, (width) => build(model, el, width));
}

function build(model, el, width) {
  const control = model.get("controls").values;
  const map = scale([-10, 10], [85, width - 15]);
  const picture = drawing(width, HEIGHT, "The numbers, normalized, and scaled and shifted");
  const joins = svg("path", { fill: "none", stroke: "#999", "stroke-width": 0.8 });
  const rows = ROWS.map((y, row) => line(y, NAMES[row], COLORS[row]));
  picture.append(
    axis("x", map, ticks(-10, 10, width > 500 ? 10 : 4).map((t) => [t, format(t, 0)]),
      HEIGHT - 38, "value (dimensionless)", HEIGHT - 38),
    joins, ...rows.map(({ group }) => group),
  );

  const put = (index, value) => {
    const values = [...model.get("values")];
    values[index] = allowed(control, value);
    set(model, { values });
  };
  const handles = model.get("values").map((_, index) => {
    const handle = svg(
      "g", { "aria-label": `number ${index + 1}`, "aria-valuemin": control.low,
        "aria-valuemax": control.high },
      svg("circle", { class: "bn-ring", r: 15 }), svg("circle", { r: 7.5, class: "dot" }),
    );
    handle.lastChild.setAttribute("fill", "var(--bn-none)");
    return draggable(picture, handle, {
      move: ({ x }) => put(index, map.inverse(x)),
      nudge: (dx, dy) => put(index, model.get("values")[index] + (dx + dy) * control.step),
      ends: (which) => put(index, which < 0 ? control.low : control.high),
    });
  });
  picture.append(...handles);

  const { table, cells } = numbers();
  const shown = {
    mean: readout("mean", "mean of x"),
    variance: readout("variance", "variance of x"),
    "output-mean": readout("output-mean", "mean of the output"),
    "output-sd": readout("output-sd", "its standard deviation"),
  };
  el.append(
    html("div", { class: "bn-controls" }, slider(model, "gamma"), slider(model, "beta")),
    picture,
    html("div", { class: "bn-readouts" }, ...Object.values(shown).map(({ item }) => item)),
    boxed(table), toolbar(model),
  );

  return drawOn(model, ["values", "gamma", "beta"], () => {
    const values = model.get("values");
    const result = batchNorm(values, model.get("gamma"), model.get("beta"));
    const lines = [values, result.normalized, result.output];
    lines.forEach((numbers, row) => {
      const [mean, sd] = moments(numbers);
      change(rows[row].spread, { x: map(mean - sd), width: map(mean + sd) - map(mean - sd) });
      change(rows[row].centre, { x1: map(mean), x2: map(mean) });
      numbers.forEach((x, i) => {
        if (row) change(rows[row].dots[i], { cx: map(x) });
        write(cells[row][i], format(x, 2));
      });
    });
    handles.forEach((handle, i) => change(handle, {
      transform: `translate(${map(values[i]).toFixed(2)} ${ROWS[0]})`,
      "aria-valuenow": values[i], "aria-valuetext": format(values[i], 1),
    }));
    change(joins, {
      d: values.map((_, i) => path(lines.map((n, row) => [map(n[i]), ROWS[row]]))).join(""),
    });
    const [mean, sd] = moments(result.output);
    shown.mean.write(format(result.mean, 2));
    shown.variance.write(format(result.variance, 2));
    shown["output-mean"].write(format(mean, 2));
    shown["output-sd"].write(format(sd, 2));
  });
}

function moments(values) {
  const { mean, variance } = batchNorm(values, 1, 0);
  return [mean, Math.sqrt(variance)];
}

/** A line for five dots, with a band of one standard deviation about their mean. */
function line(y, name, color) {
  const stroke = `var(--bn-${color})`;
  const spread = svg("rect", { y: y - 16, height: 32, fill: stroke, opacity: 0.15 });
  const centre = svg("line", { y1: y - 16, y2: y + 16, stroke, "stroke-width": 2 });
  const dots = ROWS.indexOf(y)
    ? Array.from({ length: 5 }, () => svg("circle", { cy: y, r: 5.5, fill: stroke }))
    : [];
  const label = svg("text", { x: 75, y: y + 4, "text-anchor": "end" }, name);
  const group = svg("g", {}, spread, centre, ...dots, label);
  return { group, spread, centre, dots };
}

/** The fifteen numbers, as a table. */
function numbers() {
  const cells = NAMES.map((name) =>
    Array.from({ length: 5 }, (_, i) => html("td", { "data-value": `${name}-${i}` })));
  const table = html(
    "table", { class: "bn-numbers" },
    ...NAMES.map((name, row) =>
      html("tr", {}, html("th", { scope: "row" }, name), ...cells[row])),
  );
  return { table, cells };
}
