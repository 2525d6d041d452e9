/** The normalizers that a network may have; see "Write a normalizer" in CONTRIBUTING. */

import { BatchNorm } from "./normalizers/batch.js";
import { GhostBatchNorm } from "./normalizers/ghost.js";
import { LayerNorm } from "./normalizers/layer.js";
import { BatchRenorm } from "./normalizers/renorm.js";
import { RmsNorm } from "./normalizers/rms.js";
import { ScaledLinear } from "./normalizers/scaled.js";

/**
 * Name -> what a hidden layer gets: Norm(features, config) before or after its
 * activation, Weights(inputs, outputs, config, isFirst) in the place of Linear.
 */
export const NORMALIZERS = {
  none: {},
  batch: { Norm: BatchNorm },
  layer: { Norm: LayerNorm },
  ghost: { Norm: GhostBatchNorm },
  renorm: { Norm: BatchRenorm },
  rms: { Norm: RmsNorm },
  scaled: { Weights: ScaledLinear },
};
