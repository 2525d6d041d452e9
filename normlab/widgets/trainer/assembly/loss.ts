/** Probabilities of the classes, and the gradient of their cross-entropy. */

import { exponential } from "./exponential";
import { bytes, VECTOR } from "./vectors";

/**
 * probabilities = softmax of the logits (classes, N), each less the largest of its image
 */
export function softmax(
  logits: usize, probabilities: usize, classes: i32, images: i32,
): void {
  const row = bytes(images);
  for (let n: usize = 0; n < row; n += VECTOR) {
    let largest = v128.load(logits + n);
    for (let c = 1; c < classes; c++) {
      largest = f32x4.max(largest, v128.load(logits + <usize>c * row + n));
    }
    let sum = f32x4.splat(0);
    for (let c = 0; c < classes; c++) {
      const at = <usize>c * row + n;
      const power = exponential(f32x4.sub(v128.load(logits + at), largest));
      v128.store(probabilities + at, power);
      sum = f32x4.add(sum, power);
    }
    for (let c = 0; c < classes; c++) {
      const at = probabilities + <usize>c * row + n;
      v128.store(at, f32x4.div(v128.load(at), sum));
    }
  }
}

/**
 * gradient = (probabilities - 1 at the label) / valid: of the mean loss with respect to
 * the logits, in the place of the probabilities; 0 beyond the first `valid` images
 */
export function lossBack(
  probabilities: usize, labels: usize, classes: i32, images: i32, valid: i32,
): void {
  const share: f32 = 1 / <f32>valid;
  for (let c = 0; c < classes; c++) {
    for (let n = 0; n < images; n++) {
      const at = probabilities + bytes(c * images + n);
      if (n >= valid) {
        store<f32>(at, 0);
        continue;
      }
      const target: f32 = load<u8>(labels + n) === c ? 1 : 0;
      store<f32>(at, (load<f32>(at) - target) * share);
    }
  }
}
