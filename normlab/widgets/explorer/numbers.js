/** The explorer's table, and what it says of the runs in words. */

import { endings, imagesSeen, shownRuns, summary } from "./batch_sizes.js";
import {
  front, key, labelOf, linesOf, MEASURES, STATE, stateOf, thousands,
} from "./lines.js";
import { boxed, change, drawOn, format, html, write } from "../shared.js";

const COLUMNS = { mean: "mean", interval: "95% interval", range: "seeds’ range" };

export function numbers(model) {
  const data = model.get("data");
  const caption = html("p", { class: "bn-sizes-note" });
  const rows = [0, 1, 2].map(() => {
    const name = html("th", { scope: "row" });
    const cells = Object.keys(COLUMNS).map(() => html("td", {}));
    return { item: html("tr", {}, name, ...cells), name, cells };
  });
  const heads = Object.values(COLUMNS)
    .map((head) => html("th", { scope: "col" }, head));
  const table = html(
    "table", {}, html("thead", {}, html("tr", {}, html("td", {}), ...heads)),
    html("tbody", {}, ...rows.map(({ item }) => item)),
  );
  const about = html("p", { class: "bn-sizes-note", "data-value": "about" });
  const failed = html("p", { class: "bn-sizes-note", "data-value": "failed" });

  const end = drawOn(model, STATE, () => {
    const state = stateOf(model);
    const lines = linesOf(model, state.view);
    const runs = shownRuns(data, state, lines).map((name) => data.runs[name]);
    const { title } = MEASURES[state.measure];
    const where = `at batch size ${state.size}, ${seeds(runs, state)}`;
    write(caption, `Table: ${title} ${where}.`);
    rows.forEach(({ name, cells }, i) => {
      name.replaceChildren(key(model, lines[i]), labelOf(model, lines[i]));
      const texts = written(runs[i], state, data.reach);
      Object.keys(COLUMNS).forEach((column, k) => {
        change(cells[k], { "data-value": `${lines[i]}-${column}` });
        write(cells[k], texts[column]);
      });
    });
    write(about, described(model, state));
    write(failed, failures(model, lines, runs, state));
  });
  const notes = html("div", {}, caption, about, failed);
  return { item: html("div", { class: "bn-sizes-table" }, boxed(table), notes), end };
}

/** Over how many seeds the numbers are. */
function seeds(runs, { budget }) {
  const counts = runs.filter(Boolean).map((run) => endings(run, budget).all);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (!counts.length) return "no runs";
  const count = least === most ? most : `${least} to ${most}`;
  return `${count} ${most > 1 ? "seeds" : "seed"}`;
}

/** The cells of a row: a dash where there is nothing to say. */
function written(run, { budget, measure }, reach) {
  const { mean = null, low, high, least, most } =
    run ? summary(run, budget, measure, reach) : {};
  const { digits } = MEASURES[measure];
  const say = (x) => (measure === "noise" ? rounded(x) : format(x, digits));
  const both = (a, b) => (Number.isFinite(a) ? `${say(a)} to ${say(b)}` : "–");
  // Of runs that learned and runs that did not, the mean alone has no meaning.
  const { learned, all } = run ? endings(run, budget) : {};
  return {
    mean: mean === null ? "–" : say(mean),
    interval: learned && learned < all ? "–" : both(low, high),
    range: both(least, most),
  };
}

const rounded = (x) => thousands(Number(x.toPrecision(2)));

/** What the line in front trained with. */
function described(model, state) {
  const [line] = front(model).at(-1);
  const data = model.get("data");
  const name = shownRuns(data, state, [line])[0];
  if (!name) return `In front: ${labelOf(model, line)}, which has no run here.`;
  const { batch, rate, updates } = data.runs[name];
  const count = updates[state.budget];
  const part = name.match(/ghost_(\d+)/)?.[1] ?? batch;
  const sizes = state.view === "ghost" ? `gradient ${batch}, statistics ${part}; ` : "";
  return `In front: ${sizes}learning rate ${Number(rate.toPrecision(4))}, ` +
    `${thousands(count)} updates, ${thousands(imagesSeen(batch, count))} images seen.`;
}

/** Which runs did not learn, and where the noise has no measure. */
function failures(model, lines, runs, { budget, measure }) {
  const said = lines.flatMap((line, i) => {
    if (!runs[i]) return [];
    const { chance, diverged, all } = endings(runs[i], budget);
    const lost = runs[i].values[budget].square.filter((x) => x !== null && x <= 0);
    const counts = [
      [chance, "at chance"], [diverged, "diverged"],
      [measure === "noise" ? lost.length : 0, "without a measurable signal"],
    ];
    return counts
      .filter(([count]) => count)
      .map(([count, what]) => `${labelOf(model, line)}: ${count} of ${all} ${what}.`);
  });
  return said.join(" ") || "None of these runs diverged or stayed at chance.";
}
