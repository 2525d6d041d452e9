/** Batch sizes compared: recorded runs, and in a kernel new ones beside them. */

import { curves } from "./curves.js";
import { key, linesOf } from "./lines.js";
import { live } from "./live.js";
import { numbers } from "./numbers.js";
import { points } from "./points.js";
import { choice, drawOn, fit, html, root, slider, toolbar } from "../shared.js";

export default { render };

function render({ model, el }) {
  root(model, el, "Recorded runs by batch size");
  return fit(el, (width) => build(model, el, width));
}

function build(model, el, width) {
  const half = width > 620 ? Math.floor((width - 16) / 2) : width;
  const [top, left, right, table, train] = [
    controls(model), points(model, half), curves(model, half), numbers(model),
    live(model),
  ];
  el.append(
    top.item, html("div", { class: "bn-plots" }, left.item, right.item),
    train.item, table.item, toolbar(model),
  );
  return () => [top, left, right, table, train].forEach(({ end }) => end());
}

function controls(model) {
  const norm = keyed(model, "norm", "normalizers");
  const ghost = keyed(model, "ghost", "ghost");
  const rule = choice(model, "rule");
  const item = html(
    "div", { class: "bn-controls" }, choice(model, "view"), rule,
    choice(model, "budget"), choice(model, "measure"), norm, ghost,
    slider(model, "size"),
  );
  const end = drawOn(model, ["view"], () => {
    const apart = model.get("view") === "ghost";
    norm.hidden = apart;
    ghost.hidden = !apart;
    rule.style.visibility = apart ? "hidden" : ""; // these runs have one rule
  });
  return { item, end };
}

/** A choice among a view's lines, which names their colours too. */
function keyed(model, name, view) {
  const group = choice(model, name);
  const lines = linesOf(model, view);
  group.querySelectorAll("span").forEach((said, i) => said.prepend(key(model, lines[i])));
  return group;
}
