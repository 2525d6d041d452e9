/** Unpack the playground's images; data.py packs them and says how. */

import { addExpected, inflate } from "../pixels.js";

const HEADER = 6;

/**
 * Packed bytes (Uint8Array) -> {trainImages, trainLabels, testImages, testLabels}:
 * images (N, pixels) Float32Array in 0 to 1, labels (N) Uint8Array, class by class.
 */
export async function decode(bytes) {
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const [side, classes] = [header.getUint8(0), header.getUint8(1)];
  const perClass = header.getUint16(2, true);
  const testPerClass = header.getUint16(4, true);
  const pixels = unpack(await inflate(bytes.subarray(HEADER)), side);
  const cut = classes * perClass * side * side;
  if (pixels.length !== cut + classes * testPerClass * side * side) {
    throw new RangeError("the playground's images are not complete");
  }
  return {
    trainImages: pixels.subarray(0, cut),
    trainLabels: labels(classes, perClass),
    testImages: pixels.subarray(cut),
    testLabels: labels(classes, testPerClass),
  };
}

/** Half-bytes -> pixels in 0 to 1. */
function unpack(halves, side) {
  const levels = new Uint8Array(2 * halves.length);
  halves.forEach((pair, i) => levels.set([pair >> 4, pair & 15], 2 * i));
  return Float32Array.from(addExpected(levels, side, 16), (level) => level / 15);
}

function labels(classes, perClass) {
  return Uint8Array.from({ length: classes * perClass }, (_, i) => i / perClass);
}
