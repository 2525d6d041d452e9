/**
 * Normalization, for any way of sharing a mean. First each image's values of a channel
 * are summed over places, (C, N); then these sums are shared among neighbouring channels
 * and images: all images for batch normalization, a part of them for ghost batches, one
 * image and a group of channels for group and layer normalization.
 */

import { bytes, VECTOR } from "./vectors";

/** sums[c, n] = sum over places of x[c, place, n] */
export function sumPlaces(
  x: usize, sums: usize, channels: i32, places: i32, images: i32,
): void {
  const row = bytes(images);
  for (let c = 0; c < channels; c++) {
    const from = x + bytes(c * places * images), to = sums + bytes(c * images);
    memory.copy(to, from, row);
    for (let place = 1; place < places; place++) {
      const here = from + <usize>place * row;
      for (let n: usize = 0; n < row; n += VECTOR) {
        v128.store(to + n, f32x4.add(v128.load(to + n), v128.load(here + n)));
      }
    }
  }
}

/** sums[c, n] = sum over places of (x[c, place, n] - mean[c, n])^2 */
export function sumSquares(
  x: usize, mean: usize, sums: usize, channels: i32, places: i32, images: i32,
): void {
  const row = bytes(images);
  for (let c = 0; c < channels; c++) {
    const from = x + bytes(c * places * images), to = sums + bytes(c * images);
    memory.fill(to, 0, row);
    for (let place = 0; place < places; place++) {
      const here = from + <usize>place * row;
      for (let n: usize = 0; n < row; n += VECTOR) {
        const center = v128.load(mean + bytes(c * images) + n);
        const apart = f32x4.sub(v128.load(here + n), center);
        const square = f32x4.mul(apart, apart);
        v128.store(to + n, f32x4.add(v128.load(to + n), square));
      }
    }
  }
}

/**
 * In place of sums (C, N) their means over those who share: neighbours of `together`
 * channels and `apart` images of the first `valid`. Other images get 0.
 */
export function share(
  sums: usize, channels: i32, places: i32, images: i32, valid: i32,
  together: i32, apart: i32,
): void {
  const count = <f32>(together * apart * places);
  for (let c = 0; c < channels; c += together) {
    for (let n = 0; n < images; n += apart) {
      let total: f32 = 0;
      const last = min(n + apart, valid);
      for (let i = c; i < c + together; i++) {
        for (let j = n; j < last; j++) total += load<f32>(sums + bytes(i * images + j));
      }
      const mean = total / count;
      for (let i = c; i < c + together; i++) {
        for (let j = n; j < min(n + apart, images); j++) {
          store<f32>(sums + bytes(i * images + j), j < valid ? mean : 0);
        }
      }
    }
  }
}

/** inverse[c, n] = 1 / sqrt(variance[c, n] + eps), in its place; 0 beyond `valid`. */
export function invert(
  variance: usize, channels: i32, images: i32, valid: i32, eps: f32,
): void {
  for (let c = 0; c < channels; c++) {
    for (let n = 0; n < images; n++) {
      const at = variance + bytes(c * images + n);
      store<f32>(at, n < valid ? 1 / sqrt<f32>(load<f32>(at) + eps) : 0);
    }
  }
}

/** values[c, n] = running[c], for the first `valid` images; 0 for others. */
export function recall(
  running: usize, values: usize, channels: i32, images: i32, valid: i32,
): void {
  for (let c = 0; c < channels; c++) {
    const value = load<f32>(running + bytes(c));
    for (let n = 0; n < images; n++) {
      store<f32>(values + bytes(c * images + n), n < valid ? value : 0);
    }
  }
}

/**
 * running[c] moves by the share `momentum` towards factor * values[c, n], for each part
 * of `apart` images in turn.
 */
export function remember(
  values: usize, running: usize, channels: i32, images: i32, valid: i32,
  apart: i32, momentum: f32, factor: f32,
): void {
  for (let c = 0; c < channels; c++) {
    const at = running + bytes(c);
    for (let n = 0; n < valid; n += apart) {
      const seen = factor * load<f32>(values + bytes(c * images + n));
      store<f32>(at, (1 - momentum) * load<f32>(at) + momentum * seen);
    }
  }
}

/** hat = (x - mean) inverse, and y = gamma[c] hat + beta[c] */
export function normalize(
  x: usize, mean: usize, inverse: usize, gamma: usize, beta: usize, hat: usize,
  y: usize, channels: i32, places: i32, images: i32,
): void {
  const row = bytes(images);
  for (let c = 0; c < channels; c++) {
    const scale = v128.load_splat<f32>(gamma + bytes(c));
    const shift = v128.load_splat<f32>(beta + bytes(c));
    const center = mean + bytes(c * images), factor = inverse + bytes(c * images);
    for (let place = 0; place < places; place++) {
      const at = bytes((c * places + place) * images);
      for (let n: usize = 0; n < row; n += VECTOR) {
        const moved = f32x4.sub(v128.load(x + at + n), v128.load(center + n));
        const value = f32x4.mul(moved, v128.load(factor + n));
        v128.store(hat + at + n, value);
        v128.store(y + at + n, f32x4.add(f32x4.mul(scale, value), shift));
      }
    }
  }
}

/** Sums over places: of outGradient into `plain`, of outGradient * hat into `along`. */
export function sumGradients(
  outGradient: usize, hat: usize, plain: usize, along: usize,
  channels: i32, places: i32, images: i32,
): void {
  const row = bytes(images);
  for (let c = 0; c < channels; c++) {
    const a = plain + bytes(c * images), b = along + bytes(c * images);
    memory.fill(a, 0, row), memory.fill(b, 0, row);
    for (let place = 0; place < places; place++) {
      const at = bytes((c * places + place) * images);
      for (let n: usize = 0; n < row; n += VECTOR) {
        const g = v128.load(outGradient + at + n);
        const product = f32x4.mul(g, v128.load(hat + at + n));
        v128.store(a + n, f32x4.add(v128.load(a + n), g));
        v128.store(b + n, f32x4.add(v128.load(b + n), product));
      }
    }
  }
}

/** total[c] = sum over n of sums[c, n]; and sums[c, n] is multiplied by factor[c]. */
export function total(
  sums: usize, factor: usize, totals: usize, channels: i32, images: i32,
): void {
  for (let c = 0; c < channels; c++) {
    const times = load<f32>(factor + bytes(c));
    let sum: f32 = 0;
    for (let n = 0; n < images; n++) {
      const at = sums + bytes(c * images + n);
      sum += load<f32>(at);
      store<f32>(at, times * load<f32>(at));
    }
    store<f32>(totals + bytes(c), sum);
  }
}

/**
 * gradient = inverse (gamma[c] outGradient - plain - hat along)
 *
 * with `plain` and `along` the means of gamma outGradient and of gamma outGradient hat
 * over those who share (Ioffe and Szegedy 2015, section 3).
 */
export function normalizeBack(
  outGradient: usize, hat: usize, inverse: usize, gamma: usize, plain: usize,
  along: usize, gradient: usize, channels: i32, places: i32, images: i32,
): void {
  const row = bytes(images);
  for (let c = 0; c < channels; c++) {
    const scale = v128.load_splat<f32>(gamma + bytes(c));
    const own = bytes(c * images);
    for (let place = 0; place < places; place++) {
      const at = bytes((c * places + place) * images);
      for (let n: usize = 0; n < row; n += VECTOR) {
        const g = f32x4.mul(scale, v128.load(outGradient + at + n));
        const less = f32x4.sub(g, v128.load(plain + own + n));
        const part = f32x4.mul(v128.load(hat + at + n), v128.load(along + own + n));
        const factor = v128.load(inverse + own + n);
        v128.store(gradient + at + n, f32x4.mul(factor, f32x4.sub(less, part)));
      }
    }
  }
}
