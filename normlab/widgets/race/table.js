/** The table: a row a normalizer, a column a number of images that share statistics. */

import {
  chosenOf, contendersOf, MEANS, sample, STATE, toggle, writtenOf,
} from "./cells.js";
import { boxed, button, change, drawOn, html, write } from "../shared.js";

export function table(model) {
  const data = model.get("data");
  const looks = contendersOf(data);
  const buttons = {}; // contender -> its button and what is written in it
  const rows = data.rows.map((row) => html(
    "tr", {}, html("th", { scope: "row" }, row.label),
    ...cellsOf(row, data, (name) => {
      const cell = pressable(model, name, looks[name]);
      buttons[name] = cell;
      return cell.item;
    }),
  ));
  const heads = data.sizes.map((size) => html("th", { scope: "col" }, `${size}`));
  const title = html("th", { scope: "colgroup", colspan: data.sizes.length },
    "images that share statistics");
  const whole = html(
    "table", {},
    html("thead", {}, html("tr", {}, html("td", {}), title),
      html("tr", {}, html("td", {}), ...heads)),
    html("tbody", {}, ...rows),
  );
  const said = html("p", { class: "bn-caption", "data-value": "said" });
  const end = drawOn(model, STATE, () => {
    const [measure, chosen] = [model.get("measure"), chosenOf(model)];
    for (const [name, { item, number, spread }] of Object.entries(buttons)) {
      const [first, second] = writtenOf(data.cells[name], measure);
      write(number, first);
      write(spread, second);
      change(item, { "aria-pressed": chosen.includes(name) });
    }
    write(said, `${MEANS[measure](data)} Choose cells to see their curves.`);
  });
  const box = boxed(whole);
  box.classList.add("bn-race");
  return { item: html("div", {}, box, said), end };
}

/** A row's cells: one for all where no image looks at another. */
function cellsOf({ contenders, otherwise }, { sizes, cells }, make) {
  const content = (name) => (cells[name] ? make(name) : "not recorded yet");
  if (contenders[0][0] === 0) {
    return [html("td", { colspan: sizes.length }, content(contenders[0][1]))];
  }
  const by = Object.fromEntries(contenders);
  const found = [];
  for (const size of sizes) {
    const last = found.at(-1);
    if (by[size]) found.push({ name: by[size], span: 1 });
    else if (last && !last.name) last.span += 1;
    else found.push({ name: null, span: 1 });
  }
  return found.map(({ name, span }) => html(
    "td", { colspan: span, class: name ? "" : "bn-race-none" },
    name ? content(name) : otherwise));
}

function pressable(model, name, look) {
  const number = html("b", { "data-value": name });
  const spread = html("small", { "data-value": `${name}-spread` });
  const spoken = html("span", { class: "bn-hidden" }, `${look.label}: `);
  const item = button(spoken, () => toggle(model, name), { "data-cell": name });
  item.append(number, spread, sample(look));
  return { item, number, spread };
}
