/**
 * What the playground's network is made of, besides its normalizers.
 *
 * A module: forward(x, out, n, training) fills out (n, outputs) from x (n, inputs).
 * backward(x, out, dOut, dIn, n) fills dIn, the gradient with respect to x, and the
 * gradients of the parameters. `tensors` are its entries of the state_dict.
 */

/**
 * out (rows, columns) = a b^T, for a (rows, depth) and b (columns, depth), each read
 * with two strides: from row to row, and along the depth. So it does x W^T, d W, d^T x.
 *
 * Blocks of 4 x 4 sums stay in registers. A last block that would stick out is moved
 * back; fewer than 4 rows become 4, which every array of a batch has room for.
 */
function multiply(out, a, b, rows, columns, depth, aRow, aStep, bRow, bStep) {
  const a2 = 2 * aRow, a3 = 3 * aRow, b2 = 2 * bRow, b3 = 3 * bRow;
  for (let top = 0; top < rows; top += 4) {
    const row = Math.max(Math.min(top, rows - 4), 0);
    for (let left = 0; left < columns; left += 4) {
      const column = Math.min(left, columns - 4);
      let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
      let i = row * aRow, j = column * bRow;
      for (let k = 0; k < depth; k++) {
        const x0 = a[i], x1 = a[i + aRow], x2 = a[i + a2], x3 = a[i + a3];
        const y0 = b[j], y1 = b[j + bRow], y2 = b[j + b2], y3 = b[j + b3];
        s00 += x0 * y0; s01 += x0 * y1; s02 += x0 * y2; s03 += x0 * y3;
        s10 += x1 * y0; s11 += x1 * y1; s12 += x1 * y2; s13 += x1 * y3;
        s20 += x2 * y0; s21 += x2 * y1; s22 += x2 * y2; s23 += x2 * y3;
        s30 += x3 * y0; s31 += x3 * y1; s32 += x3 * y2; s33 += x3 * y3;
        i += aStep; j += bStep;
      }
      let o = row * columns + column;
      out[o] = s00; out[o + 1] = s01; out[o + 2] = s02; out[o + 3] = s03;
      o += columns;
      out[o] = s10; out[o + 1] = s11; out[o + 2] = s12; out[o + 3] = s13;
      o += columns;
      out[o] = s20; out[o + 1] = s21; out[o + 2] = s22; out[o + 3] = s23;
      o += columns;
      out[o] = s30; out[o + 1] = s31; out[o + 2] = s32; out[o + 3] = s33;
    }
  }
}

/** An entry of the state_dict; what is remembered, not learned, has no gradient. */
export function tensor(name, shape, fill, learned = true) {
  const size = shape.reduce((a, b) => a * b);
  const gradient = learned ? new Float32Array(size) : null;
  return { name, shape, value: new Float32Array(size).fill(fill), gradient };
}

/** out = x weight^T + bias; weight (outputs, inputs), bias (outputs). */
export class Linear {
  constructor(inputs, outputs) {
    Object.assign(this, { inputs, outputs });
    this.weight = tensor("weight", [outputs, inputs], 0);
    this.bias = tensor("bias", [outputs], 0);
    this.tensors = [this.weight, this.bias];
    // what multiplies x, and its gradient: a subclass may make it of the weight
    [this.used, this.usedGradient] = [this.weight.value, this.weight.gradient];
  }

  forward(x, out, n) {
    const { inputs, outputs } = this;
    const bias = this.bias.value;
    multiply(out, x, this.used, n, outputs, inputs, inputs, 1, inputs, 1);
    for (let i = 0; i < n * outputs; i += outputs) {
      for (let j = 0; j < outputs; j++) out[i + j] += bias[j];
    }
  }

  /** The first layer has no dIn: nobody asks for the gradient of the pixels. */
  backward(x, out, dOut, dIn, n) {
    const { inputs, outputs } = this;
    multiply(this.usedGradient, dOut, x, outputs, inputs, n, 1, outputs, 1, inputs);
    for (let j = 0; j < outputs; j++) {
      let sum = 0;
      for (let i = j; i < n * outputs; i += outputs) sum += dOut[i];
      this.bias.gradient[j] = sum;
    }
    if (!dIn) return;
    multiply(dIn, dOut, this.used, n, inputs, outputs, outputs, 1, 1, inputs);
  }
}

const logistic = (x) => 1 / (1 + Math.exp(-x));

/** The value at x, the slope in terms of the value, and the largest slope. */
export const ACTIVATIONS = {
  sigmoid: { value: logistic, slope: (y) => y - y * y, most: 0.25 },
  tanh: { value: Math.tanh, slope: (y) => 1 - y * y, most: 1 },
  relu: { value: (x) => (x > 0 ? x : 0), slope: (y) => (y > 0 ? 1 : 0), most: 1 },
};

export class Activation {
  tensors = [];

  constructor(features, name) {
    Object.assign(this, { inputs: features, outputs: features }, ACTIVATIONS[name]);
  }

  forward(x, out, n) {
    for (let i = 0; i < n * this.outputs; i++) out[i] = this.value(x[i]);
  }

  backward(x, out, dOut, dIn, n) {
    for (let i = 0; i < n * this.outputs; i++) dIn[i] = dOut[i] * this.slope(out[i]);
  }
}
