import { BatchNorm } from "./batch.js";

const GHOST = 4; // images that share statistics in training

/** Ghost batch normalization: in training each four images are a batch of their own. */
export class GhostBatchNorm extends BatchNorm {
  constructor(features, config) {
    super(features, config, Math.ceil(config.maxBatch / GHOST));
  }

  partSize(n, training) {
    return training ? GHOST : n;
  }
}
