/**
 * What batches drawn from known images have for mean and variance, and what theory
 * says of it. Of a channel, `images` holds each image's mean and mean square of its
 * map: {means, squares}, (N) each, which give any batch's statistics exactly.
 */

import { uniformOf } from "../random.js";

const EPS = 1e-5; // torch.nn.BatchNorm2d's

/** The batch number `draw` of `size` images out of `population`, none twice. */
export function drawBatch(population, seed, size, draw) {
  const [order, uniform] = [population.slice(), uniformOf(seed, size, draw)];
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(uniform() * (order.length - i));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order.slice(0, size);
}

/** The batch with `image` in it: for its first, unless it was drawn anyway. */
export function inCompany(batch, image) {
  return batch.includes(image) ? batch : [image, ...batch.slice(1)];
}

/** Mean and biased variance over all images and places of a batch. */
export function batchStatistics({ means, squares }, batch) {
  let [mean, square] = [0, 0];
  for (const image of batch) {
    mean += means[image];
    square += squares[image];
  }
  mean /= batch.length;
  return { mean, variance: square / batch.length - mean ** 2 };
}

/**
 * Centre and standard deviation of the statistics of batches of each size, drawn
 * without replacement. Of the mean both are exact. The variance is, but for the square
 * of the mean's error, a batch's mean of h = q - 2 mu m: the delta method.
 */
export function theory({ means, squares }, sizes) {
  const [count, whole] = [means.length, moments(means)];
  const h = moments(squares.map((square, i) => square - 2 * whole.mean * means[i]));
  return sizes.map((size) => {
    const sd = spreadOfMean(whole.sd, count, size);
    const centre = h.mean + whole.mean ** 2 - sd ** 2;
    return {
      mean: { centre: whole.mean, sd },
      variance: { centre, sd: spreadOfMean(h.sd, count, size) },
    };
  });
}

/** sd of the mean of `size` values out of `count`, none twice, whose own sd is `sd`. */
function spreadOfMean(sd, count, size) {
  return (sd / Math.sqrt(size)) * Math.sqrt((count - size) / (count - 1));
}

/** Mean and standard deviation (over N, not N - 1). */
export function moments(values) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const square = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, sd: Math.sqrt(square) };
}

/** The running average after each value; `momentum` is the newest one's weight. */
export function runningAverage(values, start, momentum) {
  let running = start;
  return values.map((x) => (running += momentum * (x - running)));
}

/** The noise of a running average, as a multiple of the scatter of what it averages. */
export const noiseFactor = (momentum) => Math.sqrt(momentum / (2 - momentum));

export const normalize = (x, { mean, variance }) =>
  (x - mean) / Math.sqrt(variance + EPS);

/** How likely a standard normal number is below z, to 1e-6 (Hastings 1955). */
export function normalBelow(z) {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const tail = series.reduceRight((sum, factor) => (sum + factor) * t, 0);
  const above = (tail * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
  return z > 0 ? 1 - above : above;
}
