/** Which values of a block (N, C, H, W) share a mean, and what comes of it. */

// How many neighbours along (N, C, H, W) share a mean, by normalizer.
const REACH = {
  batch: ([n, , h, w]) => [n, 1, h, w],
  layer: ([, c, h, w]) => [1, c, h, w],
  channels: ([, c]) => [1, c, 1, 1],
  group: ([, c, h, w], groups) => [1, c / groups, h, w],
  instance: ([, , h, w]) => [1, 1, h, w],
};

export const reachOf = (normalizer, groups, shape) => REACH[normalizer](shape, groups);

export const product = (numbers) => numbers.reduce((a, b) => a * b, 1);

/** How many pairs of mean and variance there are, and of how many values each. */
export function counts(shape, reach) {
  return { pairs: product(shape) / product(reach), each: product(reach) };
}

/** Where, along each axis, the values begin that share a mean with a cell. */
export const startOf = (cell, reach) => cell.map((at, axis) => at - (at % reach[axis]));

/** Mean and biased variance of the values that share them with a cell. */
export function moments(values, shape, reach, cell) {
  return momentsAt(values, places(shape, startOf(cell, reach), reach));
}

function momentsAt(values, box) {
  const mean = box.reduce((sum, at) => sum + values[at], 0) / box.length;
  const squares = (sum, at) => sum + (values[at] - mean) ** 2;
  return { mean, variance: box.reduce(squares, 0) / box.length };
}

/** Every value, normalized with the mean and variance that it shares. */
export function normalize(values, shape, reach, eps = 1e-5) {
  const output = new Array(product(shape));
  for (let first = 0; first < output.length; first++) {
    if (output[first] !== undefined) continue; // its box is done
    const box = places(shape, startOf(cellAt(first, shape), reach), reach);
    const { mean, variance } = momentsAt(values, box);
    const scale = 1 / Math.sqrt(variance + eps);
    for (const at of box) output[at] = (values[at] - mean) * scale;
  }
  return output;
}

/** Places in memory of a box: from `start`, as far as `reach`. */
function places([, C, H, W], start, reach) {
  const [n, c, h, w] = start.map((from, axis) =>
    Array.from({ length: reach[axis] }, (_, i) => from + i));
  return n.flatMap((i) => c.flatMap((j) => h.flatMap((k) =>
    w.map((l) => ((i * C + j) * H + k) * W + l))));
}

/** Where in memory a cell is. */
export const placeOf = ([n, c, h, w], [, C, H, W]) => ((n * C + c) * H + h) * W + w;

/** The cell at a place in memory. */
export function cellAt(place, [, C, H, W]) {
  const [row, image] = [Math.floor(place / W), Math.floor(place / (C * H * W))];
  return [image, Math.floor(row / H) % C, row % H, place % W];
}
