import { tensor } from "../modules.js";
import { GroupedNorm } from "./grouped.js";

/**
 * Batch normalization: a column is a group. It remembers a mean and a spread for
 * evaluation; `spread` names the second in the state_dict.
 */
export class BatchNorm extends GroupedNorm {
  leastImages = 2; // of one, x - mean is 0

  constructor(features, config, mostParts = 1, spread = "running_var") {
    super(features, config, mostParts * features, true);
    this.momentum = config.momentum;
    this.runningMean = tensor("running_mean", [features], 0, false);
    this.runningSpread = tensor(spread, [features], 1, false);
    this.tensors.push(this.runningMean, this.runningSpread);
  }

  partSize(n) {
    return n;
  }

  statistics(x, n, training) {
    if (training) {
      super.statistics(x, n);
    } else {
      this.recall();
    }
  }

  /** Mean and scale of evaluation. */
  recall() {
    this.mean.set(this.runningMean.value);
    this.variance.set(this.runningSpread.value);
    this.setScale();
  }

  /** After a step, each part in order; the running variance gets the unbiased one. */
  updateRunning() {
    const { mean, variance, sizes, outputs } = this;
    for (let first = 0; first < this.parts * outputs; first += outputs) {
      const n = sizes[first];
      this.move(this.runningMean.value, mean, first, 1);
      this.move(this.runningSpread.value, variance, first, n / (n - 1));
    }
  }

  move(running, batch, first, factor) {
    for (let f = 0; f < running.length; f++) {
      running[f] += this.momentum * (factor * batch[first + f] - running[f]);
    }
  }
}
