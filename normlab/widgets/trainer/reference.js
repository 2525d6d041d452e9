/**
 * The same operations in plain JavaScript with 64-bit floats, written as their formulas
 * are: what the others are tested against, and what runs where there are no vectors.
 * Here a tensor is an array.
 */

/** A machine, as simd.js has one. */
export function openReference() {
  return {
    ...OPERATIONS,
    name: "plain JavaScript, as there are no vectors here: it is slow",
    none: null,
    tensor: (count) => new Float64Array(count),
    bytes: (count) => new Uint8Array(count),
    integers: (count) => new Int32Array(count),
    values: (tensor, count) => tensor.subarray(0, count),
    byteValues: (tensor, count) => tensor.subarray(0, count),
    integerValues: (tensor, count) => tensor.subarray(0, count),
    keep: () => {},
    clear: () => {},
  };
}

const OPERATIONS = {
  arrange(weights, arranged, outputs, inputs, size, back) {
    const area = size * size;
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        for (let k = 0; k < area; k++) {
          const to = back ? (o * area + k) * inputs + i : (i * area + k) * outputs + o;
          arranged[to] = weights[(o * inputs + i) * area + k];
        }
      }
    }
  },

  correlate(
    input, weights, bias, output, list,
    inputs, height, width, outputs, outHeight, outWidth, size, images, back,
  ) {
    const way = back ? -1 : 1;
    inMaps(outputs, outHeight, outWidth, (o, y, x, place) => {
      const to = place * images;
      output.fill(bias ? bias[o] : 0, to, to + images);
      inMaps(inputs, size, size, (i, u, v, term) => {
        const [row, column] = [y + way * u, x + way * v];
        if (row < 0 || row >= height || column < 0 || column >= width) return;
        const weight = weights[term * outputs + o];
        const from = ((i * height + row) * width + column) * images;
        for (let n = 0; n < images; n++) output[to + n] += weight * input[from + n];
      });
    });
  },

  correlateBack(
    input, outGradient, gradient, list,
    inputs, height, width, outputs, outHeight, outWidth, size, images,
  ) {
    gradient.fill(0);
    inMaps(outputs, outHeight, outWidth, (o, y, x, place) => {
      inMaps(inputs, size, size, (i, u, v, term) => {
        const from = ((i * height + y + u) * width + x + v) * images;
        let sum = 0;
        for (let n = 0; n < images; n++) {
          sum += outGradient[place * images + n] * input[from + n];
        }
        gradient[o * inputs * size * size + term] += sum;
      });
    });
  },

  sumChannels(outGradient, gradient, outputs, places, images) {
    gradient.fill(0);
    inMaps(outputs, places, images, (o, place, n, at) => {
      gradient[o] += outGradient[at];
    });
  },

  sumPlaces(x, sums, channels, places, images) {
    sums.fill(0);
    inMaps(channels, places, images, (c, place, n, at) => {
      sums[c * images + n] += x[at];
    });
  },

  sumSquares(x, mean, sums, channels, places, images) {
    sums.fill(0);
    inMaps(channels, places, images, (c, place, n, at) => {
      sums[c * images + n] += (x[at] - mean[c * images + n]) ** 2;
    });
  },

  share(sums, channels, places, images, valid, together, apart) {
    for (let c = 0; c < channels; c += together) {
      for (let n = 0; n < valid; n += apart) {
        let sum = 0;
        inMaps(1, together, apart, (_, i, j) => (sum += sums[(c + i) * images + n + j]));
        const mean = sum / (together * apart * places);
        inMaps(1, together, apart, (_, i, j) => (sums[(c + i) * images + n + j] = mean));
      }
    }
    inMaps(1, channels, images, (_, c, n, at) => {
      if (n >= valid) sums[at] = 0;
    });
  },

  invert(variance, channels, images, valid, eps) {
    inMaps(1, channels, images, (_, c, n, at) => {
      variance[at] = n < valid ? 1 / Math.sqrt(variance[at] + eps) : 0;
    });
  },

  recall(running, values, channels, images, valid) {
    inMaps(1, channels, images, (_, c, n, at) => {
      values[at] = n < valid ? running[c] : 0;
    });
  },

  remember(values, running, channels, images, valid, apart, momentum, factor) {
    for (let c = 0; c < channels; c++) {
      for (let n = 0; n < valid; n += apart) {
        const seen = factor * values[c * images + n];
        running[c] = (1 - momentum) * running[c] + momentum * seen;
      }
    }
  },

  normalize(x, mean, inverse, gamma, beta, hat, y, channels, places, images) {
    inMaps(channels, places, images, (c, place, n, at) => {
      hat[at] = (x[at] - mean[c * images + n]) * inverse[c * images + n];
      y[at] = gamma[c] * hat[at] + beta[c];
    });
  },

  sumGradients(outGradient, hat, plain, along, channels, places, images) {
    plain.fill(0), along.fill(0);
    inMaps(channels, places, images, (c, place, n, at) => {
      plain[c * images + n] += outGradient[at];
      along[c * images + n] += outGradient[at] * hat[at];
    });
  },

  total(sums, factor, totals, channels, images) {
    totals.fill(0);
    inMaps(1, channels, images, (_, c, n, at) => {
      totals[c] += sums[at];
      sums[at] *= factor[c];
    });
  },

  normalizeBack(
    outGradient, hat, inverse, gamma, plain, along, gradient, channels, places, images,
  ) {
    inMaps(channels, places, images, (c, place, n, at) => {
      const own = c * images + n;
      const apart = gamma[c] * outGradient[at] - plain[own] - hat[at] * along[own];
      gradient[at] = inverse[own] * apart;
    });
  },

  sigmoid(x, y, count) {
    for (let i = 0; i < count; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
  },

  sigmoidBack(y, outGradient, gradient, count) {
    for (let i = 0; i < count; i++) gradient[i] = outGradient[i] * y[i] * (1 - y[i]);
  },

  relu(x, y, count) {
    for (let i = 0; i < count; i++) y[i] = Math.max(x[i], 0);
  },

  reluBack(y, outGradient, gradient, count) {
    for (let i = 0; i < count; i++) gradient[i] = y[i] > 0 ? outGradient[i] : 0;
  },

  maxPool(x, y, chosen, channels, height, width, images) {
    inMaps((channels * height) / 2, width / 2, images, (row, column, n, to) => {
      y[to] = -Infinity;
      for (let which = 0; which < 4; which++) {
        const value = x[placeOf(row, column, which, width) * images + n];
        if (value > y[to]) [y[to], chosen[to]] = [value, which];
      }
    });
  },

  maxPoolBack(outGradient, chosen, gradient, channels, height, width, images) {
    inMaps((channels * height) / 2, width / 2, images, (row, column, n, from) => {
      for (let which = 0; which < 4; which++) {
        const to = placeOf(row, column, which, width) * images + n;
        gradient[to] = chosen[from] === which ? outGradient[from] : 0;
      }
    });
  },

  softmax(logits, probabilities, classes, images) {
    for (let n = 0; n < images; n++) {
      const all = Array.from({ length: classes }, (_, c) => logits[c * images + n]);
      const largest = Math.max(...all);
      const powers = all.map((logit) => Math.exp(logit - largest));
      const sum = powers.reduce((a, b) => a + b);
      powers.forEach((power, c) => (probabilities[c * images + n] = power / sum));
    }
  },

  lossBack(probabilities, labels, classes, images, valid) {
    inMaps(1, classes, images, (_, c, n, at) => {
      const apart = probabilities[at] - (labels[n] === c ? 1 : 0);
      probabilities[at] = n < valid ? apart / valid : 0;
    });
  },

  gather(bytesOfImages, bytesOfLabels, order, x, labels, pixels, images, valid) {
    x.fill(0);
    inMaps(1, valid, pixels, (_, n, pixel) => {
      x[pixel * images + n] = bytesOfImages[order[n] * pixels + pixel] / 255;
    });
    for (let n = 0; n < valid; n++) labels[n] = bytesOfLabels[order[n]];
  },

  descend(weights, gradients, count, rate) {
    for (let i = 0; i < count; i++) weights[i] -= rate * gradients[i];
  },
};

/** The place of one of two by two, where all rows of all channels lie below each other. */
const placeOf = (row, column, which, width) =>
  (2 * row + (which >> 1)) * width + 2 * column + (which & 1);

/** Call `act(c, y, x, at)` for all places of maps; `at` counts them. */
function inMaps(channels, height, width, act) {
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) act(c, y, x, at++);
    }
  }
}
