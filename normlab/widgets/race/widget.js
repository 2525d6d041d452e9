/** The race: a table whose cells are contenders, and the curves of those chosen. */

import { curves } from "./curves.js";
import { table } from "./table.js";
import { choice, fit, html, root, toolbar } from "../shared.js";

export default { render };

function render({ model, el }) {
  root(model, el, "The race of normalizers");
  return fit(el, (width) => build(model, el, width));
}

function build(model, el, width) {
  const parts = [table(model), curves(model, width)];
  el.append(
    html("div", { class: "bn-controls" }, choice(model, "measure")),
    ...parts.map(({ item }) => item), toolbar(model),
  );
  return () => parts.forEach(({ end }) => end());
}
