/** Four linked maps of rate and first weights, with the losses behind each cell. */

import { ARMS } from "./cells.js";
import { key, losses } from "./losses.js";
import { map } from "./map.js";
import { table } from "./table.js";
import { choice, fit, html, root, slider, toolbar } from "../shared.js";

export default { render };

function render({ model, el }) {
  root(model, el, "Maps of learning rate and first weights");
  return fit(el, (width) => build(model, el, width));
}

function build(model, el, width) {
  const gap = 12;
  const half = Math.floor((width - gap) / 2);
  const names = model.get("networks");
  const maps = names.flatMap(([network, said]) =>
    ARMS.map((arm) => map(model, network, said, arm, half)));
  const curves = names.map(([network, said]) =>
    losses(model, network, said, width > 560 ? half : width));
  const below = table(model);
  el.append(
    html(
      "div", { class: "bn-controls" }, slider(model, "rate"), slider(model, "gain"),
      choice(model, "within"),
    ),
    html("div", { class: "bn-rates" }, ...maps.map(({ item }) => item)),
    below.item, key(),
    html("div", { class: "bn-rates" }, ...curves.map(({ item }) => item)),
    toolbar(model),
  );
  return () => [...maps, ...curves, below].forEach(({ end }) => end());
}
