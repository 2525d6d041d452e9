import { GroupedNorm } from "./grouped.js";

/** Layer normalization: a row, one image, is a group. */
export class LayerNorm extends GroupedNorm {
  constructor(features, config) {
    super(features, config, config.maxBatch, false);
  }

  partSize() {
    return 1;
  }
}
