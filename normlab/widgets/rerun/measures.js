/**
 * What is read off a training: {losses, evaluations, each}, epochs from the first; or off
 * a probe of a bias: {moved, gradient, last}.
 */

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** Of the evaluations those of the later half of the epochs; the first is before any. */
const late = ({ evaluations }) => evaluations.slice(1).slice(
  Math.floor((evaluations.length - 1) / 2));

const accuracies = (training, mode) => late(training).map((one) => one[mode].accuracy);

/** Mean change from one late epoch to the next, and to the first of them. */
function jumps(training, mode) {
  const all = training.evaluations.slice(1).map((one) => one[mode].accuracy);
  const from = Math.max(1, Math.floor(all.length / 2));
  const changes = all.slice(from).map((value, i) => Math.abs(value - all[from + i - 1]));
  return mean(changes);
}

export const MEASURES = {
  lateLoss: ({ losses, each }) => mean(losses.slice(-each)),
  lateRunning: (training) => mean(accuracies(training, "running")),
  lateBatch: (training) => mean(accuracies(training, "batch")),
  jumpsRunning: (training) => jumps(training, "running"),
  jumpsBatch: (training) => jumps(training, "batch"),
  biasMoves: ({ moved }) => moved,
  biasGradient: ({ gradient }) => gradient,
  lastGradient: ({ last }) => last,
};

export const measured = (name, training) => MEASURES[name](training);
