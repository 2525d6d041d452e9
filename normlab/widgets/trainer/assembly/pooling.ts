/** The largest of each two by two places. */

import { bytes, VECTOR } from "./vectors";

/** y = the largest of four, and `chosen` which one: the first, where several are. */
export function maxPool(
  x: usize, y: usize, chosen: usize, channels: i32, height: i32, width: i32,
  images: i32,
): void {
  const row = bytes(images), below = bytes(width * images);
  let to: usize = 0;
  for (let line = 0; line < channels * height; line += 2) {
    for (let column = 0; column < width; column += 2) {
      const from = x + bytes((line * width + column) * images);
      for (let n: usize = 0; n < row; n += VECTOR) {
        const at = from + n;
        let best = v128.load(at), which = i32x4.splat(0);
        let value = v128.load(at + row), larger = f32x4.gt(value, best);
        best = v128.bitselect(value, best, larger);
        which = v128.bitselect(i32x4.splat(1), which, larger);
        value = v128.load(at + below), larger = f32x4.gt(value, best);
        best = v128.bitselect(value, best, larger);
        which = v128.bitselect(i32x4.splat(2), which, larger);
        value = v128.load(at + below + row), larger = f32x4.gt(value, best);
        best = v128.bitselect(value, best, larger);
        which = v128.bitselect(i32x4.splat(3), which, larger);
        v128.store(y + to, best);
        v128.store(chosen + to, which);
        to += VECTOR;
      }
    }
  }
}

/** gradient = outGradient at the place that was chosen, 0 at the other three */
export function maxPoolBack(
  outGradient: usize, chosen: usize, gradient: usize, channels: i32, height: i32,
  width: i32, images: i32,
): void {
  const row = bytes(images), below = bytes(width * images);
  let from: usize = 0;
  for (let line = 0; line < channels * height; line += 2) {
    for (let column = 0; column < width; column += 2) {
      const place = gradient + bytes((line * width + column) * images);
      for (let n: usize = 0; n < row; n += VECTOR) {
        const g = v128.load(outGradient + from), which = v128.load(chosen + from);
        const to = place + n;
        v128.store(to, v128.and(g, i32x4.eq(which, i32x4.splat(0))));
        v128.store(to + row, v128.and(g, i32x4.eq(which, i32x4.splat(1))));
        v128.store(to + below, v128.and(g, i32x4.eq(which, i32x4.splat(2))));
        v128.store(to + below + row, v128.and(g, i32x4.eq(which, i32x4.splat(3))));
        from += VECTOR;
      }
    }
  }
}
