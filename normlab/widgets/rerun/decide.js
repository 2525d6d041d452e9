/** What a comparison of a few seeds says of a claim, by the claim's own rule. */

import { interval, moments, pValue } from "./student.js";

/**
 * How differences, of which the claim says that they are positive, compare with the
 * smallest that counts: as `size_of` of the book's rules does.
 */
export function sizeOf(differences, smallest, level) {
  const { mean } = moments(differences);
  const separated = pValue(differences) < level;
  if (separated && Math.abs(mean) >= smallest) return mean > 0 ? "better" : "opposite";
  const [low, high] = interval(differences, 0.9);
  if (-smallest < low && high < smallest) return "same";
  if (separated) return mean > 0 ? "small" : "small, with the other sign";
  return "open";
}

/**
 * The word of a claim: of each part, {smallest, unit, words}, and its rows of values,
 * [higher, lower] a seed; the weakest of the parts' words counts. `order`: from the
 * weakest. Of an identity, {bound, words, judged}, so many columns must be rounding.
 */
export function wordOf(parts, rows, { level, order, fewest }) {
  const words = parts.map((part, i) => {
    if (part.bound) {
      const holds = rows[i].every((row) =>
        row.slice(0, part.judged).every((value) => value < part.bound));
      return part.words[holds ? "exact" : "not exact"];
    }
    const differences = differencesOf(part, rows[i]);
    if (differences.length < fewest || !differences.every(Number.isFinite)) {
      return order[1]; // undecided
    }
    return part.words[sizeOf(differences, part.smallest, level)];
  });
  return words.reduce((a, b) => (order.indexOf(b) < order.indexOf(a) ? b : a));
}

/** Higher less lower, of logarithms where a ratio is meant. */
export function differencesOf({ unit }, pairs) {
  const on = unit === "times" ? Math.log : (x) => x;
  return pairs.map(([higher, lower]) => on(higher) - on(lower));
}

/** "+1.2 points (+0.8 to +1.6; 95% interval, 5 seeds)" of a part, as its card says it. */
export function sentenceOf({ unit, shown_as: way, factor, digits, word }, differences) {
  const shown = differences.map((difference) => way * difference);
  const { mean, n } = moments(shown);
  const ends = interval(shown, 0.95);
  const text = (value) => {
    const number = unit === "times" ? Math.exp(value) : factor * value;
    const signed = unit !== "times" && number >= 0 ? "+" : "";
    return `${signed}${number.toFixed(digits)}`.replace("-", "−");
  };
  return `${text(mean)}${word} (${text(ends[0])} to ${text(ends[1])}; 95% interval, `
    + `${n} seeds)`;
}
