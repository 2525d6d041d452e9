/** What the batch-size explorer knows of the recorded runs: numbers, no drawing. */

export const IMAGES = 60000; // of the training set
const DIVERGED = 2;

/** The three names of runs that a view compares at a batch size: null, where none. */
export function shownRuns(data, { view, rule, size }, lines) {
  const at = data.sizes.indexOf(size);
  const kind = view === "ghost" ? "ghost/scaled" : `${view}/${rule}`;
  return lines.map((line) => data.lines[`${kind}/${line}`][at]);
}

/** A value a seed, in the unit shown; null where a run has none. */
export function valuesOf(run, budget, measure) {
  const of = run.values[budget];
  const each = (value) =>
    of.state.map((state, i) => (state === DIVERGED ? null : value(i)));
  const product = (x, factor) => (x === null ? null : x * factor);
  if (measure === "gap") return each((i) => 100 * (of.own[i] - of.accuracy[i]));
  if (measure === "noise") {
    return each((i) => noiseScale(run.batch, of.variance[i], of.square[i]));
  }
  const factor = measure === "loss" ? 1 : 100;
  return each((i) => product(of[measure][i], factor));
}

/**
 * The batch size at which the noise of the mean gradient is as large as the gradient:
 * null, where that is not above 0 (it is estimated without bias, and may be below).
 */
export function noiseScale(batch, variance, square) {
  return square > 0 ? (batch * variance) / square : null;
}

/** Mean over the seeds, its 95% interval, and the lowest and the highest seed. */
export function summary(run, budget, measure, reach) {
  const seen = valuesOf(run, budget, measure).filter((x) => x !== null);
  const ends = { least: Math.min(...seen), most: Math.max(...seen) };
  if (measure === "noise") {
    const { variance, square } = run.values[budget];
    return { ...ends, mean: noiseScale(run.batch, average(variance), average(square)) };
  }
  if (!seen.length) return { mean: null };
  const mean = average(seen);
  if (seen.length < 2) return { ...ends, mean };
  const squares = seen.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const far = reach[seen.length] * Math.sqrt(squares / (seen.length - 1));
  return { ...ends, mean, low: mean - far, high: mean + far };
}

/** The mean of what is there; null of nothing. */
function average(values) {
  const seen = values.filter((x) => x !== null);
  return seen.length ? seen.reduce((sum, x) => sum + x, 0) / seen.length : null;
}

/** How the runs ended: {learned, chance, diverged, all}. */
export function endings(run, budget) {
  const { state } = run.values[budget];
  const count = (which) => state.filter((s) => s === which).length;
  return { learned: count(0), chance: count(1), diverged: count(2), all: state.length };
}

/** Images seen in so many updates; the last batch of an epoch is what is left. */
export function imagesSeen(batch, updates) {
  const each = Math.ceil(IMAGES / batch);
  return Math.floor(updates / each) * IMAGES + (updates % each) * batch;
}
