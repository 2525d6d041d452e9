/** Pictures of a block of activations: its maps, its images, and the key to colours. */

import { change, drawing, format, html, svg, write } from "../shared.js";
import { cellAt } from "./mean.js";

const LIMIT = 1.5; // values beyond have the colours of the limits
// From below to above zero, through white: told apart by any colour vision.
const [BELOW, ABOVE] = [[0, 114, 178], [184, 76, 0]];
const LEFT = 0.35; // of the colour, where a value is not lit

/** The colour of a value: red, green and blue. */
function shade(value, strength = 1) {
  // By the root: most values are small, and in proportion they would look white.
  const part = strength * Math.sqrt(Math.min(1, Math.abs(value) / LIMIT));
  return (value < 0 ? BELOW : ABOVE).map((end) => Math.round(255 + part * (end - 255)));
}

/** A canvas of CSS pixels, sharp on any screen. */
function canvas(width, height) {
  const ratio = Math.max(2, window.devicePixelRatio);
  const item = html("canvas", {
    class: "bn-drawing", width: width * ratio, height: height * ratio,
    "aria-hidden": "true",
  });
  Object.assign(item.style, { width: `${width}px`, height: `${height}px` });
  const pen = item.getContext("2d");
  pen.scale(ratio, ratio);
  return { item, pen };
}

/** The maps of the batch; frames where an image is not in it. */
export function paint({ left, top, width, height, size, corner }) {
  const { item, pen } = canvas(width, height);
  pen.strokeStyle = "#ddd";
  pen.imageSmoothingEnabled = false; // a value is a square, however large
  const draw = ({ all, shape, start, reach, view, values, output }) => {
    const [images, channels, H, W] = shape;
    const isLit = (at, axis) => at >= start[axis] && at < start[axis] + reach[axis];
    const dots = new ImageData(channels * (W + 1), images * (H + 1)); // see-through
    (view === "before" ? values : output).forEach((value, place) => {
      const cell = cellAt(place, shape);
      const [n, c, h, w] = cell;
      const at = (n * (H + 1) + h) * dots.width + c * (W + 1) + w;
      dots.data.set([...shade(value, cell.every(isLit) ? 1 : LEFT), 255], 4 * at);
    });
    pen.clearRect(0, 0, width, height);
    pen.drawImage(enlargeable(dots), left, top, size * dots.width, size * dots.height);
    for (let map = images * channels; map < all * channels; map++) {
      const [x, y] = corner([Math.floor(map / channels), map % channels, 0, 0]);
      pen.strokeRect(x + 0.5, y + 0.5, size * W - 1, size * H - 1);
    }
  };
  return { item, draw };
}

/** Dots as a canvas, which can be drawn at any size. */
function enlargeable(dots) {
  const { width, height } = dots;
  const small = html("canvas", { width, height });
  small.getContext("2d").putImageData(dots, 0, 0);
  return small;
}

/** The images themselves (n, 28, 28), dark on white, pale where not in the batch. */
export function photographs({ buffer, byteOffset }, frame) {
  const { corner, left, height, size, photo: side } = frame;
  const { item, pen } = canvas(left, height);
  const pixels = new Uint8Array(buffer, byteOffset);
  let drawn = 0; // images in the batch
  const draw = ({ all, shape: [images, , H] }) => {
    if (images === drawn) return;
    drawn = images;
    pen.clearRect(0, 0, left, height);
    for (let n = 0; n < all; n++) {
      const dots = new ImageData(28, 28);
      for (let i = 0; i < 784; i++) dots.data[4 * i + 3] = pixels[784 * n + i];
      pen.globalAlpha = n < images ? 1 : 0.2;
      const y = corner([n, 0, 0, 0])[1] + (size * H - side) / 2;
      pen.drawImage(enlargeable(dots), 14, y, side, side);
    }
  };
  return { item, draw };
}

/** The key: which colour is which value, and what the values are. */
export function shades() {
  const count = 20;
  const step = (i) => ((2 * (i + 0.5)) / count - 1) * LIMIT;
  const bar = drawing(90, 12, `colours from ${-LIMIT} to ${LIMIT}`);
  change(bar, { role: "img" });
  bar.append(...Array.from({ length: count }, (_, i) => svg(
    "rect", { x: 4.5 * i, width: 5, height: 12, fill: `rgb(${shade(step(i)).join()})` })));
  bar.style.width = "90px";
  const view = html("span", {});
  const item = html(
    "div", { class: "bn-axes-key bn-caption" }, view, `${format(-LIMIT)} or less`, bar,
    `${format(LIMIT)} or more`,
  );
  return { item, draw: (now) => write(view, `${now.view}:`) };
}
