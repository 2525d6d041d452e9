/** Student's t: what a few seeds allow us to say of a mean. */

/** Mean, and how far it may be off by chance: its standard error. */
export function moments(values) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, error: Math.sqrt(squares / (n - 1) / n) };
}

/** Two-sided p of a mean of zero; values without spread are 0 or they are not. */
export function pValue(values) {
  const { n, mean, error } = moments(values);
  if (error === 0) return mean === 0 ? 1 : 0;
  return beyond(Math.abs(mean / error), n - 1);
}

/** The interval that holds the mean with this probability: [low, high]. */
export function interval(values, level) {
  const { n, mean, error } = moments(values);
  const reach = quantile(1 - level, n - 1) * error;
  return [mean - reach, mean + reach];
}

/** The chance that t, of so many degrees of freedom, lies further out on either side. */
export const beyond = (t, freedom) =>
  incompleteBeta(freedom / 2, 0.5, freedom / (freedom + t * t));

/** The t beyond which, on both sides together, so much of the distribution lies. */
export function quantile(outside, freedom) {
  let [low, high] = [0, 1];
  while (beyond(high, freedom) > outside) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    [low, high] = beyond(middle, freedom) > outside ? [middle, high] : [low, middle];
  }
  return (low + high) / 2;
}

/**
 * The regularized incomplete beta function I_x(a, b), by its continued fraction
 * (Abramowitz and Stegun 26.5.8), evaluated from the front (Lentz 1976).
 */
function incompleteBeta(a, b, x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x);
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  ) / a;
  const least = 1e-300;
  const term = (m, odd) => (odd
    ? (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    : (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)));
  let [value, c, d] = [1, 1, 0];
  for (let i = 0; i < 300; i++) {
    const half = Math.floor(i / 2);
    const part = i === 0 ? 1 : term(half, i % 2 === 1);
    d = 1 / (1 + part * d || least);
    c = 1 + part / c || least;
    value *= c * d;
    if (i > 0 && Math.abs(c * d - 1) < 1e-15) break;
  }
  return front * (value - 1);
}

/** The logarithm of the gamma function, by Stirling's series above 10. */
function logGamma(x) {
  if (x < 10) return logGamma(x + 1) - Math.log(x);
  const inverse = 1 / (x * x);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
