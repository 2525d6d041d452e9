/** The grid of maps: a row an image, a column a channel; one value in it is chosen. */

import { change, drawing, format, html, pressed, set, svg } from "../shared.js";
import { paint, photographs, shades } from "./tiles.js";

/** How many images, channels, rows and columns are in the batch. */
export function shapeOf(model) {
  return [model.get("batch_size"), ...model.get("shape").slice(1)];
}

/** The chosen cell; a link may name one between cells, or an image not in the batch. */
export function cellOf(model) {
  const shape = shapeOf(model);
  return model.get("cell").map((at, axis) => Math.min(Math.round(at), shape[axis]) - 1);
}

/** The grid in `width` CSS pixels: an element, and what draws in it. */
export function tiles(model, width) {
  const shape = model.get("shape");
  const frame = measure(shape, width);
  const parts = [
    photographs(model.get("photos"), frame), paint(frame), marks(frame, shape),
  ];
  const stack = html(
    "div", { class: "bn-axes-grid", role: "slider", tabindex: 0,
      "aria-label": "chosen value in the grid", "aria-valuemin": 1 },
    ...parts.map(({ item }) => item),
  );
  stack.style.width = `${frame.width}px`;
  stack.style.height = `${frame.height}px`;
  listen(model, stack, frame);
  const key = shades();
  const hint = "Choose a value by pointer or arrow keys, with Shift a whole map.";
  const item = html(
    "div", {}, stack, key.item, html("div", { class: "bn-caption" }, hint));
  const draw = (now) => {
    for (const part of [...parts, key]) part.draw(now);
    change(stack, {
      "aria-valuenow": now.place + 1, "aria-valuemax": now.values.length,
      "aria-valuetext": spoken(now),
    });
  };
  return { item, draw };
}

/** Where things are, in CSS pixels; between two maps is room for one value. */
function measure([images, channels, rows, columns], width) {
  const photo = width > 450 ? 44 : width > 320 ? 28 : 22;
  const [left, top] = [photo + 20, 20];
  const across = channels * (columns + 1) - 1; // values beside each other
  const size = Math.floor((width - left) / across); // of one value
  const corner = ([n, c, h, w]) => [
    left + size * (c * (columns + 1) + w), top + size * (n * (rows + 1) + h),
  ];
  const height = top + size * images * (rows + 1);
  return { left, top, size, photo, corner, width: left + size * across, height };
}

/** Numbers of images and channels, a line around what is lit, and the chosen value. */
function marks({ left, top, size, corner, width, height }, [images, channels, H, W]) {
  const lit = svg("path", { class: "bn-axes-lit" });
  const ring = svg("rect", {
    class: "bn-axes-ring", width: size + 2, height: size + 2, rx: 1,
  });
  const half = (size * W) / 2;
  const names = Array.from({ length: channels }, (_, c) => svg(
    "text", { x: corner([0, c, 0, 0])[0] + half, y: 13, "text-anchor": "middle" },
    String(c + 1)));
  const numbers = Array.from({ length: images }, (_, n) => svg(
    "text", { x: 0, y: corner([n, 0, 0, 0])[1] + (size * H) / 2 + 5 }, String(n + 1)));
  const picture = drawing(width, height, "");
  change(picture, { role: null, "aria-label": null, "aria-hidden": "true" });
  picture.append(svg("text", { x: 0, y: 13 }, "channel"));
  picture.append(...names, ...numbers, lit, ring);
  const draw = ({ start, reach, cell }) => {
    const [x, y] = corner(cell);
    change(ring, { x: x - 1, y: y - 1 });
    change(lit, { d: outlines(start, reach, [H, W], corner, size) });
  };
  return { item: picture, draw };
}

/** Around the lit maps; or, where a map is lit in one place, around each place. */
function outlines(start, reach, [H, W], corner, size) {
  const whole = reach[2] === H && reach[3] === W;
  const boxes = whole
    ? [[start, start.map((from, axis) => from + reach[axis] - 1)]]
    : Array.from({ length: reach[1] }, (_, c) => {
      const cell = [start[0], c, start[2], start[3]];
      return [cell, cell];
    });
  return boxes.map(([first, last]) => {
    const [x, y] = corner(first).map((at) => at - 2);
    const [right, bottom] = corner(last).map((at) => at + size + 2);
    return `M${x} ${y}H${right}V${bottom}H${x}Z`;
  }).join("");
}

// Down and right, in values; with Shift in maps.
const STEPS = {
  ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
};

/** Choose a value by keys or pointer; rows and columns count across the maps. */
function listen(model, stack, { left, top, size }) {
  const [, C, H, W] = model.get("shape");
  const rows = () => model.get("batch_size") * H;
  const put = (y, x) => {
    const cell = [Math.floor(y / H), Math.floor(x / W), y % H, x % W];
    set(model, { cell: cell.map((at) => at + 1) });
  };
  stack.addEventListener("keydown", (event) => {
    const [n, c, h, w] = cellOf(model);
    const step = target(event, H, W, { home: -c * W, end: (C - 1 - c) * W });
    if (!step) return;
    event.preventDefault();
    const [y, x] = [n * H + h + step[0], c * W + w + step[1]];
    if (y >= 0 && y < rows() && x >= 0 && x < C * W) put(y, x);
  });
  const along = (at, side, count) => {
    const map = Math.floor(at / (side + 1)); // one value of space between maps
    const value = map * side + Math.min(side - 1, Math.floor(at - map * (side + 1)));
    return Math.min(count - 1, Math.max(0, value));
  };
  const point = ({ clientX, clientY }) => {
    const box = stack.getBoundingClientRect();
    put(along((clientY - box.top - top) / size, H, rows()),
      along((clientX - box.left - left) / size, W, C * W));
  };
  pressed(stack, point);
}

/** How far a key goes, down and right: an arrow a value, others a map or more. */
function target({ key, shiftKey }, H, W, { home, end }) {
  const arrow = STEPS[key];
  if (arrow) return shiftKey ? [arrow[0] * H, arrow[1] * W] : arrow;
  return { PageUp: [-H, 0], PageDown: [H, 0], Home: [0, home], End: [0, end] }[key];
}

/** The chosen value in words. */
export const where = ({ cell: [n, c, h, w] }) =>
  `image ${n + 1}, channel ${c + 1}, row ${h + 1}, column ${w + 1}`;

function spoken(now) {
  const value = (now.view === "before" ? now.values : now.output)[now.place];
  return `${where(now)}: ${format(value, 2)}`;
}
