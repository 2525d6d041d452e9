/** The table below the plots, and what it says of what is not recorded. */

import {
  labelOf, LINES, linesOf, looks, sample, SCHEDULES, STATE, stateOf,
} from "./lines.js";
import { boxed, change, drawOn, format, html, write } from "../shared.js";

const COLUMNS = {
  rate: "first rate", reached: "to level", test: "test (%)", seeds: "seeds",
};

export function numbers(model) {
  const data = model.get("data");
  const rows = Object.fromEntries(LINES.map((line) => {
    const { item, line: mark } = sample();
    const name = html("th", { scope: "row" }, item, ` ${labelOf(line)}`);
    const cells = Object.keys(COLUMNS).map((column) =>
      html("td", { "data-value": `${line}-${column}` }));
    return [line, { item: html("tr", {}, name, ...cells), mark, cells }];
  }));
  const heads = Object.values(COLUMNS).map((head) => html("th", { scope: "col" }, head));
  const table = html(
    "table", {}, html("thead", {}, html("tr", {}, html("td", {}), ...heads)),
    html("tbody", {}, ...LINES.map((line) => rows[line].item)),
  );
  const said = html("p", { class: "bn-sizes-note", "data-value": "said" });
  const end = drawOn(model, STATE, () => {
    const state = stateOf(model);
    const lines = linesOf(data, state);
    for (const line of LINES) {
      const { color, dashes } = looks(line, state);
      change(rows[line].mark, { stroke: color, "stroke-dasharray": dashes || null });
      written(lines[line]).forEach((text, i) => write(rows[line].cells[i], text));
    }
    write(said, described(data, state, lines));
  });
  const item = html(
    "div", { class: "bn-sizes-table" }, boxed(table), html("div", {}, said),
  );
  return { item, end };
}

/** The cells of a row: dashes where nothing is recorded. */
function written(run) {
  if (!run) return Object.keys(COLUMNS).map(() => "–");
  const { rate, reached, test, seeds } = run;
  return [`${rate}`, reached.toFixed(0), format(test, 1), `${seeds}`];
}

/** What the level is, and why lines are missing. */
function described(data, { rates, convolutions, norm, dropout }, lines) {
  const level = `To level: updates to ${format(data.levels[rates], 1)}%, which the ` +
    "post’s plain network has after 640, geometric mean of the seeds; one that is " +
    "never there counts as with its last look. Lines are means, bands go from the " +
    "lowest seed to the highest.";
  const missing = Object.keys(SCHEDULES).filter((name) => !lines[name]);
  if (!missing.length) return level;
  const layer = norm === "none" ? "without batch norm" : "with batch norm";
  const network = `${convolutions} convolutions, ${layer}, ` +
    `${dropout ? "with" : "without"} dropout, rates ${rates === "tuned" ? "tuned" : "as printed"}`;
  const names = missing.map(labelOf).join(", ");
  return `${level} Not recorded for ${network}: ${names}.`;
}
