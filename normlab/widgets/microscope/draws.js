/** What the microscope shows: its channels, the batches drawn so far, their numbers. */

import {
  batchStatistics, drawBatch, inCompany, moments, noiseFactor, normalize,
  runningAverage, theory,
} from "./batch_statistics.js";

export const SHOWN = 60; // draws in a strip

/**
 * A function from the number of a channel to its images, what theory says of them and
 * what is followed; all is computed when it is first asked for.
 */
export function channelsOf(facts, bytes) {
  const { buffer, byteOffset, byteLength } = bytes;
  const numbers = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  const length = numbers.length / facts.channels.length / 2;
  const part = (i) => numbers.subarray(i * length, (i + 1) * length);
  const known = new Map();
  return (number) => {
    if (!known.has(number)) {
      const at = facts.channels.findIndex((channel) => channel.number === number);
      const images = { means: part(2 * at), squares: part(2 * at + 1) };
      known.set(number, describe(facts.channels[at], images, facts));
    }
    return known.get(number);
  };
}

function describe(channel, images, { sizes, image }) {
  const population = Uint16Array.from(images.means.keys());
  return {
    ...channel, images, population,
    expected: theory(images, sizes),
    whole: batchStatistics(images, population),
    range: rangeOfImage(images, population, channel, image),
  };
}

/** The normalized values that small batches and evaluation mode make of the value. */
function rangeOfImage(images, population, { value, running }, image) {
  const values = [normalize(value, running)];
  for (const size of [2, 4, 8, 16]) {
    for (let draw = 0; draw < 100; draw++) {
      const batch = inCompany(drawBatch(population, 0, size, draw), image);
      values.push(normalize(value, batchStatistics(images, batch)));
    }
  }
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const edge = 0.08 * (high - low);
  return [low - edge, high + edge];
}

/** The statistics of all draws so far, kept by seed, channel and batch size. */
export function createLedger(sizes) {
  const kept = new Map();
  const column = ({ seed, channel }, size) => {
    const key = `${seed} ${channel} ${size}`;
    if (!kept.has(key)) kept.set(key, { mean: [], variance: [] });
    return kept.get(key);
  };

  /** Draw what is missing until `time`; returns whether nothing is missing any more. */
  function fill(state, { images, population }, time) {
    return sizes.every((size, i) => {
      const { mean, variance } = column(state, size);
      while (mean.length < state.draws[i]) {
        if (performance.now() > time) return false;
        const batch = drawBatch(population, state.seed, size, mean.length);
        const found = batchStatistics(images, batch);
        mean.push(found.mean);
        variance.push(found.variance);
      }
      return true;
    });
  }

  /** The statistics of the draws that a state has, as far as they are drawn. */
  const values = (state, size) =>
    column(state, size)[state.statistic].slice(0, state.draws[sizes.indexOf(size)]);
  return { fill, values };
}

/** All that is drawn and written for a state: {seed, channel, statistic, size, ...}. */
export function look(state, channel, ledger, facts) {
  const { statistic, mode, momentum, size } = state;
  const values = ledger.values(state, size);
  const all = facts.sizes.map((each) => ledger.values(state, each));
  const expected = channel.expected.map((each) => each[statistic]);
  const now = expected[facts.sizes.indexOf(size)];
  // PyTorch remembers the unbiased variance.
  const places = size * facts.pixels;
  const factor = statistic === "variance" ? places / (places - 1) : 1;
  const memory = { factor, start: channel.running[statistic], momentum };
  const running = mode === "training" ? remembered(values, memory) : [];
  const image = normalizedImage(state, channel, facts.image, values.length);
  return {
    values,
    running: running.slice(-SHOWN),
    noise: now.sd * factor * noiseFactor(momentum),
    settled: now.centre * factor,
    expected: now,
    theory: expected.map(({ sd }) => sd),
    observed: all.map((each) => (each.length > 1 ? moments(each).sd : null)),
    image,
    memory: running.at(-1) ?? memory.start,
  };
}

function remembered(values, { factor, start, momentum }) {
  return runningAverage(values.map((x) => factor * x), start, momentum);
}

/** The followed value, normalized with each of the last batches, and in evaluation. */
function normalizedImage({ seed, size }, channel, image, count) {
  const { images, population, value } = channel;
  const training = [];
  for (let draw = Math.max(0, count - SHOWN); draw < count; draw++) {
    const batch = inCompany(drawBatch(population, seed, size, draw), image);
    training.push(normalize(value, batchStatistics(images, batch)));
  }
  return { training, evaluation: normalize(value, channel.running) };
}
