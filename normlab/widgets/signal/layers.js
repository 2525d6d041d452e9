/** How large signal and gradient are in each layer of a network fresh from its draw. */

import { createNetwork, step } from "../playground/engine.js";

const PIXELS = 14 * 14;

/** Bytes 0 to 255, class by class -> {images (N, pixels) in 0 to 1, labels (N)}. */
export function batchOf(bytes, classes) {
  const perClass = bytes.length / (classes * PIXELS);
  return {
    images: Float32Array.from(bytes, (value) => value / 255),
    labels: Uint8Array.from({ length: classes * perClass }, (_, i) => i / perClass),
  };
}

/**
 * Root mean squares after one pass forward and one back, nothing learned: `input` of
 * the pixels, `signal` behind each hidden layer's activation, `gradient` of each
 * layer's weights. Weights start as N(0, (factor * He's deviation)^2).
 */
export function sizes({ images, labels }, settings, normalizer) {
  const { depth, factor, seed, width } = settings;
  const net = createNetwork({
    inputs: PIXELS, depth, width, seed, normalizer,
    maxBatch: labels.length, initScale: factor * Math.SQRT2, learningRate: 0,
  });
  step(net, images, labels, Int32Array.from(labels, (_, i) => i));
  const activations = net.modules.flatMap((module, i) => (module.value ? [i] : []));
  const weights = net.parameters.filter(({ shape }) => shape.length === 2);
  return {
    input: size(images), signal: activations.map((i) => size(net.outs[i])),
    gradient: weights.map(({ gradient }) => size(gradient)),
  };
}

function size(values) {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum / values.length);
}

/** By what a layer multiplies the signal, from the first hidden layer to the last. */
export function perLayer({ signal }) {
  return (signal.at(-1) / signal[0]) ** (1 / Math.max(1, signal.length - 1));
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 10 to a whole power, as text. */
export function powerOfTen(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => RAISED[digit]);
  return `10${exponent < 0 ? "⁻" : ""}${digits.join("")}`;
}

/** Two digits of a positive number, of any size: "0.71", "6.1 · 10⁻¹⁰". */
export function twoDigits(value) {
  if (!(value > 0)) return String(value);
  const [digits, exponent] = value.toExponential(1).split("e").map(Number);
  if (exponent < -2 || exponent > 2)
    return `${digits.toFixed(1)}\u00a0·\u00a0${powerOfTen(exponent)}`;
  return (digits * 10 ** exponent).toFixed(Math.max(0, 1 - exponent));
}
