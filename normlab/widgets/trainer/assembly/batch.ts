/** A batch is gathered, and what was learned of it is taken off the weights. */

import { bytes, VECTOR } from "./vectors";

/**
 * x[pixel, n] = byte / 255 of the n-th chosen image, and its label beside; x is 0 beyond
 * the first `valid`. Images are `pixels` bytes each, `order` whole numbers of 4 bytes.
 */
export function gather(
  bytesOfImages: usize, bytesOfLabels: usize, order: usize, x: usize, labels: usize,
  pixels: i32, images: i32, valid: i32,
): void {
  memory.fill(x, 0, bytes(pixels * images));
  for (let n = 0; n < valid; n++) {
    const chosen = load<i32>(order + bytes(n));
    const from = bytesOfImages + <usize>chosen * <usize>pixels;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = <f32>load<u8>(from + <usize>pixel) / 255;
      store<f32>(x + bytes(pixel * images + n), value);
    }
    store<u8>(labels + n, load<u8>(bytesOfLabels + chosen));
  }
}

/** weights -= rate * gradients, for any number of them in whole vectors. */
export function descend(weights: usize, gradients: usize, count: i32, rate: f32): void {
  const step = f32x4.splat(rate);
  for (let i: usize = 0; i < bytes(count); i += VECTOR) {
    const change = f32x4.mul(step, v128.load(gradients + i));
    v128.store(weights + i, f32x4.sub(v128.load(weights + i), change));
  }
}
