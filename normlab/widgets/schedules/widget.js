/** Schedules compared: one network on each of them, and the post's plain one. */

import { numbers } from "./numbers.js";
import { accuracy, rate } from "./plots.js";
import { choice, fit, html, root, toolbar } from "../shared.js";

export default { render };

function render({ model, el }) {
  root(model, el, "Recorded runs by schedule");
  return fit(el, (width) => build(model, el, width));
}

function build(model, el, width) {
  const half = width > 620 ? Math.floor((width - 16) / 2) : width;
  const parts = [accuracy(model, half), rate(model, half), numbers(model)];
  const [left, right, table] = parts;
  const controls = ["norm", "dropout", "convolutions", "rates", "span"];
  el.append(
    html("div", { class: "bn-controls" }, ...controls.map((name) => choice(model, name))),
    html("div", { class: "bn-plots" }, left.item, right.item),
    table.item, toolbar(model),
  );
  return () => parts.forEach(({ end }) => end());
}
