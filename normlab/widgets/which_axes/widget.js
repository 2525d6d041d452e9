/** A block of activations, and the values that share one mean with a chosen one. */

import {
  choice, drawOn, fit, format, html, readout, root, slider, toolbar, write,
} from "../shared.js";
import { blockDrawing } from "./block.js";
import { cellOf, shapeOf, tiles, where } from "./grid.js";
import {
  counts, moments, normalize, placeOf, product, reachOf, startOf,
} from "./mean.js";

export default { render };

function render({ model, el }) {
  root(model, el, "Which values share a mean");
  return fit(el, (width) => build(model, el, width));
}

const SHOWN = ["normalizer", "groups", "batch_size", "view", "cell"];

/** All that is drawn and written, from the traits. */
function state(model) {
  const { buffer, byteOffset, byteLength } = model.get("block");
  const whole = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  const [shape, cell] = [shapeOf(model), cellOf(model)];
  const normalizer = model.get("normalizer");
  const reach = reachOf(normalizer, model.get("groups"), shape);
  const values = whole.subarray(0, product(shape));
  return {
    all: model.get("shape")[0], shape, normalizer, reach, cell, values,
    start: startOf(cell, reach),
    output: normalize(values, shape, reach), place: placeOf(cell, shape),
    view: model.get("view"), ...moments(values, shape, reach, cell),
    ...counts(shape, reach),
  };
}

function build(model, el, width) {
  const wide = width >= 600;
  const grid = tiles(model, wide ? width - 205 : width);
  const block = blockDrawing(wide ? 1.2 : 1, model.get("shape"));
  const said = words();
  const groups = slider(model, "groups");
  el.append(
    html("div", { class: "bn-controls" }, choice(model, "normalizer"), groups,
      slider(model, "batch_size"), choice(model, "view")),
    html("div", { class: "bn-axes" }, grid.item,
      html("div", { class: "bn-axes-side" }, block.item, said.numbers)),
    said.sentences, toolbar(model),
  );
  return drawOn(model, SHOWN, () => {
    const now = state(model);
    groups.querySelector("input").disabled = now.normalizer !== "group";
    grid.draw(now);
    block.draw(now);
    said.write(now);
  });
}

/** What is said beneath the drawings. */
function words() {
  const shown = {
    pairs: readout("pairs", "pairs of mean and variance"),
    each: readout("each", "values in each"),
    mean: readout("mean", "this pair's mean"),
    variance: readout("variance", "its variance"),
  };
  const numbers = html("div", {}, ...Object.values(shown).map(({ item }) => item));
  const cell = html("span", { "data-value": "cell" });
  const [before, after, others, modes] = ["before", "after", "others", "modes"].map(
    (name) => html("b", { "data-value": name }));
  const sentences = html(
    "div", { class: "bn-axes-words" },
    html("p", {}, cell, ": before ", before, ", after ", after),
    html("p", {}, "It depends on other images: ", others,
      ". Evaluation mode does something else: ", modes, "."),
  );
  const say = (now) => {
    shown.pairs.write(String(now.pairs));
    shown.each.write(String(now.each));
    shown.mean.write(format(now.mean, 2));
    shown.variance.write(format(now.variance, 3));
    write(cell, where(now));
    write(before, format(now.values[now.place], 2));
    write(after, format(now.output[now.place], 2));
    const batch = now.normalizer === "batch";
    write(others, batch ? (now.shape[0] > 1 ? "yes" : "no, it is alone") : "no");
    write(modes, batch ? "yes, it uses running statistics" : "no");
  };
  return { numbers, sentences, write: say };
}
