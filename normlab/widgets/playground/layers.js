/** A row for each hidden layer: histograms, flat and dead shares, gamma and beta. */

import { change, drawing, scale, svg, write } from "../shared.js";

const WIDE = 560; // CSS pixels
const HEAD = 38;
const ROWS = 304; // all rows together
const [LOWEST, HIGHEST] = [16, 100]; // a row
const FOOT = 24;
const TIGHT = 65; // of a histogram: there is room for few words
const LEARNED = [-1, 2]; // range of gamma and beta; what lies beyond is cut

/** Where each column begins and ends for a width, in CSS pixels. */
function columnsFor(width) {
  const wide = width >= WIDE;
  const [label, share, learned, gap] = wide ? [60, 52, 110, 20] : [22, 40, 46, 8];
  const histogram = (width - label - 2 * share - learned - 2 * gap) / 2;
  const sizes = {
    label: [label, 0], inputs: [histogram, gap], gradients: [histogram, 0],
    flat: [share, 0], dead: [share, gap], learned: [learned, 0],
  };
  let at = 0;
  const place = ([size, after]) => {
    const column = [at, at + size];
    at += size + after;
    return column;
  };
  const places = Object.entries(sizes).map(([name, size]) => [name, place(size)]);
  return { wide, ...Object.fromEntries(places) };
}

/** The `d` of a histogram's outline; the highest bin fills the height. */
export function outline(counts, [left, right], bottom, height) {
  const most = Math.max(...counts);
  if (!most) return "";
  const step = (right - left) / counts.length;
  let at = bottom.toFixed(1);
  let d = `M${left.toFixed(1)} ${at}`;
  counts.forEach((count, i) => {
    const top = (bottom - (height * count) / most).toFixed(1);
    if (top !== at) d += `V${top}`;
    d += `H${(left + (i + 1) * step).toFixed(1)}`;
    at = top;
  });
  return `${d}V${bottom.toFixed(1)}Z`;
}

/** The rows for a width and a depth: {picture, draw(layers, color)}. */
export function layerRows(width, depth) {
  const columns = columnsFor(width);
  const hidden = depth - 1;
  const label = "What happens in each hidden layer";
  const picture = drawing(width, HEAD + ROWS + FOOT, label);
  if (!hidden) {
    const at = { x: width / 2, y: HEAD + 20, "text-anchor": "middle" };
    picture.append(svg("text", at, "One layer: nothing is hidden."));
    return { picture, draw() {} };
  }
  const height = Math.max(LOWEST, Math.min(HIGHEST, ROWS / hidden));
  const end = HEAD + hidden * height;
  const rows = Array.from({ length: hidden }, (_, i) =>
    row(i + 1, HEAD + (i + 1) * height, height, columns));
  picture.append(...heads(columns), ...feet(columns, end), ...rows.map((r) => r.group));
  return {
    picture,
    draw(layers, color) {
      if (layers.length !== hidden) return; // still those of the network before
      rows.forEach((row, i) => row.draw(layers[i], color));
    },
  };
}

function heads({ wide, ...columns }) {
  const middle = ([from, to]) => (from + to) / 2;
  const said = {
    inputs: ["", "what enters the activation"],
    gradients: ["", "its gradient, log scale"],
    ...(wide ? {} : headsFor(columns.inputs)),
    learned: ["gamma", "beta"],
  };
  const centred = Object.entries(said).flatMap(([name, lines]) =>
    lines.map((line, i) => svg("text", {
      x: middle(columns[name]), y: 13 + 16 * i, "text-anchor": "middle",
      class: name === "learned" ? `bn-play-${line}` : null,
    }, line)));
  const shares = ["flat", "dead"].map((name) =>
    svg("text", { x: columns[name][1], y: 29, "text-anchor": "end" }, name));
  return [...centred, ...shares];
}

/** Words over the histograms on a phone, by the room that one of them has. */
function headsFor([from, to]) {
  return to - from < TIGHT
    ? { inputs: ["", "inputs"], gradients: ["gradient", "(log)"] }
    : { inputs: ["enters the", "activation"], gradients: ["its gradient", "(log)"] };
}

/** What the columns' ends mean, and a line where 0 is. */
function feet(columns, end) {
  const text = (x, anchor, said) =>
    svg("text", { x, y: end + 16, "text-anchor": anchor }, said);
  const line = (x) =>
    svg("line", { class: "bn-grid", x1: x, x2: x, y1: HEAD, y2: end });
  const { inputs, gradients, learned } = columns;
  const zero = (inputs[0] + inputs[1]) / 2;
  const learnedAt = scale(LEARNED, learned);
  return [
    line(zero), line(learnedAt(0)), line(learnedAt(1)),
    text(inputs[0], "start", "−8"), text(zero, "middle", "0"),
    text(inputs[1], "end", "8"),
    text(gradients[0], "start", "10⁻¹⁴"),
    text(gradients[1], "end", gradients[1] - gradients[0] < TIGHT ? "" : "10²"),
    text(learnedAt(0), "middle", "0"), text(learnedAt(1), "middle", "1"),
  ];
}

function row(number, bottom, height, { wide, ...columns }) {
  const middle = bottom - height / 2;
  const [inputs, gradients] = [0, 1].map(() => svg("path", { "fill-opacity": 0.85 }));
  const share = (name) => svg("text", {
    x: columns[name][1], y: middle + 5, "text-anchor": "end",
    "data-value": `${name}-${number}`,
  });
  const [flat, dead] = [share("flat"), share("dead")];
  const remark = svg("text", { x: columns.gradients[0] + 4, y: middle + 5 });
  const range = (kind, y) => svg("line", { class: `bn-play-${kind}`, y1: y, y2: y });
  const [gamma, beta] = [range("gamma", middle - 3), range("beta", middle + 3)];
  const name = svg("text", { x: 0, y: middle + 5 }, wide ? `layer ${number}` : number);
  const { inputs: left, gradients: right } = columns;
  const base = svg("path", {
    class: "bn-grid",
    d: [left, right].map(([from, to]) => `M${from} ${bottom}H${to}`).join(""),
  });
  const group = svg("g", {}, base, name, inputs, gradients, remark, flat, dead);
  group.append(gamma, beta);
  const learnedAt = scale(LEARNED, columns.learned);
  const [low, high] = LEARNED;
  const inside = (value) => learnedAt(Math.min(Math.max(value, low), high));

  /** A pixel of length at least, or what has not moved yet could not be seen. */
  function drawRange(line, ends) {
    const [from, to] = ends ? [inside(ends[0]) - 1.5, inside(ends[1]) + 1.5] : [0, 0];
    change(line, { x1: from, x2: to });
  }

  function draw(layer, color) {
    for (const [shape, counts, column] of [
      [inputs, layer.inputs, left], [gradients, layer.gradients, right],
    ]) {
      change(shape, { d: outline(counts, column, bottom, height - 2), fill: color });
    }
    write(flat, percent(layer.saturated));
    write(dead, percent(layer.dead));
    const gone = layer.gradients.every((count) => !count);
    write(remark, layer.notFinite ? "not finite" : gone ? "all 0" : "");
    drawRange(gamma, layer.gamma);
    drawRange(beta, layer.beta);
  }
  return { group, draw };
}

const percent = (share) => `${Math.round(100 * share)}%`;
