/** One map: accuracy over rate and k, with a mark that all maps share. */

import { chosen, means, near, place, squares, STATE } from "./cells.js";
import {
  change, draggable, drawing, drawOn, format, path, pointIn, set, svg,
} from "../shared.js";

const EDGE = { left: 40, right: 4, top: 26, bottom: 42 };
const TEXT = 26; // the narrowest cell that a number fits into

export function map(model, network, said, arm, width) {
  const data = model.get("data");
  const { rates, gains } = data;
  const across = (width - EDGE.left - EDGE.right) / rates.length;
  const up = Math.max(20, Math.min(26, 0.7 * across));
  const bottom = EDGE.top + up * gains.length;
  const label = `${said}, ${arm.said} the layer`;
  const picture = drawing(width, bottom + EDGE.bottom, `Accuracy: ${label}`);
  picture.style.width = `${width}px`;
  const at = (rate, gain) => [EDGE.left + across * rate, bottom - up * (gain + 1)];
  const values = means(data, network, arm.norm);

  const frames = svg("path", {
    fill: "none", stroke: "var(--bn-data)", "stroke-width": 1.6,
  });
  const mark = handle(model, picture, label, across, up, at);
  picture.append(
    svg("text", { x: (EDGE.left + width - EDGE.right) / 2, y: 16, "text-anchor": "middle" },
      across < TEXT ? `${said}, ${arm.said}` : label),
    ...cells(values, arm.color, across, up, at), ...axes(data, across, up, bottom, width),
    ...theory(data, values, arm, across, up, at),
    ...numbers(values, arm.color, across, up, at),
    frames, mark.item,
  );
  picture.addEventListener("click", (event) => pick(event));

  function pick(event) {
    const { x, y } = pointIn(picture, event);
    const rate = Math.floor((x - EDGE.left) / across);
    const gain = Math.floor((bottom - y) / up);
    if (rates[rate] !== undefined && gains[gain] !== undefined) {
      set(model, { rate: rates[rate], gain: gains[gain] });
    }
  }

  const end = drawOn(model, STATE, () => {
    change(frames, { d: outline(near(values, model.get("within")), across, up, at) });
    mark.move(values);
  });
  return { item: picture, end };
}

/** From an accuracy in per cent to how strong its cell's colour is, 10% none at all.

    The power lets what is little better than guessing be seen, on a dark page too. */
const shade = (mean) => Math.max(0, Math.min(1, (mean - 10) / 80)) ** 0.7;

/** What `draw(mean, x, y)` returns for each cell; x and y are its upper left corner. */
const eachCell = (values, at, draw) =>
  values.flatMap((row, gain) => row.map((mean, rate) => draw(mean, ...at(rate, gain))));

/** A rectangle a cell, the stronger in colour the more accurate. */
function cells(values, color, across, up, at) {
  return eachCell(values, at, (mean, x, y) => svg("rect", {
    x, y, width: across, height: up, stroke: "#bbb", "stroke-width": 0.6,
    fill: `var(--bn-${color})`, "fill-opacity": shade(mean),
  }));
}

/** The numbers in them, where they fit; a halo keeps the dashed line off them. */
function numbers(values, color, across, up, at) {
  if (across < TEXT) return [];
  return eachCell(values, at, (mean, x, y) => {
    const spot = { x: x + across / 2, y: y + up / 2 + 4, "text-anchor": "middle" };
    const number = svg("text", { class: "bn-rates-number", ...spot }, format(mean, 0));
    const share = shade(mean);
    number.style.fill = share > 0.65 ? "#fff" : "#333";
    number.style.stroke =
      `color-mix(in srgb, var(--bn-${color}) ${Math.round(100 * share)}%, #fff)`;
    return number;
  });
}

/** The values along both sides: every second rate where they are narrow. */
function axes({ rates, gains }, across, up, bottom, width) {
  const each = across < TEXT ? 2 : 1;
  const word = (text, x, y, anchor) => svg("text", { x, y, "text-anchor": anchor }, text);
  const below = rates.flatMap((rate, i) => (i % each ? [] : [
    word(`${rate}`, EDGE.left + across * (i + 0.5), bottom + 16, "middle"),
  ]));
  const beside = gains.map((k, i) =>
    word(`${k}`, EDGE.left - 5, bottom - up * (i + 0.5) + 4, "end"));
  const middle = (EDGE.left + width - EDGE.right) / 2;
  return [
    ...below, ...beside, word("learning rate", middle, bottom + 34, "middle"),
    word("k", EDGE.left - 5, EDGE.top - 8, "end"),
  ];
}

/** The edge around cells that belong together. */
function outline(inside, across, up, at) {
  const has = (gain, rate) => inside[gain]?.[rate] ?? false;
  const line = (x, y, way) => `M${x.toFixed(1)} ${y.toFixed(1)}${way}`;
  const parts = inside.flatMap((row, gain) => row.flatMap((yes, rate) => {
    if (!yes) return [];
    const [x, y] = at(rate, gain);
    return [
      has(gain, rate - 1) ? "" : line(x, y, `v${up}`),
      has(gain, rate + 1) ? "" : line(x + across, y, `v${up}`),
      has(gain + 1, rate) ? "" : line(x, y, `h${across}`),
      has(gain - 1, rate) ? "" : line(x, y + up, `h${across}`),
    ];
  }));
  return parts.join("");
}

/** With the layer: where the rate grows as k squared, as far as the map goes. */
function theory(data, values, { norm }, across, up, at) {
  if (norm === "none") return [];
  const [left, top] = at(0, data.gains.length - 1);
  const frame = { x: left, y: top, width: across * data.rates.length,
    height: up * data.gains.length };
  const points = squares(data, values).map(([rate, k]) => {
    const [x, y] = at(place(data.rates, rate), place(data.gains, k));
    return [x + across / 2, y + up / 2];
  });
  // White with a grey edge: it lies on dark cells and on light ones.
  const line = (stroke, width) => svg("path", { d: path(points), fill: "none", stroke,
    "stroke-width": width, "stroke-dasharray": "5 4" });
  const view = Object.values(frame).join(" ");
  return [svg(
    "svg", { ...frame, viewBox: view, class: "bn-rates-theory" },
    line("var(--bn-theory)", 2.4), line("#fff", 1.2),
  )];
}

/** The mark that a reader drags over all maps at once, in both directions. */
function handle(model, picture, label, across, up, at) {
  const { rates, gains } = model.get("data");
  const within = (list, i) => list[Math.min(list.length - 1, Math.max(0, i))];
  const put = (rate, gain) =>
    set(model, { rate: within(rates, rate), gain: within(gains, gain) });
  const item = svg(
    "g", { "aria-label": `learning rate and k: ${label}`, "aria-valuemin": 0,
      "aria-valuemax": rates.length - 1 },
    svg("circle", { class: "bn-ring", r: 15 }),
    svg("rect", { x: -across / 2, y: -up / 2, width: across, height: up, rx: 3,
      fill: "none", stroke: "#fff", "stroke-width": 5 }),
    svg("rect", { x: -across / 2, y: -up / 2, width: across, height: up, rx: 3,
      fill: "none", stroke: "var(--bn-data)", "stroke-width": 2.5 }),
  );
  const [left, top] = at(0, gains.length - 1);
  draggable(picture, item, {
    move: ({ x, y }) => put(
      Math.floor((x - left) / across),
      gains.length - 1 - Math.floor((y - top) / up),
    ),
    nudge: (dx, dy) => {
      const { rate, gain } = chosen(model);
      put(rate + Math.sign(dx), gain + Math.sign(dy));
    },
    ends: (which) => put(which < 0 ? 0 : rates.length - 1, chosen(model).gain),
    free: true,
  });
  const move = (values) => {
    const { rate, gain } = chosen(model);
    const [x, y] = at(rate, gain);
    change(item, {
      transform: `translate(${(x + across / 2).toFixed(2)} ${(y + up / 2).toFixed(2)})`,
      "aria-valuenow": rate,
      "aria-valuetext": `rate ${rates[rate]}, k ${gains[gain]}: ` +
        `${format(values[gain][rate], 1)}%`,
    });
  };
  return { item, move };
}
