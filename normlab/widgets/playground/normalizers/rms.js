import { LayerNorm } from "./layer.js";

/** RMSNorm: layer normalization without the mean, and without beta. */
export class RmsNorm extends LayerNorm {
  constructor(features, config) {
    super(features, config);
    this.tensors = [this.weight]; // the bias stays 0
    this.beta = null;
  }

  /** Mean 0, and the mean square for a variance. */
  statistics(x, n) {
    const { variance, group, sizes } = this;
    variance.fill(0);
    for (let i = 0; i < n * this.outputs; i++) {
      variance[group[i]] += x[i] ** 2 / sizes[group[i]];
    }
    this.setScale();
  }

  /** Nothing comes back through a mean. */
  sum(dOut, n) {
    super.sum(dOut, n);
    this.sumD.fill(0);
  }
}
