/** The chosen cell in figures: a row a network and arm. */

import { ARMS, chosen, means, near, seedsAt, STATE } from "./cells.js";
import { boxed, drawOn, format, html, write } from "../shared.js";

const COLUMNS = ["mean", "seeds", "below best"];

export function table(model) {
  const data = model.get("data");
  const names = model.get("networks");
  const caption = html("p", { class: "bn-caption", "data-value": "cell" });
  const rows = names.flatMap(([network, name]) => ARMS.map((arm) => {
    const values = means(data, network, arm.norm);
    const named = (what) => ({ "data-value": `${network}-${arm.norm}-${what}` });
    const cells = ["mean", "range", "below"].map((what) => html("td", named(what)));
    const key = html("span", { class: "bn-key" });
    key.style.background = `var(--bn-${arm.color})`;
    const said = html("th", { scope: "row" }, key, `${name}, ${arm.said}`);
    return { network, name, arm, values, cells, item: html("tr", {}, said, ...cells) };
  }));
  const heads = COLUMNS.map((head) => html("th", { scope: "col" }, head));
  const whole = html(
    "table", {}, html("thead", {}, html("tr", {}, html("td", {}), ...heads)),
    html("tbody", {}, ...rows.map(({ item }) => item)),
  );
  const framed = html("p", { class: "bn-said", "data-value": "framed" });

  const end = drawOn(model, STATE, () => {
    const { rate, gain } = chosen(model);
    write(caption, `Validation accuracy (%) at rate ${data.rates[rate]}, ` +
      `k ${data.gains[gain]}; below best: how far below the best mean of the same map.`);
    for (const { network, arm, values, cells } of rows) {
      const seeds = seedsAt(data, network, arm.norm, gain, rate);
      const ends = [Math.min(...seeds), Math.max(...seeds)].map((end) => format(end, 1));
      const best = Math.max(...values.flat());
      const texts = [
        format(values[gain][rate], 1), ends.join(" to "),
        format(best - values[gain][rate], 1),
      ];
      cells.forEach((cell, i) => write(cell, texts[i]));
    }
    const counts = rows.map(({ name, arm, values }) =>
      `${name} ${arm.said} ` +
      `${near(values, model.get("within")).flat().filter(Boolean).length}`);
    write(framed, `Framed cells, of ${data.rates.length * data.gains.length}: ` +
      `${counts.join(", ")}.`);
  });
  const box = boxed(whole);
  box.classList.add("bn-dense", "bn-rates-table");
  return { item: html("div", {}, caption, box, framed), end };
}
