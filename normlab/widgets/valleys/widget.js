/** Two valleys of one problem: the inputs centred, and standardized. */

import {
  boxed, drawOn, fit, format, html, root, slider, toolbar, write,
} from "../shared.js";
import { left, stepsTo, valley } from "./descent.js";
import { landscape, rates } from "./panels.js";

const SIDES = [
  { name: "centred", said: "Centred", color: "none" },
  { name: "standardized", said: "Standardized", color: "batch" },
];
const ROWS = {
  rate: "learning rate",
  best: "best 2/(λmax+λmin)",
  limit: "limit 2/λmax",
  condition: "λmax / λmin",
  left: "left after 40 steps",
  steps: "steps to 0.1% left",
};

export default { render };

function render({ model, el }) {
  root(model, el, "Gradient descent in two valleys");
  return fit(el, (width) => build(model, el, width));
}

function build(model, el, width) {
  const wide = width >= 560;
  const each = wide ? Math.floor((width - 16) / 2) : width;
  const panels = SIDES.map(({ name, said, color }) => {
    const land = landscape(each, wide ? 250 : 185, color, `${said}: loss and descent`);
    const below = rates(model, name, each, wide ? 170 : 140, color);
    const caption = html("div", { class: "bn-caption" }, `${said}: drag the dot below`);
    const column = html("div", {}, caption, land.picture, below.picture);
    column.style.width = `${each}px`;
    return { column, land, below };
  });
  const said = html("div", { class: "bn-said", role: "status", "data-value": "said" });
  said.style.minHeight = "2.8em"; // of the longest
  const { table, cells } = numbers();
  el.append(
    html("div", { class: "bn-controls" }, slider(model, "ratio"),
      slider(model, "correlation")),
    html("div", { class: "bn-pair" }, ...panels.map(({ column }) => column)),
    said, table, toolbar(model),
  );
  return drawOn(model, ["ratio", "correlation", "centred", "standardized"], () => {
    const sentences = SIDES.map(({ name, said: who }, side) => {
      const ratio = name === "centred" ? model.get("ratio") : 1;
      const one = valley(ratio, model.get("correlation"));
      const rate = model.get(name);
      panels[side].land.draw(one, rate);
      panels[side].below.draw(one);
      const shown = row(one, rate);
      for (const key of Object.keys(ROWS)) write(cells[key][side], shown[key]);
      return `${who}: ${sentence(one, rate)}.`;
    });
    write(said, sentences.join(" "));
  });
}

function row(one, rate) {
  return {
    rate: format(rate, 2), best: format(one.best, 2), limit: format(one.limit, 2),
    condition: format(one.largest / one.smallest, 1),
    left: percent(left(one, rate)), steps: count(stepsTo(one, rate)),
  };
}

function percent(share) {
  return share > 10 ? "over 1,000%" : `${format(100 * share, share < 0.1 ? 2 : 0)}%`;
}

function count(steps) {
  if (steps === null) return "never";
  return steps === Infinity ? "over 9,999" : steps.toLocaleString("en");
}

function sentence(one, rate) {
  if (rate === 0) return "at rate 0 nothing moves";
  if (rate >= one.limit) return "beyond the limit, the loss grows";
  return `${count(stepsTo(one, rate))} steps until 0.1% of the loss is left`;
}

/** A row a quantity, a column a valley. */
function numbers() {
  const cells = {};
  const rows = Object.entries(ROWS).map(([key, label]) => {
    cells[key] = SIDES.map(({ name }) => html("td", { "data-value": `${name}-${key}` }));
    return html("tr", {}, html("th", { scope: "row" }, label), ...cells[key]);
  });
  const head = ["", ...SIDES.map(({ said }) => said)].map((text) =>
    text ? html("th", { scope: "col" }, text) : html("td", {}));
  for (const cell of head.slice(1)) cell.style.paddingLeft = "0.9em";
  const whole = boxed(html("table", {}, html("tr", {}, ...head), ...rows));
  whole.classList.add("bn-dense");
  return { table: whole, cells };
}
