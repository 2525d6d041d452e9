/** Convolutions without padding; a dense layer is one of 1 x 1 on maps of one pixel. */

import { bytes, increase, sumOf, VECTOR } from "./vectors";

/**
 * Weights (O, I, K, K) in the order in which `correlate` reads them: (I, K, K, O), or,
 * for the way back, (O, K, K, I).
 */
export function arrange(
  weights: usize, arranged: usize, outputs: i32, inputs: i32, size: i32, back: bool,
): void {
  const area = size * size;
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let k = 0; k < area; k++) {
        const to = back ? (o * area + k) * inputs + i : (i * area + k) * outputs + o;
        const from = (o * inputs + i) * area + k;
        store<f32>(arranged + bytes(to), load<f32>(weights + bytes(from)));
      }
    }
  }
}

/**
 * output[o, y, x] = bias[o] + sum over i, u, v of weight[i, u, v, o] input[i, y + u, x + v]
 *
 * and, `back`, with y - u and x - v, where these are inside: from gradients of a
 * convolution's outputs those of its inputs. `bias` 0 is none; outputs are even in number.
 *
 * For each place the addresses of what is summed are listed once; then two channels of
 * sixteen images are summed at a time, in eight vectors.
 */
export function correlate(
  input: usize, weights: usize, bias: usize, output: usize, list: usize,
  inputs: i32, height: i32, width: i32,
  outputs: i32, outHeight: i32, outWidth: i32, size: i32, images: i32, back: bool,
): void {
  const plane = bytes(outHeight * outWidth * images);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const end = listTerms(
        list, inputs, height, width, outputs, size, images, y, x, back,
      );
      const place = output + bytes((y * outWidth + x) * images);
      for (let n: usize = 0; n < bytes(images); n += 4 * VECTOR) {
        for (let o = 0; o < outputs; o += 2) {
          const first = bias ? load<f32>(bias + bytes(o)) : 0;
          const second = bias ? load<f32>(bias + bytes(o + 1)) : 0;
          const to = place + <usize>o * plane + n;
          sumTerms(list, end, input + n, weights + bytes(o), first, second, to, plane);
        }
      }
    }
  }
}

/** Write the offsets of input and weight of each term, in bytes; returns the list's end. */
function listTerms(
  list: usize, inputs: i32, height: i32, width: i32, outputs: i32, size: i32,
  images: i32, y: i32, x: i32, back: bool,
): usize {
  let end = list;
  for (let i = 0; i < inputs; i++) {
    for (let u = 0; u < size; u++) {
      const row = back ? y - u : y + u;
      if (row < 0 || row >= height) continue;
      for (let v = 0; v < size; v++) {
        const column = back ? x - v : x + v;
        if (column < 0 || column >= width) continue;
        store<u32>(end, <u32>bytes(((i * height + row) * width + column) * images));
        store<u32>(end, <u32>bytes(((i * size + u) * size + v) * outputs), 4);
        end += 8;
      }
    }
  }
  return end;
}

/** Sums of two channels for sixteen images; `plane` is from one channel to the next. */
// @ts-ignore: decorator
@inline
function sumTerms(
  list: usize, end: usize, input: usize, weights: usize, first: f32, second: f32,
  to: usize, plane: usize,
): void {
  let a0 = f32x4.splat(first), a1 = a0, a2 = a0, a3 = a0;
  let b0 = f32x4.splat(second), b1 = b0, b2 = b0, b3 = b0;
  for (let term = list; term < end; term += 8) {
    const x = input + load<u32>(term), w = weights + load<u32>(term, 4);
    const wa = v128.load_splat<f32>(w), wb = v128.load_splat<f32>(w, 4);
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    const x2 = v128.load(x, 32), x3 = v128.load(x, 48);
    a0 = f32x4.add(a0, f32x4.mul(wa, x0));
    b0 = f32x4.add(b0, f32x4.mul(wb, x0));
    a1 = f32x4.add(a1, f32x4.mul(wa, x1));
    b1 = f32x4.add(b1, f32x4.mul(wb, x1));
    a2 = f32x4.add(a2, f32x4.mul(wa, x2));
    b2 = f32x4.add(b2, f32x4.mul(wb, x2));
    a3 = f32x4.add(a3, f32x4.mul(wa, x3));
    b3 = f32x4.add(b3, f32x4.mul(wb, x3));
  }
  v128.store(to, a0), v128.store(to, a1, 16);
  v128.store(to, a2, 32), v128.store(to, a3, 48);
  const next = to + plane;
  v128.store(next, b0), v128.store(next, b1, 16);
  v128.store(next, b2, 32), v128.store(next, b3, 48);
}

/**
 * gradient[o, i, u, v] = sum over y, x, n of outGradient[o, y, x] input[i, y + u, x + v]
 *
 * Two outputs and four weights of each at a time; a row of the output is summed in
 * vectors, the rows one after the other.
 */
export function correlateBack(
  input: usize, outGradient: usize, gradient: usize, list: usize,
  inputs: i32, height: i32, width: i32,
  outputs: i32, outHeight: i32, outWidth: i32, size: i32, images: i32,
): void {
  const weights = listWeights(list, inputs, height, width, size, images);
  const plane = bytes(outHeight * outWidth * images);
  const row = bytes(outWidth * images);
  memory.fill(gradient, 0, bytes(outputs * weights));
  for (let y = 0; y < outHeight; y++) {
    const from = input + bytes(y * width * images);
    for (let o = 0; o < outputs; o += 2) {
      const out = outGradient + <usize>o * plane + <usize>y * row;
      const to = gradient + bytes(o * weights);
      for (let w = 0; w < weights; w += 4) {
        sumRow(list, from, out, to, w, weights, plane, row);
      }
    }
  }
}

/** Write the offset of the input that each weight meets first; returns how many. */
function listWeights(
  list: usize, inputs: i32, height: i32, width: i32, size: i32, images: i32,
): i32 {
  let count = 0;
  for (let i = 0; i < inputs; i++) {
    for (let u = 0; u < size; u++) {
      for (let v = 0; v < size; v++) {
        const offset = bytes(((i * height + u) * width + v) * images);
        store<u32>(list + bytes(count++), <u32>offset);
      }
    }
  }
  return count;
}

/** Add a row's products to the gradients of weights w to w + 3 of two outputs. */
// @ts-ignore: decorator
@inline
function sumRow(
  list: usize, from: usize, out: usize, to: usize, w: i32, weights: i32,
  plane: usize, row: usize,
): void {
  const last = weights - 1; // what is beyond is summed and not kept
  const p0 = from + load<u32>(list + bytes(w));
  const p1 = from + load<u32>(list + bytes(min(w + 1, last)));
  const p2 = from + load<u32>(list + bytes(min(w + 2, last)));
  const p3 = from + load<u32>(list + bytes(min(w + 3, last)));
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (let n: usize = 0; n < row; n += VECTOR) {
    const ga = v128.load(out + n), gb = v128.load(out + plane + n);
    const x0 = v128.load(p0 + n), x1 = v128.load(p1 + n);
    const x2 = v128.load(p2 + n), x3 = v128.load(p3 + n);
    a0 = f32x4.add(a0, f32x4.mul(ga, x0));
    b0 = f32x4.add(b0, f32x4.mul(gb, x0));
    a1 = f32x4.add(a1, f32x4.mul(ga, x1));
    b1 = f32x4.add(b1, f32x4.mul(gb, x1));
    a2 = f32x4.add(a2, f32x4.mul(ga, x2));
    b2 = f32x4.add(b2, f32x4.mul(gb, x2));
    a3 = f32x4.add(a3, f32x4.mul(ga, x3));
    b3 = f32x4.add(b3, f32x4.mul(gb, x3));
  }
  const first = to + bytes(w), second = first + bytes(weights);
  increase(first, sumOf(a0)), increase(second, sumOf(b0));
  if (w + 1 > last) return;
  increase(first + 4, sumOf(a1)), increase(second + 4, sumOf(b1));
  if (w + 2 > last) return;
  increase(first + 8, sumOf(a2)), increase(second + 8, sumOf(b2));
  if (w + 3 > last) return;
  increase(first + 12, sumOf(a3)), increase(second + 12, sumOf(b3));
}

/** gradient[o] = sum over y, x, n of outGradient[o, y, x] */
export function sumChannels(
  outGradient: usize, gradient: usize, outputs: i32, places: i32, images: i32,
): void {
  const row = bytes(images);
  for (let o = 0; o < outputs; o++) {
    let total: f32 = 0;
    for (let place = 0; place < places; place++) {
      const from = outGradient + bytes((o * places + place) * images);
      let sum = f32x4.splat(0);
      for (let n: usize = 0; n < row; n += VECTOR) {
        sum = f32x4.add(sum, v128.load(from + n));
      }
      total += sumOf(sum);
    }
    store<f32>(gradient + bytes(o), total);
  }
}
