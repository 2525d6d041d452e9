/** What a network is made of: first filters, their maps of one image, gamma and beta. */

import { change, drawing, html, scale, svg } from "../shared.js";

const [FILTERS, SIZE, MAP] = [6, 5, 24];

/** Six filters and six maps in a row each, as pictures. */
export function pictures(said) {
  const rows = { filters: SIZE, maps: MAP };
  const canvases = Object.fromEntries(Object.entries(rows).map(([name, side]) => [name,
    Array.from({ length: FILTERS }, () => html("canvas", {
      width: side, height: side, class: "bn-train-tile", "aria-hidden": "true",
    }))]));
  const item = html("div", { class: "bn-train-tiles", role: "img", "aria-label": said },
    ...Object.values(canvases).map((row) => html("div", {}, ...row)));
  const draw = (look) => {
    for (const [name, side] of Object.entries(rows)) {
      canvases[name].forEach((canvas, i) => {
        const values = look[name].slice(i * side * side, (i + 1) * side * side);
        paint(canvas, values, name === "filters");
      });
    }
  };
  return { item, draw };
}

/** Grey for 0 and light and dark for both signs, or from the least to the greatest. */
function paint(canvas, values, signed) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const [from, span] = signed ? [-most, 2 * most] : [low, high - low || 1];
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  values.forEach((value, i) => {
    const grey = Math.round((255 * (value - from)) / span);
    image.data.set([grey, grey, grey, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
}

const LAYERS = ["convolution 1", "convolution 2", "dense 1", "dense 2"];
const [TALL, LEFT, RIGHT] = [150, 112, 12];

/** A mark a channel: gamma above, beta below, on a line for each layer. */
export function learned(width) {
  const picture = drawing(width, TALL, "Gamma and beta of each layer");
  picture.style.width = `${width}px`;
  const x = scale([-2, 3], [LEFT, width - RIGHT]);
  const marks = svg("g");
  const lines = [-2, -1, 0, 1, 2, 3].flatMap((value) => [
    svg("line", { class: "bn-grid", x1: x(value), x2: x(value), y1: 6, y2: TALL - 26 }),
    svg("text", { x: x(value), y: TALL - 10, "text-anchor": "middle" },
      `${value}`.replace("-", "−")),
  ]);
  const rows = LAYERS.map((name, i) =>
    svg("text", { x: LEFT - 8, y: 26 + 30 * i, "text-anchor": "end" }, name));
  picture.append(...lines, ...rows, marks);
  const draw = ({ gamma, beta }) => {
    const strokes = (values, y, color) => values.map((value) => {
      const at = x(Math.max(-2, Math.min(3, value)));
      return svg("line", { x1: at, x2: at, y1: y, y2: y + 9, stroke: `var(--bn-${color})`,
        "stroke-width": 1.4, opacity: 0.7 });
    });
    marks.replaceChildren(...gamma.flatMap((values, i) =>
      [...strokes(values, 12 + 30 * i, "variance"),
        ...strokes(beta[i], 23 + 30 * i, "mean")]));
  };
  return { picture, draw };
}
