/** What the widget knows of the recorded tests: numbers, no drawing. */

/** A training's accuracies under one rule, in per cent. */
export function accuracies(data, { rate, seed }, trait) {
  return data.accuracy[`${rate}`][seed][trait].map((count) => count / 100);
}

/** Of the last tests: their mean, and the deviation from each to the next. */
export function levelAndJump(values, last) {
  const late = values.slice(-last);
  const steps = late.slice(1).map((value, i) => value - late[i]);
  const middle = mean(steps);
  const squares = steps.reduce((sum, step) => sum + (step - middle) ** 2, 0);
  return { level: mean(late), jump: Math.sqrt(squares / (steps.length - 1)) };
}

const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** The lowest and the highest accuracy of a span, over all rules and trainings. */
export function range(data, rate, span) {
  const all = Object.values(data.accuracy[`${rate}`])
    .flatMap((rules) => Object.values(rules))
    .flatMap((counts) => (span === "last" ? counts.slice(-data.last) : counts));
  return [Math.min(...all) / 100, Math.max(...all) / 100];
}
