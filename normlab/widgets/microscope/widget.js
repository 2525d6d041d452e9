/** Batch statistics jitter as 1/sqrt(B); in evaluation mode nothing does. */

import { moments } from "./batch_statistics.js";
import { channelsOf, createLedger, look, SHOWN } from "./draws.js";
import { histogram, NARROW, spreads, strip } from "./panels.js";
import {
  button, choice, drawOn, fit, format, html, readout, root, set, slider, toolbar,
} from "../shared.js";

const SLICE = 8; // milliseconds of drawing batches between two pictures
const WIDE = 600; // from here on two panels stand side by side
const TRAITS =
  ["batch_size", "channel", "statistic", "momentum", "mode", "seed", "draws"];
const NUMBERS = {
  observed: "standard deviation (sd) of the draws", theory: "by theory",
  running: "running", whole: "all images",
  value: "value at the frame", normalized: "normalized",
  flicker: `sd of the last ${SHOWN}`,
};
const HEARD = ["observed", "normalized"]; // by a screen reader when they change

export default { render };

function render({ model, el }) {
  root(model, el, "Batch statistics under the microscope");
  const facts = model.get("facts");
  const channelOf = channelsOf(facts, model.get("moments"));
  const ledger = createLedger(facts.sizes);
  return fit(el, (width) => build(model, el, width, { facts, channelOf, ledger }));
}

function build(model, el, width, { facts, channelOf, ledger }) {
  const panels = createPanels(width, facts.sizes);
  const shown = createReadouts();
  const { draws, ...lines } = shown;
  el.append(
    html("div", { class: "bn-controls" }, slider(model, "batch_size"),
      choice(model, "channel"), choice(model, "statistic"), slider(model, "momentum")),
    html("div", { class: "bn-buttons" },
      ...drawButtons(model, facts.sizes), draws.item),
    panels.first.picture, row(lines.observed, lines.theory),
    row(lines.running, lines.whole),
    html("div", { class: "bn-beside" }, photo(facts),
      html("div", {}, choice(model, "mode"), row(lines.value, lines.normalized),
        row(lines.flicker))),
    html("div", { class: "bn-pair" }, ...panels.pair), toolbar(model),
  );

  return drawOnUntil(model, TRAITS, () => {
    const state = stateOf(model, facts.sizes);
    const channel = channelOf(state.channel);
    const done = ledger.fill(state, channel, performance.now() + SLICE);
    const view = look(state, channel, ledger, facts);
    drawPanels(panels, state, channel, view);
    if (!done) return false; // the numbers are heard at the end, not on the way to it
    writeNumbers(shown, state, channel, view);
    const drawn = view.values.length;
    const full = drawn >= model.get("controls").draws.high;
    shown.draws.write(drawn.toLocaleString("en") + (full ? " (the most)" : ""));
    return true;
  });
}

function createReadouts() {
  const found = { draws: readout("draws", "batches drawn") };
  for (const [name, label] of Object.entries(NUMBERS)) {
    found[name] = readout(name, label);
    if (!HEARD.includes(name)) found[name].item.lastChild.ariaLive = "off";
  }
  return found;
}

const row = (...readouts) =>
  html("div", { class: "bn-readouts" }, ...readouts.map(({ item }) => item));

/** drawOn, for what needs several frames: `draw` returns whether it has finished. */
function drawOnUntil(model, names, draw) {
  let frame = 0;
  const work = () => {
    cancelAnimationFrame(frame);
    frame = draw() ? 0 : requestAnimationFrame(work);
  };
  const end = drawOn(model, names, work);
  return () => {
    cancelAnimationFrame(frame);
    end();
  };
}

/** What the traits say; a link may hold numbers that are not whole. */
function stateOf(model, sizes) {
  const state = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const draws = sizes.map((_, i) => Math.round(state.draws[i]));
  return { ...state, size: state.batch_size, draws };
}

function createPanels(width, sizes) {
  const wide = width >= WIDE;
  const left = wide ? Math.floor(0.56 * width) : width;
  const right = wide ? width - left - 16 : width;
  const room = wide ? 130 : 76; // of the histogram
  const first = strip(width, 236, [
    ["● batch", "training"], ["— running", "evaluation"],
    [width < NARROW ? "— all" : "— all images", "data"],
    ["- - theory", "theory"],
  ], room);
  const second = strip(left, 186, [
    ["● training mode", "training"], ["— evaluation mode", "evaluation"],
  ]);
  const third = spreads(right, 186, sizes);
  return {
    first, second, third,
    all: histogram(first, width - room + 8, width - 2),
    pair: [sized(second.picture, left), sized(third.picture, right)],
  };
}

function sized(picture, width) {
  const box = html("div", {}, picture);
  box.style.width = `${width}px`;
  return box;
}

function drawPanels({ first, all, second, third }, state, channel, view) {
  const { statistic, size, mode } = state;
  const training = mode === "training";
  const still = (value) => Array(SHOWN).fill(value);
  const { noise, settled } = view;
  first.draw({
    name: `batch ${statistic}`, range: rangeOf(channel, statistic),
    dots: view.values.slice(-SHOWN), line: training ? view.running : still(view.memory),
    dashed: training ? [settled - noise, settled + noise] : [],
    whole: [channel.whole[statistic]], faint: training ? "" : "dots",
  });
  all(view.values, view.expected);
  second.draw({
    name: "normalized value", range: channel.range,
    dots: view.image.training, line: still(view.image.evaluation), dashed: [],
    whole: [], faint: training ? "line" : "dots",
  });
  third.draw(view.theory, view.observed, size);
}

/** The axis of the first panel: what batches of two need, for every batch size. */
function rangeOf({ expected, running }, statistic) {
  const { centre, sd } = expected[0][statistic];
  const low = statistic === "variance" ? 0 : -Infinity;
  return [
    Math.max(low, Math.min(centre - 3.3 * sd, running[statistic])),
    Math.max(centre + 3.3 * sd, running[statistic]),
  ];
}

function writeNumbers(shown, { statistic, mode }, channel, view) {
  const training = mode === "training";
  const { image } = view;
  const flicker = image.training.length > 1 ? moments(image.training).sd : NaN;
  const numbers = {
    observed: view.values.length > 1 ? moments(view.values).sd : NaN,
    theory: view.expected.sd,
    running: view.memory,
    whole: channel.whole[statistic],
    value: channel.value,
    normalized: training ? image.training.at(-1) ?? NaN : image.evaluation,
    flicker: training ? flicker : 0,
  };
  for (const [name, value] of Object.entries(numbers)) {
    shown[name].write(Number.isFinite(value) ? significant(value) : "none yet");
  }
}

/** A number with three significant digits, or 0. */
function significant(value) {
  if (value === 0) return "0";
  return format(value, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
}

/** Buttons that draw batches of the current size, and one that draws others. */
function drawButtons(model, sizes) {
  const { high } = model.get("controls").draws;
  const more = (count) => {
    const at = sizes.indexOf(model.get("batch_size"));
    const draws = model.get("draws").map((drawn, i) =>
      i === at ? Math.min(high, Math.round(drawn) + count) : drawn);
    set(model, { draws });
  };
  return [
    button("Draw a batch", () => more(1)), button("Draw 1,000", () => more(1000)),
    button("New seed", () => set(model, { seed: (model.get("seed") + 1) % 1000 })),
  ];
}

/** The followed image; a frame marks the pixels behind the followed value. */
function photo({ photo, place, kernel, label }) {
  const [side, zoom] = [Math.sqrt(photo.length), 3];
  const canvas = html("canvas", {
    width: side * zoom, height: side * zoom, role: "img",
    "aria-label": `Followed image: ${label}; framed, ${kernel} by ${kernel} pixels`,
  });
  const brush = canvas.getContext("2d");
  photo.forEach((pixel, i) => {
    const grey = 255 - pixel;
    brush.fillStyle = `rgb(${grey} ${grey} ${grey})`;
    brush.fillRect((i % side) * zoom, Math.floor(i / side) * zoom, zoom, zoom);
  });
  brush.strokeStyle = "#D00000";
  brush.lineWidth = 2;
  brush.strokeRect(place[1] * zoom, place[0] * zoom, kernel * zoom, kernel * zoom);
  return canvas;
}
