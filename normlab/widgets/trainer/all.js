/** The whole engine, for its worker, its tests and its benchmark. */

import { hasVectors, openSimd } from "./simd.js";
import { openReference } from "./reference.js";
import { lostBias } from "./lost.js";
import {
  createNetwork, createSampler, evaluate, forward, step,
} from "./network.js";

/** The quicker machine, if there is a module and it runs here. */
export async function openMachine(module) {
  return module?.length && hasVectors() ? openSimd(module) : openReference();
}

/** Images (N x 784 bytes) and labels as a machine's own. */
export function own(machine, images, labels) {
  const data = { images: machine.bytes(images.length), labels: machine.bytes(labels.length) };
  machine.byteValues(data.images, images.length).set(images);
  machine.byteValues(data.labels, labels.length).set(labels);
  return data;
}

/** What tests and worker need, whatever they are given as text. */
export const engine = {
  createNetwork, createSampler, evaluate, forward, lostBias, openReference, openSimd, step,
};
