/**
 * The parts of a gradient that batch normalization removes and leaves, for three values
 * of a channel; and the plane of all gradients with mean 0, in which two of them lie.
 */

import { allowed } from "../shared.js";

export const EPS = 1e-5; // the layer's default

export const sum = (values) => values.reduce((total, value) => total + value, 0);
export const mean = (values) => sum(values) / values.length;
export const dot = (a, b) => sum(a.map((value, i) => value * b[i]));

/**
 * The three parts of the gradient `g` that comes back to the layer, which add up to it:
 * its mean, its part along x_hat, and what is left; and the gradient of x. Against x
 * the first two make a straight line, with `slope`.
 */
export function backward(x, g, gamma, eps = EPS) {
  const centre = mean(x);
  const variance = mean(x.map((value) => (value - centre) ** 2));
  const rstd = 1 / Math.sqrt(variance + eps);
  const xHat = x.map((value) => (value - centre) * rstd);
  const share = dot(g, xHat) / x.length;
  const means = g.map(() => mean(g));
  const along = xHat.map((value) => value * share);
  const left = g.map((value, i) => value - means[i] - along[i]);
  const factor = gamma * rstd;
  const gradient = left.map((value) => factor * value);
  return { xHat, means, along, left, factor, gradient, slope: share * rstd };
}

/** Which case this is, by directions alone: what eps lets through does not count. */
export function kind(x, g) {
  const tiny = 1e-9 * Math.hypot(...g);
  if (x.every((value) => value === x[0])) return "equal";
  if (tiny === 0) return "zero";
  if (g.every((value) => value === g[0])) return "mean";
  const across = [x[2] - x[1], x[0] - x[2], x[1] - x[0]]; // to (1, 1, 1) and to x
  const off = x.map((value) => value - mean(x));
  const has = (way) => Math.abs(dot(g, way)) > tiny * Math.hypot(...way);
  if (!has(across)) return "removed";
  return has([1, 1, 1]) || has(off) ? "both" : "kept";
}

// The plane, upright on the page: upwards the first value grows and the others shrink.

const RIGHT = [0, -1, 1].map((value) => value / Math.sqrt(2));
const UP = [2, -1, -1].map((value) => value / Math.sqrt(6));

/** Where a vector lies in the plane: [to the right, up]. */
export const inPlane = (vector) => [dot(vector, RIGHT), dot(vector, UP)];

/**
 * The gradient that has the mean of `g` and a given part in the plane, as far and as
 * nearly as the control of g allows. All but the mean is rounded: else it would drift.
 */
export function withPart(g, [right, up], control) {
  const { low, high, step } = control;
  const middle = mean(g);
  const part = RIGHT.map((value, i) => right * value + up * UP[i]);
  const room = part.filter((value) => value)
    .map((value) => ((value > 0 ? high : low) - middle) / value);
  const short = Math.min(1, ...room);
  const steps = part.map((value) => (middle + short * value) / step);
  const whole = wholes(steps, Math.round(sum(g) / step));
  return whole.map((number) => allowed(control, number * step));
}

/** Whole numbers near those given with a given sum: those most over go up. */
function wholes(numbers, total) {
  const whole = numbers.map((number) => Math.floor(number + 1e-6));
  const over = numbers.map((number, i) => [number - whole[i], i]);
  over.sort(([a], [b]) => b - a);
  const missing = Math.max(0, total - sum(whole));
  for (const [, i] of over.slice(0, missing)) whole[i] += 1;
  return whole;
}

/** Go some steps in the plane, to the right or up, or as many as the control allows. */
export function stepped(g, right, up, control) {
  const inside = (value) => value > control.low - 1e-9 && value < control.high + 1e-9;
  const way = right ? [0, -1, 1] : [2, -1, -1];
  const after = (steps) => g.map((value, i) => value + steps * way[i] * control.step);
  let steps = right || up;
  while (steps && !after(steps).every(inside)) steps -= Math.sign(steps);
  return after(steps).map((value) => allowed(control, value));
}
