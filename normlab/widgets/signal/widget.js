/** A network of a chosen depth, drawn at a chosen scale: signal and gradient by layer. */

import {
  colorKeys, drawOn, fit, html, numberTable, root, slider, toolbar, write,
} from "../shared.js";
import { batchOf, perLayer, sizes, twoDigits } from "./layers.js";
import { plot } from "./plot.js";

const SIDES = { none: "plain", batch: "normalized" };
const ROWS = {
  factor: "factor a layer",
  first: "signal, first layer",
  last: "signal, last hidden",
  gradient: "gradient, first layer",
};

const WIDE = 560; // CSS pixels from which the plots stand side by side

export default { render };

function render({ model, el }) {
  root(model, el, "Signal and gradient by layer");
  const { buffer, byteOffset, byteLength } = model.get("images");
  const batch = batchOf(new Uint8Array(buffer, byteOffset, byteLength), 10);
  return fit(el, (width) => build(model, el, width, batch));
}

function build(model, el, width, batch) {
  const { columns, signal, gradient } = pictures(width);
  const said = html("div", { class: "bn-said", role: "status", "data-value": "said" });
  said.style.minHeight = width >= WIDE ? "2.8em" : "5.6em"; // of the longest
  const { table, cells } = numberTable(ROWS, SIDES);
  el.append(
    html("div", { class: "bn-controls" }, slider(model, "depth"),
      slider(model, "factor"), slider(model, "seed")),
    colorKeys({ ...SIDES, theory: "dashed: factor to the power of the layer" }),
    html("div", { class: "bn-pair" }, ...columns), said, table, toolbar(model),
  );
  return drawOn(model, ["depth", "factor", "seed"], () => {
    const [depth, factor] = [model.get("depth"), model.get("factor")];
    const settings = { depth, factor, seed: model.get("seed"), width: model.get("width") };
    const found = Object.keys(SIDES).map((name) => sizes(batch, settings, name));
    const [plain, normalized] = found;
    const expected = plain.signal.map((_, i) => plain.input * factor ** (i + 1));
    signal.draw(found.map((one) => one.signal), depth, expected);
    gradient.draw(found.map((one) => one.gradient), depth);
    Object.keys(SIDES).forEach((side, i) => fill(found[i], cells, side));
    write(said, `${sentence(plain, depth)} In the normalized network the signal of the `
      + `last hidden layer is ${twoDigits(normalized.signal.at(-1))}.`);
  });
}

/** Two plots, side by side where there is room. */
function pictures(width) {
  const wide = width >= WIDE;
  const each = wide ? Math.floor((width - 16) / 2) : width;
  const place = (caption, unit, label) => {
    const one = plot(each, wide ? 270 : 215, unit, label);
    const words = html("div", { class: "bn-caption" }, caption);
    const column = html("div", {}, words, one.picture);
    column.style.width = `${each}px`;
    return { column, ...one };
  };
  const signal = place("Signal behind each hidden layer", "signal (log scale)",
    "Size of the signal behind each hidden layer");
  const gradient = place("Gradient of each layer’s weights", "gradient (log scale)",
    "Size of the gradient of each layer’s weights");
  return { columns: [signal.column, gradient.column], signal, gradient };
}

function fill(one, cells, side) {
  const row = {
    factor: perLayer(one), first: one.signal[0], last: one.signal.at(-1),
    gradient: one.gradient[0],
  };
  for (const key of Object.keys(ROWS)) write(cells[key][side], twoDigits(row[key]));
}

function sentence(plain, depth) {
  const left = twoDigits(plain.signal.at(-1) / plain.input);
  const layers = depth === 2 ? "one hidden layer" : `${depth - 1} hidden layers`;
  return `In the plain network ${layers} make ${left} of a signal of 1.`;
}
