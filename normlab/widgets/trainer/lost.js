/** What a bias before a normalizer does: nothing, but for rounding, in 64-bit floats. */

import { CLASSES, createNetwork, step } from "./network.js";

export const MANY = 64; // images; plain JavaScript takes a second or two for them
const MOVED = 7; // added to every bias before a normalizer

/**
 * {moved, gradient, last}: how far the logits move at most when those biases do, the
 * largest entry of their gradients, and of that of the last bias, which no normalizer
 * follows. `data`: images and labels as the machine's bytes; a seed has MANY of its own.
 */
export function lostBias(machine, data, settings) {
  const net = createNetwork(machine, { ...settings, most: MANY });
  const biases = net.parameters.filter(({ kind }) => kind === "bias");
  const last = biases.pop();
  const batch = Int32Array.from({ length: MANY }, (_, i) => MANY * settings.seed + i);
  const largest = (values) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const gradientOf = ({ gradient, count }) => largest(machine.values(gradient, count));
  const pass = () => {
    step(net, data, batch, 0); // a rate of 0 changes no weight
    return Float64Array.from(machine.values(net.logits, CLASSES * MANY));
  };

  const before = pass();
  const found = { gradient: Math.max(...biases.map(gradientOf)), last: gradientOf(last) };
  for (const { value, count } of biases) {
    const values = machine.values(value, count);
    values.forEach((bias, i) => (values[i] = bias + MOVED));
  }
  const after = pass();
  return { ...found, moved: largest(after.map((logit, i) => logit - before[i])) };
}
