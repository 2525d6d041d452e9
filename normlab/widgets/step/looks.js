/** Which looks at two networks go together, and what a step is worth there. */

/** The look at the network with the layer: as many updates, or the nearest loss. */
export function beside({ networks }, look, match) {
  if (match === "updates") return look;
  const sought = networks.none.losses[look][0];
  const apart = networks.batch.losses.map(([loss]) => Math.abs(Math.log(loss / sought)));
  return apart.indexOf(Math.min(...apart));
}

/** Of a network at a look, for a step of so many rates. */
export function worth({ factors, networks, updates }, name, look, factor) {
  const { losses, slopes, changes } = networks[name];
  const at = factors.indexOf(factor);
  return {
    updates: updates[look], before: losses[look][0], after: losses[look][at],
    promised: losses[look][0] - factor * slopes[look], change: changes[look][at],
  };
}

/** Points [x, y] up to where they first lie above `top`, and the crossing. */
export function below(points, top) {
  const out = points.findIndex(([, y]) => y > top);
  if (out < 1) return out < 0 ? points : [];
  const [[x0, y0], [x1, y1]] = [points[out - 1], points[out]];
  const crossing = x0 + ((top - y0) / (y1 - y0)) * (x1 - x0);
  return [...points.slice(0, out), [crossing, top]];
}
