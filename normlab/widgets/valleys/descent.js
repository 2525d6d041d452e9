/**
 * Gradient descent on the squared error of two inputs, A and B. Input A varies by 1,
 * input B by 1 / ratio; standardized inputs are those of ratio 1.
 */

export const STEPS = 40;
const TARGET = [1, 0.16]; // the minimum for standardized inputs
const MOST = 9999; // steps that are counted
const FAR = 1e3; // a path that leaves is not followed further

/** The quadratic loss: Hessian, minimum, curvatures, the steepest direction's angle. */
export function valley(ratio, correlation) {
  const [a, b, d] = [1, correlation / ratio, 1 / ratio ** 2];
  const largest = (a + d) / 2 + Math.hypot((a - d) / 2, b);
  const smallest = (a * d - b * b) / largest;
  return {
    hessian: [[a, b], [b, d]], minimum: [TARGET[0], TARGET[1] * ratio], largest, smallest,
    angle: 0.5 * Math.atan2(2 * b, a - d),
    limit: 2 / largest, best: 2 / (largest + smallest),
  };
}

/** By what one step multiplies the distance along the direction that is worst off. */
export function kept({ largest, smallest }, rate) {
  return Math.max(Math.abs(1 - rate * largest), Math.abs(1 - rate * smallest));
}

/** The points of a descent from zero. */
export function descent({ hessian, minimum }, rate, steps = STEPS) {
  const points = [[0, 0]];
  while (points.length <= steps) {
    const at = points[points.length - 1];
    const away = at.map((w, i) => w - minimum[i]);
    if (Math.hypot(...away) > FAR) break;
    const slope = hessian.map((row) => row[0] * away[0] + row[1] * away[1]);
    points.push(at.map((w, i) => w - rate * slope[i]));
  }
  return points;
}

/** The share of the first loss above the minimum that is there after some steps. */
export function left({ minimum, largest, smallest, angle }, rate, steps = STEPS) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const along = [c * minimum[0] + s * minimum[1], c * minimum[1] - s * minimum[0]];
  const parts = [largest, smallest].map((curvature, i) => curvature * along[i] ** 2);
  const shrunk = parts.map((part, i) =>
    part * (1 - rate * [largest, smallest][i]) ** (2 * steps));
  return (shrunk[0] + shrunk[1]) / (parts[0] + parts[1]);
}

/** Steps until no more than a share is left; null if never, Infinity beyond counting. */
export function stepsTo(one, rate, share = 1e-3) {
  if (kept(one, rate) >= 1) return null;
  if (left(one, rate, MOST) > share) return Infinity;
  let [few, enough] = [0, MOST]; // what is left shrinks with every step
  while (few < enough) {
    const middle = Math.floor((few + enough) / 2);
    if (left(one, rate, middle) > share) few = middle + 1;
    else enough = middle;
  }
  return enough;
}
