/** How long weights get, and how far updates turn them, for gradients of one size. */

export const DEGREES = 180 / Math.PI;

/**
 * Weights before a normalizer, `length` at first. Their gradients are at right angles
 * to them, have nothing to do with each other, and are `strength` over the weights'
 * length long. Returns lengths and angles, in radians, at each `every`-th update.
 *
 * Three numbers are followed, on average over the gradients: the squared lengths of the
 * weights and of what momentum keeps, and the product of the two.
 */
export function follow({ rate, decay, momentum, length, strength }, updates, every) {
  let [weights, kept, product] = [length ** 2, 0, 0];
  const [lengths, angles] = [[], []];
  for (let update = 1; update <= updates; update++) {
    const pushed = momentum * product + decay * weights;
    kept = momentum ** 2 * kept + 2 * momentum * decay * product
      + decay ** 2 * weights + strength ** 2 / weights;
    const along = (rate * pushed) / Math.sqrt(weights);
    const across = Math.sqrt(Math.max(0, rate ** 2 * kept - along ** 2));
    const look = update % every === 0;
    if (look) angles.push(Math.atan2(across, Math.sqrt(weights) - along));
    weights += rate ** 2 * kept - 2 * rate * pushed;
    product = pushed - rate * kept;
    if (look) lengths.push(Math.sqrt(weights));
  }
  return { lengths, angles };
}

/** Where the angle settles, in radians; 0 where nothing decays. */
export const settled = ({ rate, decay, momentum }) =>
  Math.sqrt((2 * rate * decay) / (1 + momentum));

/** Updates until the fourth power of the length is e times nearer to its end. */
export const updatesToSettle = ({ rate, decay, momentum }) =>
  (decay > 0 ? (1 - momentum) / (4 * rate * decay) : Infinity);
