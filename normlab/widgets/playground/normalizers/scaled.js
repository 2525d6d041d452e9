import { Linear, tensor } from "../modules.js";

// 1 / the deviation of an activation's value where a standard Gaussian enters.
const MAKES_UP = {
  sigmoid: 4.80131337203995,
  tanh: 1.592537419722831,
  relu: Math.sqrt(2 / (1 - 1 / Math.PI)),
};

/**
 * No normalizer, but scaled standardized weights: gain factor (W - mean) / (std + eps)
 * of each unit, where factor is 1 / sqrt(inputs), times what makes up for the
 * activation in front. So a unit passes on the variance of its inputs.
 */
export class ScaledLinear extends Linear {
  constructor(inputs, outputs, { activation, eps }, isFirst) {
    super(inputs, outputs);
    this.eps = eps;
    this.gamma = this.gain = tensor("gain", [outputs], 1);
    this.tensors.push(this.gain);
    this.factor = (isFirst ? 1 : MAKES_UP[activation]) / Math.sqrt(inputs);
    this.used = new Float32Array(outputs * inputs);
    this.usedGradient = new Float32Array(outputs * inputs);
    this.hat = new Float64Array(outputs * inputs);
    [this.mean, this.std] = [new Float64Array(outputs), new Float64Array(outputs)];
  }

  forward(x, out, n) {
    this.standardize();
    super.forward(x, out, n);
  }

  standardize() {
    const { inputs, outputs, mean, std, hat, used, eps, factor } = this;
    const [weight, gain] = [this.weight.value, this.gain.value];
    for (let unit = 0, at = 0; unit < outputs; unit++, at += inputs) {
      mean[unit] = std[unit] = 0;
      for (let i = at; i < at + inputs; i++) mean[unit] += weight[i] / inputs;
      for (let i = at; i < at + inputs; i++) {
        std[unit] += (weight[i] - mean[unit]) ** 2 / inputs;
      }
      std[unit] = Math.sqrt(std[unit]);
      for (let i = at; i < at + inputs; i++) {
        hat[i] = (weight[i] - mean[unit]) / (std[unit] + eps);
        used[i] = gain[unit] * factor * hat[i];
      }
    }
  }

  /** dW = (d - mean(d) - hat mean(d (W - mean)) / std) / (std + eps), d of gain hat. */
  backward(x, out, dOut, dIn, n) {
    super.backward(x, out, dOut, dIn, n);
    const { inputs, outputs, std, hat, usedGradient, eps, factor } = this;
    for (let unit = 0, at = 0; unit < outputs; unit++, at += inputs) {
      let [sumD, sumDHat] = [0, 0];
      for (let i = at; i < at + inputs; i++) {
        sumD += factor * usedGradient[i];
        sumDHat += factor * usedGradient[i] * hat[i];
      }
      this.gain.gradient[unit] = sumDHat;
      const gain = this.gain.value[unit];
      const spread = std[unit] + eps;
      const along = std[unit] && (gain * sumDHat * spread) / std[unit] / inputs;
      for (let i = at; i < at + inputs; i++) {
        const d = gain * (factor * usedGradient[i] - sumD / inputs);
        this.weight.gradient[i] = (d - hat[i] * along) / spread;
      }
    }
  }
}
