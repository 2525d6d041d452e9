/** The widget's plot: test accuracy against updates, a line a rule. */

import { accuracies, range } from "./tests.js";
import { axis, change, drawing, drawOn, path, scale, svg } from "../shared.js";

const HEIGHT = 320;
const EDGE = { left: 52, right: 10, top: 10, bottom: 46 };
const MARKS = [10, 20, 40, 60, 70, 75, 80, 85, 88, 90];
export const STATE = ["rate", "seed", "span"];

export function curves(model, width) {
  const [data, lines] = [model.get("data"), model.get("lines")];
  const picture = drawing(width, HEIGHT, "Test accuracy against updates");
  const axes = svg("g", {});
  const paths = lines.map(({ color, dashes }) => svg("path", {
    fill: "none", stroke: `var(--bn-${color})`, "stroke-width": 2.2,
    "stroke-dasharray": dashes.map((dash) => 2 * dash).join(" ") || null,
  }));
  picture.append(axes, ...paths);
  const [bottom, right] = [HEIGHT - EDGE.bottom, width - EDGE.right];
  let maps = { of: null }; // change with rate and span

  const traits = lines.map(({ trait }) => trait);
  const end = drawOn(model, [...STATE, ...traits], () => {
    const state = Object.fromEntries(STATE.map((name) => [name, model.get(name)]));
    if (maps.of !== `${state.rate}/${state.span}`) {
      maps = { of: `${state.rate}/${state.span}`, ...scales(data, state, bottom, right) };
      axes.replaceChildren(
        axis("x", maps.x, maps.times, bottom, "updates", 0),
        axis("y", maps.y, maps.marks, EDGE.left, "test accuracy (%), log scale of the error",
          right - EDGE.left, 36),
      );
    }
    paths.forEach((line, i) => {
      const values = accuracies(data, state, traits[i]).map(maps.y);
      const points = data.updates.map((at, k) => [maps.x(at), values[k]]);
      const shown = points.slice(state.span === "last" ? -data.last : 0);
      change(line, { d: model.get(traits[i]) ? path(shown) : "" });
    });
  });
  return { item: picture, end };
}

/** By the logarithm of the error: the start and the last per cents both show. */
function scales(data, { rate, span }, bottom, right) {
  const [least, most] = range(data, rate, span);
  const error = scale([101 - least, 0.97 * (100 - most)], [bottom, EDGE.top], true);
  const y = Object.assign((value) => error(100 - value), { from: bottom, to: EDGE.top });
  const shown = data.updates.slice(span === "last" ? -data.last : 0);
  const x = scale([span === "last" ? shown[0] : 0, shown.at(-1)], [EDGE.left, right - 8]);
  const times = [0, 500, 1000, 1500, 2000, 2500, 3000].filter((t) => t >= x.low);
  const marks = MARKS.filter((mark) => mark >= least - 1 && mark <= most + 0.4);
  return { x, y, times: times.map(said), marks: apart(marks, y).map(said) };
}

const said = (mark) => [mark, `${mark}`];

/** The marks, without those whose words would touch the one before. */
function apart(marks, y) {
  const kept = [];
  for (const mark of marks.reverse()) {
    if (!kept.length || y(mark) - y(kept.at(-1)) > 14) kept.push(mark);
  }
  return kept;
}
