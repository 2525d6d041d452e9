/** The loss along a step, beside what the slope promised: two recorded networks. */

import { beside, worth } from "./looks.js";
import { plot } from "./plot.js";
import {
  choice, colorKeys, drawOn, fit, format, html, numberTable, root, slider, toolbar, write,
} from "../shared.js";

const STATE = ["look", "match", "factor"];
const SIDES = { none: "no layer", batch: "layer" };
const ROWS = {
  updates: "updates so far",
  before: "training loss here",
  promised: "after the step, by the slope",
  after: "after the step",
  change: "change of the gradient",
};
const WRITTEN = {
  updates: (value) => value.toLocaleString("en-US"),
  change: (value) => `${format(100 * value, 0)}%`,
};

export default { render };

function render({ model, el }) {
  root(model, el, "Loss along a step");
  return fit(el, (width) => build(model, el, width));
}

function build(model, el, width) {
  const data = model.get("data");
  const { picture, draw } = plot(model, width);
  picture.style.width = `${width}px`;
  const said = html("div", { class: "bn-said", role: "status", "data-value": "said" });
  said.style.minHeight = width >= 560 ? "2.8em" : "5.6em"; // of the longest
  const { table, cells } = numberTable(ROWS, SIDES);
  el.append(
    html("div", { class: "bn-controls" }, slider(model, "factor"),
      slider(model, "look"), choice(model, "match")),
    colorKeys({ ...SIDES, theory: "dashed: what the slope promises" }),
    picture, said, table, toolbar(model),
  );
  return drawOn(model, STATE, () => {
    const [look, match, factor] = STATE.map((name) => model.get(name));
    const looks = { none: look, batch: beside(data, look, match) };
    const found = {};
    const shown = {};
    for (const name of Object.keys(SIDES)) {
      const { losses, slopes } = data.networks[name];
      found[name] = worth(data, name, looks[name], factor);
      shown[name] = { losses: losses[looks[name]], slope: slopes[looks[name]] };
      for (const [row, value] of Object.entries(found[name])) {
        write(cells[row][name], (WRITTEN[row] ?? digits)(value));
      }
    }
    draw(shown, factor);
    write(said, sentence(found, factor));
  });
}

const digits = (value) => format(value, 3);

function sentence({ none, batch }, factor) {
  const of = ({ change }) => `${format(100 * change, 0)}%`;
  return `Along a step of ${factor} ${factor === 1 ? "rate" : "rates"} the gradient `
    + `changes by ${of(none)} of its length without the layer, by ${of(batch)} with it.`;
}
