/** What most normalizers share: gamma xhat + beta, xhat = (x - mean) / sqrt(var + eps). */

import { tensor } from "../modules.js";

/**
 * Values of x (n, features) that share a mean and a variance are a group. The rows are
 * cut into parts; a group is all values of a part, or with `perFeature` those of one
 * feature in it. A subclass has partSize(n, training), in rows; a smaller rest joins
 * the last part.
 */
export class GroupedNorm {
  constructor(features, { maxBatch, eps }, mostGroups, perFeature) {
    Object.assign(this, { inputs: features, outputs: features, eps, perFeature });
    this.gamma = this.weight = tensor("weight", [features], 1);
    this.beta = this.bias = tensor("bias", [features], 0);
    this.tensors = [this.weight, this.bias];
    const numbers = (count = mostGroups) => new Float64Array(count);
    [this.mean, this.variance, this.scale] = [numbers(), numbers(), numbers()];
    [this.sumD, this.sumDHat] = [numbers(), numbers()];
    [this.weightSum, this.biasSum] = [numbers(features), numbers(features)];
    const values = maxBatch * features;
    this.hat = numbers(values);
    // x[i] is of this feature and of this group; groups have so many values
    this.feature = new Int32Array(values).map((_, i) => i % features);
    this.group = new Int32Array(values);
    this.sizes = numbers();
    [this.rows, this.part, this.parts, this.groups] = [0, 0, 0, 0];
  }

  arrange(n, training) {
    const { group, feature, sizes, outputs, perFeature } = this;
    const part = this.partSize(n, training);
    if (n === this.rows && part === this.part) return;
    const parts = Math.max(1, Math.floor(n / part));
    const groups = perFeature ? parts * outputs : parts;
    Object.assign(this, { rows: n, part, parts, groups });
    sizes.fill(0);
    for (let i = 0; i < n * outputs; i++) {
      const at = Math.min(Math.floor(i / outputs / part), parts - 1);
      group[i] = perFeature ? at * outputs + feature[i] : at;
      sizes[group[i]]++;
    }
  }

  forward(x, out, n, training) {
    this.arrange(n, training);
    this.statistics(x, n, training);
    this.normalize(x, out, n);
  }

  /** The biased variance in a second pass: E[x^2] - E[x]^2 would cancel. */
  statistics(x, n) {
    const { mean, variance, group, sizes, outputs } = this;
    mean.fill(0);
    variance.fill(0);
    for (let i = 0; i < n * outputs; i++) mean[group[i]] += x[i] / sizes[group[i]];
    for (let i = 0; i < n * outputs; i++) {
      variance[group[i]] += (x[i] - mean[group[i]]) ** 2 / sizes[group[i]];
    }
    this.setScale();
  }

  setScale() {
    const { variance, scale } = this;
    for (let g = 0; g < this.groups; g++) {
      scale[g] = 1 / Math.sqrt(variance[g] + this.eps);
    }
  }

  normalize(x, out, n) {
    const { mean, scale, hat, group, feature } = this;
    const [gamma, beta] = [this.weight.value, this.bias.value];
    for (let i = 0; i < n * this.outputs; i++) {
      hat[i] = (x[i] - mean[group[i]]) * scale[group[i]];
      out[i] = gamma[feature[i]] * hat[i] + beta[feature[i]];
    }
  }

  /** dIn = scale (d - mean(d) - xhat mean(d xhat)), with d = gamma dOut. */
  backward(x, out, dOut, dIn, n) {
    const { scale, hat, group, feature, sizes, sumD, sumDHat } = this;
    const gamma = this.weight.value;
    this.sum(dOut, n);
    for (let i = 0; i < n * this.outputs; i++) {
      const g = group[i];
      const along = sumD[g] / sizes[g] + hat[i] * (sumDHat[g] / sizes[g]);
      dIn[i] = scale[g] * (gamma[feature[i]] * dOut[i] - along);
    }
    for (let f = 0; f < this.outputs; f++) {
      this.weight.gradient[f] = this.weightSum[f];
      this.bias.gradient[f] = this.biasSum[f];
    }
  }

  /** The sums of a group that dIn needs, and those of a feature for gamma and beta. */
  sum(dOut, n) {
    const { hat, group, feature, sumD, sumDHat, weightSum, biasSum } = this;
    const gamma = this.weight.value;
    for (const sums of [sumD, sumDHat, weightSum, biasSum]) sums.fill(0);
    for (let i = 0; i < n * this.outputs; i++) {
      const g = group[i];
      const f = feature[i];
      sumD[g] += gamma[f] * dOut[i];
      sumDHat[g] += gamma[f] * dOut[i] * hat[i];
      weightSum[f] += dOut[i] * hat[i];
      biasSum[f] += dOut[i];
    }
  }
}
