import { BatchNorm } from "./batch.js";

// Up to how many steps both limits stay; when d's and when r's are fully open.
const OPENING = { first: 10, d: 50, r: 80 };
const WIDEST = { d: 5, r: 3 };

/** Of r and d after so many steps; the paper's, for a run of 320 instead of 160,000. */
function limits(steps) {
  const part = (end) => (steps - OPENING.first) / (end - OPENING.first);
  const share = (end) => Math.min(Math.max(part(end), 0), 1);
  return { r: 1 + (WIDEST.r - 1) * share(OPENING.r), d: WIDEST.d * share(OPENING.d) };
}

/**
 * Batch renormalization: gamma (r xhat + d) + beta, which takes the batch's statistics
 * towards the running ones: r = std / running std, d = (mean - running mean) / running
 * std, within limits. To the gradient both are constants. It remembers a deviation, of
 * the biased variance with eps in it.
 */
export class BatchRenorm extends BatchNorm {
  seen = 0; // steps

  constructor(features, config) {
    super(features, config, 1, "running_std");
    this.r = new Float64Array(features);
    this.d = new Float64Array(features);
    this.std = new Float64Array(features);
    this.turned = new Float64Array(config.maxBatch * features);
  }

  statistics(x, n, training) {
    super.statistics(x, n, training);
    const { r, d, mean, scale, std } = this;
    const [runningMean, runningStd] = [this.runningMean.value, this.runningSpread.value];
    const most = training ? limits(this.seen) : { r: 1, d: 0 };
    for (let f = 0; f < this.outputs; f++) {
      std[f] = 1 / scale[f];
      const ratio = std[f] / runningStd[f];
      const shift = (mean[f] - runningMean[f]) / runningStd[f];
      r[f] = Math.min(Math.max(ratio, 1 / most.r), most.r);
      d[f] = Math.min(Math.max(shift, -most.d), most.d);
    }
  }

  recall() {
    this.mean.set(this.runningMean.value);
    this.runningSpread.value.forEach((std, f) => (this.scale[f] = 1 / std));
  }

  normalize(x, out, n) {
    const { mean, scale, hat, feature, r, d } = this;
    const [gamma, beta] = [this.weight.value, this.bias.value];
    for (let i = 0; i < n * this.outputs; i++) {
      const f = feature[i];
      hat[i] = (x[i] - mean[f]) * scale[f];
      out[i] = gamma[f] * (r[f] * hat[i] + d[f]) + beta[f];
    }
  }

  /** As if r dOut came back to xhat; gamma stretches r xhat + d. */
  backward(x, out, dOut, dIn, n) {
    const { feature, turned, r, d, weightSum, biasSum } = this;
    for (let i = 0; i < n * this.outputs; i++) turned[i] = r[feature[i]] * dOut[i];
    super.backward(x, out, turned, dIn, n);
    for (let f = 0; f < this.outputs; f++) {
      const sum = biasSum[f] / r[f]; // of dOut
      this.bias.gradient[f] = sum;
      this.weight.gradient[f] = weightSum[f] + d[f] * sum;
    }
  }

  updateRunning() {
    this.move(this.runningMean.value, this.mean, 0, 1);
    this.move(this.runningSpread.value, this.std, 0, 1);
    this.seen++;
  }
}
