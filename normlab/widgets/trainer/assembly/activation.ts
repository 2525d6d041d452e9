/** Activations, for vectors of any number of values; `y` may be `x`. */

import { exponential } from "./exponential";
import { bytes, VECTOR } from "./vectors";

/** y = 1 / (1 + exp(-x)) */
export function sigmoid(x: usize, y: usize, count: i32): void {
  const one = f32x4.splat(1);
  for (let i: usize = 0; i < bytes(count); i += VECTOR) {
    const power = exponential(f32x4.neg(v128.load(x + i)));
    v128.store(y + i, f32x4.div(one, f32x4.add(one, power)));
  }
}

/** gradient = outGradient y (1 - y) */
export function sigmoidBack(
  y: usize, outGradient: usize, gradient: usize, count: i32,
): void {
  const one = f32x4.splat(1);
  for (let i: usize = 0; i < bytes(count); i += VECTOR) {
    const value = v128.load(y + i);
    const slope = f32x4.mul(value, f32x4.sub(one, value));
    v128.store(gradient + i, f32x4.mul(v128.load(outGradient + i), slope));
  }
}

/** y = max(x, 0) */
export function relu(x: usize, y: usize, count: i32): void {
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < bytes(count); i += VECTOR) {
    v128.store(y + i, f32x4.pmax(zero, v128.load(x + i)));
  }
}

/** gradient = outGradient where y > 0, else 0 */
export function reluBack(
  y: usize, outGradient: usize, gradient: usize, count: i32,
): void {
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < bytes(count); i += VECTOR) {
    const passes = f32x4.gt(v128.load(y + i), zero);
    v128.store(gradient + i, v128.and(v128.load(outGradient + i), passes));
  }
}
