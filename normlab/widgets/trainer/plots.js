/** What both networks did so far: loss against updates, accuracy against epochs. */

import { axis, change, drawing, path, scale, svg, ticks } from "../shared.js";

const HEIGHT = 250;
const EDGE = { left: 52, right: 12, top: 12, bottom: 44 };
export const SIDES = ["none", "batch"];

function frame(width, label) {
  const picture = drawing(width, HEIGHT, label);
  picture.style.width = `${width}px`;
  const [axes, lines] = [svg("g"), svg("g")];
  picture.append(axes, lines);
  return {
    picture, axes, lines, left: EDGE.left, right: width - EDGE.right,
    top: EDGE.top, bottom: HEIGHT - EDGE.bottom,
  };
}

/** Parts of a side: a recorded band, and a line with a thinner one. */
function partsOf({ lines }, side) {
  const stroke = `var(--bn-${side})`;
  const parts = {
    band: svg("path", { fill: stroke, stroke: "none", opacity: 0.18 }),
    thin: svg("path", { fill: "none", stroke, "stroke-width": 0.8, opacity: 0.5 }),
    line: svg("path", { fill: "none", stroke, "stroke-width": 2.2, "data-curve": side }),
    other: svg("path", {
      fill: "none", stroke, "stroke-width": 1.6, "stroke-dasharray": "5 4",
    }),
  };
  lines.append(...Object.values(parts));
  return parts;
}

const areaOf = ({ low, high }, x, y, at) => path([
  ...high.map((value, i) => [x(at[i]), y(value)]),
  ...low.map((value, i) => [x(at[i]), y(value)]).reverse(),
]);

/**
 * Calls `work` where something differs from the last call's: a report of one network
 * need not draw the other anew, nor axes that stay.
 */
function whenChanged(work) {
  let last = [];
  return (...now) => {
    if (now.length === last.length && now.every((value, i) => value === last[i])) return;
    last = now;
    work(...now);
  };
}

/** Loss of each update, thin, and its mean over a quarter of an epoch. */
export function losses(width) {
  const plot = frame(width, "Training loss against updates");
  const parts = Object.fromEntries(SIDES.map((side) => [side, partsOf(plot, side)]));
  const most = 2.6; // nats: above guessing among ten
  const y = scale([0, most], [plot.bottom, plot.top]);
  const inside = (value) => Math.min(value, most);
  const across = (end) => scale([0, end], [plot.left, plot.right]);
  const drawAxes = whenChanged((end) => plot.axes.replaceChildren(
    axis("x", across(end), ticks(0, end, 4).map((t) => [t, t.toLocaleString("en-US")]),
      plot.bottom, "updates"),
    axis("y", y, [0, 0.5, 1, 1.5, 2, 2.5].map((t) => [t, `${t}`]), plot.left,
      "training loss (nats)", plot.right - plot.left),
  ));
  const drawSide = (side) => whenChanged((end, recorded, all, count, each) => {
    const x = across(end);
    const { band, thin, line } = parts[side];
    const block = Math.max(1, Math.round(each / 4));
    const means = [];
    for (let i = block; i <= count; i += block) {
      const sum = all.slice(i - block, i).reduce((a, b) => a + b, 0);
      means.push([x(i - block / 2), y(inside(sum / block))]);
    }
    change(thin, { d: path(all.map((loss, i) => [x(i + 1), y(inside(loss))])) });
    change(line, { d: path(means) });
    change(band, { d: recorded ? areaOf(recorded.losses, x, y, recorded.steps) : "" });
  });
  const sides = Object.fromEntries(SIDES.map((side) => [side, drawSide(side)]));
  /** `learners`: side -> learner; `bands`: side -> what was recorded, or nothing. */
  const draw = (learners, end, bands) => {
    drawAxes(end);
    for (const side of SIDES) {
      const { losses: all, each } = learners[side];
      sides[side](end, bands?.[side], all, all.length, each);
    }
  };
  return { picture: plot.picture, draw };
}

/** Accuracy on test images: evaluation mode, and dashed with each batch's statistics. */
export function accuracies(width) {
  const plot = frame(width, "Test accuracy against epochs");
  const parts = Object.fromEntries(SIDES.map((side) => [side, partsOf(plot, side)]));
  const y = scale([0, 100], [plot.bottom, plot.top]);
  const across = (end) => scale([0, end], [plot.left, plot.right]);
  const drawAxes = whenChanged((end) => plot.axes.replaceChildren(
    axis("x", across(end), ticks(0, end, 5).filter(Number.isInteger)
      .map((t) => [t, `${t}`]),
      plot.bottom, "epochs"),
    axis("y", y, [0, 20, 40, 60, 80, 100].map((t) => [t, `${t}`]), plot.left,
      "test accuracy (%)", plot.right - plot.left),
  ));
  const drawSide = (side) => whenChanged((end, recorded, evaluations, count, each) => {
    const x = across(end);
    const { band, line, other } = parts[side];
    const along = (mode) => path(evaluations.map((one) =>
      [x(one.updates / Math.max(1, each)), y(100 * one[mode].accuracy)]));
    change(line, { d: along("running") });
    change(other, { d: side === "none" ? "" : along("batch") });
    change(band, { d: recorded ? areaOf(recorded.accuracies, x, y, recorded.epochs) : "" });
  });
  const sides = Object.fromEntries(SIDES.map((side) => [side, drawSide(side)]));
  const draw = (learners, end, bands) => {
    drawAxes(end);
    for (const side of SIDES) {
      const { evaluations, each } = learners[side];
      sides[side](end, bands?.[side], evaluations, evaluations.length, each);
    }
  };
  return { picture: plot.picture, draw };
}
