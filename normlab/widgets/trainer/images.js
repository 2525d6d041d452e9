/** Fetch the images that LeNet trains on, and unpack them; images.py packs them. */

import { addExpected, inflate } from "../pixels.js";

const HEADER = 6; // bytes

/**
 * Packed bytes -> {images, labels, training, test}: N x side x side bytes and N labels,
 * those of training first, and how many there are of each.
 */
export async function decode(packed) {
  const header = new DataView(packed.buffer, packed.byteOffset, HEADER);
  const [side, training, test] = [0, 2, 4].map((at) => header.getUint16(at, true));
  const content = await inflate(packed.subarray(HEADER));
  const cut = (training + test) * side * side;
  if (content.length !== cut + training + test) {
    throw new RangeError("the images are not complete");
  }
  const images = addExpected(content.subarray(0, cut), side, 256);
  return { images, labels: content.subarray(cut), training, test };
}

/**
 * Fetch a file; `told(bytes, of)` hears how far it is, `signal` stops it. Where it ends
 * early, or somebody has no network, the error says so in words.
 */
export async function download(address, told, signal) {
  const answer = await fetch(address, { signal }).catch((error) => {
    throw signal.aborted ? error : new Error("there is no network, or the site is away");
  });
  if (!answer.ok) throw new Error(`the site answered ${answer.status}`);
  const whole = Number(answer.headers.get("content-length")) || 0;
  const [parts, reader] = [[], answer.body.getReader()];
  let got = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw signal.aborted ? error : new Error("the network broke off");
    });
    if (done) break;
    parts.push(value);
    told((got += value.length), whole);
  }
  const bytes = new Uint8Array(got);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
