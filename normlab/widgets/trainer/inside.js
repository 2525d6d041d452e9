/** What a network is made of: first filters, their maps of one image, gamma and beta. */

import { change, drawing, html, scale, svg } from "../shared.js";

const FILTERS = 6;
const ROWS_OF_TILES = { filters: 5, maps: 24 }; // -> pixels a side
const [TILE, BETWEEN] = [25, 2]; // pixels of the picture

/** Six filters in a row, and below each the map that it makes: one picture of a network. */
export function pictures(said) {
  const width = FILTERS * (TILE + BETWEEN) - BETWEEN;
  const height = 2 * TILE + BETWEEN;
  const item = html("canvas", {
    width, height, class: "bn-train-tiles", role: "img", "aria-label": said,
  });
  let drawn = null;
  const draw = (look) => {
    if (look === drawn) return;
    drawn = look;
    const context = item.getContext("2d");
    const image = context.createImageData(width, height);
    Object.entries(ROWS_OF_TILES).forEach(([name, side], row) => {
      for (let i = 0; i < FILTERS; i++) {
        const values = look[name].slice(i * side * side, (i + 1) * side * side);
        const [left, top] = [i * (TILE + BETWEEN), row * (TILE + BETWEEN)];
        paint(image, left, top, side, greys(values, name === "filters"));
      }
    });
    context.putImageData(image, 0, 0);
  };
  return { item, draw };
}

/** Grey for 0 and light and dark for both signs, or from the least to the greatest. */
function greys(values, signed) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const [from, span] = signed ? [-most, 2 * most] : [low, high - low || 1];
  return values.map((value) => Math.round((255 * (value - from)) / span));
}

/** A square of so many shades a side, as large as goes into a tile. */
function paint(image, left, top, side, shades) {
  const times = Math.floor(TILE / side);
  for (let y = 0; y < side * times; y++) {
    for (let x = 0; x < side * times; x++) {
      const shade = shades[Math.floor(y / times) * side + Math.floor(x / times)];
      image.data.set([shade, shade, shade, 255], 4 * ((top + y) * image.width + left + x));
    }
  }
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
  const strokes = Object.fromEntries([["gamma", "variance"], ["beta", "mean"]].map(
    ([kind, color]) => [kind, svg("path", {
      fill: "none", stroke: `var(--bn-${color})`, "stroke-width": 1.4, opacity: 0.7,
    })]));
  marks.append(...Object.values(strokes));
  const strokesAt = (rows, top) => rows.flatMap((values, i) => values.map((value) =>
    `M${x(Math.max(-2, Math.min(3, value))).toFixed(1)} ${top + 30 * i}v9`)).join("");
  const draw = ({ gamma, beta }) => {
    change(strokes.gamma, { d: strokesAt(gamma, 12) });
    change(strokes.beta, { d: strokesAt(beta, 23) });
  };
  return { picture, draw };
}
