/** One training, tested by eight rules: switches, curves, and numbers of the end. */

import { curves, STATE } from "./curves.js";
import { accuracies, levelAndJump } from "./tests.js";
import {
  boxed, button, choice, drawOn, fit, format, html, root, set, slider, svg, tick,
  toolbar, write,
} from "../shared.js";

export default { render };

function render({ model, el }) {
  root(model, el, "One training tested by eight rules");
  return fit(el, (width) => build(model, el, width));
}

function build(model, el, width) {
  const controls = html(
    "div", { class: "bn-controls" }, choice(model, "rate"), choice(model, "span"),
    slider(model, "seed"),
  );
  const wide = width > 620;
  const plot = curves(model, wide ? Math.floor(width * 0.49) : width);
  const table = rules(model);
  el.append(
    controls, html("div", { class: "bn-rules" }, plot.item, table.item), toolbar(model),
  );
  plot.item.style.width = wide ? "49%" : "100%";
  return () => [plot, table].forEach(({ end }) => end());
}

/** A row a rule: its switch, its mark, the weight of a new batch, and its numbers. */
function rules(model) {
  const data = model.get("data");
  const rows = model.get("lines").map((line) => {
    const cells = ["level", "jump"].map((what) =>
      html("td", { "data-value": `${line.trait}-${what}` }));
    const box = tick(model, line.trait);
    box.firstChild.after(mark(line));
    const name = html("th", { scope: "row" }, box);
    return { ...line, cells,
      item: html("tr", {}, name, html("td", {}, line.weight), ...cells) };
  });
  const heads = ["", "new", "level", "jump"].map((head) =>
    html(head ? "th" : "td", head ? { scope: "col" } : {}, head));
  const table = html(
    "table", {}, html("thead", {}, html("tr", {}, ...heads)),
    html("tbody", {}, ...rows.map(({ item }) => item)),
  );
  const end = drawOn(model, STATE, () => {
    const state = { rate: model.get("rate"), seed: model.get("seed") };
    for (const { trait, cells } of rows) {
      const { level, jump } = levelAndJump(accuracies(data, state, trait), data.last);
      write(cells[0], format(level, 1));
      write(cells[1], format(jump, 2));
    }
  });
  const note = "New: weight of a new batch in the memory, in the limit. Of the seed shown, " +
    `level: mean accuracy (%) of the last ${data.last} tests; jump: deviation (points) of ` +
    "the changes between them. The two dotted lines, of rules that remember nothing, " +
    `coincide. Seeds ${data.seeds[0]} to ${data.seeds.at(-1)} were trained at both rates.`;
  const item = html("div", { class: "bn-rules-table" }, presets(model), boxed(table),
    html("p", { class: "bn-caption" }, note));
  return { item, end };
}

/** Buttons that switch some rules on and the others off. */
function presets(model) {
  const all = model.get("lines").map(({ trait }) => trait);
  const buttons = model.get("presets").map(([said, on]) =>
    button(said, () =>
      set(model, Object.fromEntries(all.map((trait) => [trait, on.includes(trait)])))));
  return html("div", { class: "bn-buttons" }, ...buttons);
}

/** A line's colour and dashes. */
function mark({ color, dashes }) {
  const line = svg("line", { x1: 0, x2: 26, y1: 5, y2: 5, "stroke-width": 2.4,
    stroke: `var(--bn-${color})`,
    "stroke-dasharray": dashes.map((dash) => 2 * dash).join(" ") || null });
  return svg("svg", { class: "bn-drawing bn-rules-mark", viewBox: "0 0 26 10",
    "aria-hidden": "true" }, line);
}
