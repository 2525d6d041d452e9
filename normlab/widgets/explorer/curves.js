/** The explorer's right plot: the loss while training, at the chosen batch size. */

import { IMAGES, shownRuns } from "./batch_sizes.js";
import {
  colorOf, dot, frame, front, lineParts, linesOf, LOSSES, STATE, stateOf, trained,
} from "./lines.js";
import { axis, change, drawOn, format, path, scale, svg, write } from "../shared.js";

const FEW = 12; // numbers: no curve, so each is marked
const ALONG = {
  epochs: { end: 5, marks: [0, 1, 2, 3, 4, 5] },
  updates: { end: 1200, marks: [0, 300, 600, 900, 1200] },
};

export function curves(model, width) {
  const data = model.get("data");
  const plot = frame(width, "Loss while training, at the chosen batch size");
  const { picture, axes, bottom, left, right } = plot;
  const lines = [0, 1, 2].map(() => lineParts());
  const yours = svg("path", { fill: "none", stroke: "var(--bn-data)", "stroke-width": 2,
    "stroke-dasharray": "6 3" });
  const title = svg("text", { x: (left + right) / 2, y: 18, "text-anchor": "middle" });
  picture.append(...lines.map(({ group }) => group), yours, title);
  let maps = { of: null }; // change with view, rule and budget

  const end = drawOn(model, [...STATE, "live"], () => {
    const state = stateOf(model);
    const { view, rule, budget, size } = state;
    if (maps.of !== `${view}/${rule}/${budget}`) {
      maps = { of: `${view}/${rule}/${budget}`, ...scales(data, state, linesOf(model, view), plot) };
      axes.replaceChildren(
        axis("x", maps.x, ALONG[budget].marks.map((t) => [t, format(t, 0)]), bottom,
          budget, 0),
        axis("y", maps.y, maps.marks, left, "training loss (nats, log scale)",
          right - left),
      );
    }
    write(title, `loss while training, batch size ${size}`);
    front(model).forEach(([line, isFront], i) => {
      const run = data.runs[shownRuns(data, state, [line])[0]];
      const curve = run ? places(run, budget, maps) : NOTHING;
      drawCurve(lines[i], curve, colorOf(model, line), isFront);
    });
    const mine = trained(model).map(({ key, curve }) =>
      path(along(curve, curve.mean, data.runs[key], budget, maps)));
    change(yours, { d: mine.join("") });
  });
  return { item: picture, end };
}

const NOTHING = { mean: [], low: [], high: [] };

/** Scales that hold every curve of a view. */
function scales(data, { view, rule, budget }, lines, { bottom, top, left, right }) {
  const runs = data.sizes
    .flatMap((size) => shownRuns(data, { view, rule, size }, lines))
    .filter(Boolean)
    .map((name) => data.runs[name].curves[budget]);
  const least = Math.min(...runs.flatMap(({ low }) => low)) / 1000;
  const most = Math.max(...runs.flatMap(({ high }) => high)) / 1000;
  const y = scale([least / 1.1, most * 1.1], [bottom, top], true);
  const marks = LOSSES.filter(([loss]) => loss >= y.low && loss <= y.high);
  return { x: scale([0, ALONG[budget].end], [left, right]), y, marks };
}

/** The points of a curve in blocks of `by` updates, as far as the budget goes. */
function along({ by }, losses, { batch }, budget, { x, y }) {
  const each = budget === "epochs" ? Math.ceil(IMAGES / batch) : 1;
  return losses
    .map((loss, i) => [((i + 0.5) * by) / each, loss === null ? NaN : y(loss)])
    .filter(([at]) => at <= ALONG[budget].end)
    .map(([at, height]) => [x(at), height]);
}

function places(run, budget, maps) {
  const curve = run.curves[budget];
  const of = (kind) =>
    along(curve, curve[kind].map((loss) => loss / 1000), run, budget, maps);
  return { mean: of("mean"), low: of("low"), high: of("high") };
}

function drawCurve(parts, { mean, low, high }, color, isFront) {
  change(parts.area, { d: path([...high, ...low.reverse()]), fill: color,
    opacity: isFront ? 0.25 : 0.12 });
  change(parts.line, { d: path(mean), stroke: color,
    "stroke-width": isFront ? 2.2 : 1.4, opacity: isFront ? 1 : 0.7 });
  const marks = mean.length < FEW ? mean.map(([x, y]) => dot(x, y, 3)) : [];
  change(parts.seeds, { d: marks.join(""), fill: color });
}
