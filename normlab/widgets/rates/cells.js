/** What the maps of rates know of the recorded runs: numbers, no drawing. */

export const STATE = ["rate", "gain", "within"];
export const GUESSING = Math.log(10);
export const ARMS = [
  { norm: "none", said: "without", color: "none" },
  { norm: "torch_batch", said: "with", color: "batch" },
];

/** Every seed's accuracy in per cent in a cell. */
export function seedsAt(data, network, norm, gain, rate) {
  const { accuracy } = data.arms[`${network}/${norm}`];
  return accuracy[gain][rate].map((thousandths) => thousandths / 10);
}

/** The mean of each cell of a map, in per cent: [k][rate]. */
export function means(data, network, norm) {
  return data.gains.map((_, gain) =>
    data.rates.map((_, rate) => average(seedsAt(data, network, norm, gain, rate))));
}

/** Which cells are within so many points of the map's best: [k][rate]. */
export function near(map, points) {
  const best = Math.max(...map.flat());
  return map.map((row) => row.map((mean) => mean >= best - points));
}

/** Where a value lies among those of an axis, by logarithms: 0 for the first. */
export function place(values, value) {
  const last = values.length - 2;
  const found = values.findIndex((_, i) => i < last && value < values[i + 1]);
  const i = found < 0 ? last : found;
  const share = Math.log(value / values[i]) / Math.log(values[i + 1] / values[i]);
  return i + share;
}

/** Points [rate, k] along which the rate grows as k squared, from the best at k = 1. */
export function squares(data, map) {
  const { rates, gains } = data;
  const row = map[gains.indexOf(1)];
  const start = rates[row.indexOf(Math.max(...row))];
  return gains.map((k) => [start * k * k, k]);
}

/** The number of the value that is chosen. */
export const chosen = (model) => {
  const { rates, gains } = model.get("data");
  return { rate: rates.indexOf(model.get("rate")), gain: gains.indexOf(model.get("gain")) };
};

const average = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;
