/**
 * What the widgets share: elements, controls that a keyboard moves too, drawing once a
 * frame, scales and axes. `model` is anywidget's: get, set, on, off, save_changes.
 */

const SVG = "http://www.w3.org/2000/svg";
const XHTML = "http://www.w3.org/1999/xhtml";

/** An HTML element with attributes and children; text becomes text nodes. */
export const html = (tag, attributes, ...children) =>
  element(XHTML, tag, attributes, children);

/** The same of SVG. */
export const svg = (tag, attributes, ...children) =>
  element(SVG, tag, attributes, children);

function element(namespace, tag, attributes = {}, children) {
  const made = document.createElementNS(namespace, tag);
  change(made, attributes);
  made.append(...children);
  return made;
}

/** Set attributes; null removes one, a function listens to the event of that name. */
export function change(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) {
      element.setAttribute(name, value);
    }
  }
  return element;
}

/** Write text where it differs, so that a screen reader hears only what changed. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Give `el` the widget's name and colours (as CSS variables); returns it. In JupyterLab
 * keys move the widget, not the notebook.
 */
export function root(model, el, label) {
  change(el, { role: "group", "aria-label": label });
  el.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  });
  el.classList.add("bn");
  for (const [name, color] of Object.entries(model.get("colors"))) {
    el.style.setProperty(`--bn-${name}`, color);
  }
  return el;
}

/**
 * Call `build(width)` for the width there is, in CSS pixels, and again when that
 * changes; it fills `el` and returns an end. Returns the end of it all.
 */
export function fit(el, build) {
  let width = 0;
  let end = null;
  const look = () => {
    const { paddingLeft, paddingRight } = getComputedStyle(el);
    const now = el.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    if (!(now > 0) || Math.abs(now - width) < 1) return; // NaN: not in a page yet
    width = now;
    end?.();
    el.replaceChildren();
    end = build(Math.floor(width));
  };
  // In the next frame: an observer that resizes what it observes is an error.
  let frame = 0;
  const observer = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(look);
  });
  observer.observe(el);
  look();
  return () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
    end?.();
  };
}

/** Set traits and tell the kernel, if there is one. */
export function set(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

/** {soon, end}: `soon()` calls `draw` in the next frame, however often it is called. */
export function onceAFrame(draw) {
  let frame = 0;
  const soon = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  };
  return { soon, end: () => cancelAnimationFrame(frame) };
}

/** Call `draw` now and, once a frame at most, after traits change; returns an end. */
export function drawOn(model, names, draw) {
  const { soon, end } = onceAFrame(draw);
  for (const name of names) model.on(`change:${name}`, soon);
  draw();
  return () => {
    end();
    for (const name of names) model.off(`change:${name}`, soon);
  };
}

// Numbers

/** A number as text, with a real minus sign and no "-0.0". */
export function format(value, digits = 1) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** The nearest value that a control allows. */
export function allowed(control, value) {
  const { low, high, step } = control;
  const steps = Math.round((Math.min(high, Math.max(low, value)) - low) / step);
  return Number((low + steps * step).toFixed(6));
}

// Controls. Each shows its trait and moves it; `controls` says what it may be.

// Another widget on the page has this module too, and numbers of its own.
const here = `bn-${Math.random().toString(36).slice(2)}`;
let numbered = 0;
const newName = () => `${here}-${++numbered}`;

/** A slider for a number; with options it walks through them. */
export function slider(model, name) {
  const control = model.get("controls")[name];
  const { label, unit, digits, options } = control;
  const id = newName();
  const range = options.length
    ? { min: 0, max: options.length - 1, step: 1 }
    : { min: control.low, max: control.high, step: control.step };
  const input = html("input", { type: "range", id, ...range });
  const output = html("output", { for: id });
  const take = () => {
    const at = Number(input.value);
    set(model, { [name]: options.length ? options[at][0] : at });
  };
  const show = () => {
    const value = model.get(name);
    const at = options.findIndex(([option]) => option === value);
    const said = options.length ? options[at][1] : format(value, digits);
    input.value = options.length ? at : value;
    write(output, unit ? `${said} ${unit}` : said);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  drawOn(model, [name], show);
  slidden(input, take, show);
  return html(
    "div", { class: "bn-control", "data-control": name },
    html("label", { for: id }, label), input, output,
  );
}

/**
 * Call `take()` as a range input is moved. A browser moves it as soon as a finger is
 * down; that counts once the finger goes sideways or is lifted. Where it scrolls the
 * page instead, `show()` puts the input back.
 */
function slidden(input, take, show) {
  let down = null; // where a finger went down, until it is known what it does
  let scrolls = false;
  input.addEventListener("pointerdown", (event) => {
    down = event.pointerType === "touch" ? event : null;
    scrolls = false;
  });
  input.addEventListener("pointermove", (event) => {
    if (!down || !goesSideways(down, event)) return;
    down = null;
    take();
  });
  input.addEventListener("pointerup", () => {
    if (down) take();
    down = null;
  });
  input.addEventListener("pointercancel", () => {
    if (down) [scrolls, down] = [true, null];
    if (scrolls) show();
  });
  for (const end of ["touchend", "touchcancel"]) {
    input.addEventListener(end, () => {
      if (scrolls) show();
      scrolls = false;
    });
  }
  input.addEventListener("input", () => {
    if (scrolls) show();
    else if (!down) take();
  });
}

const SLOP = 6; // CSS pixels within which a finger that is down has not moved

function goesSideways(from, to) {
  const across = Math.abs(to.clientX - from.clientX);
  return across > SLOP && across > Math.abs(to.clientY - from.clientY);
}

/**
 * Call `act(event)` where a pointer goes down on an element and along its way. A finger
 * that goes up or down scrolls the page, so `act` waits until it goes sideways or is
 * lifted; where the element's touch-action is "none" any way will do.
 */
export function pressed(element, act) {
  let down = null; // where a finger went down, until it is known what it does
  const anyWay = ({ clientX, clientY }) =>
    getComputedStyle(element).touchAction === "none" &&
    Math.hypot(clientX - down.clientX, clientY - down.clientY) > SLOP;
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    down = event.pointerType === "touch" ? event : null;
    if (!down) act(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (!element.hasPointerCapture(event.pointerId)) return;
    if (down && !goesSideways(down, event) && !anyWay(event)) return;
    down = null;
    act(event);
  });
  element.addEventListener("pointerup", (event) => {
    if (down) act(event);
    down = null;
  });
  element.addEventListener("pointercancel", () => (down = null));
}

/**
 * Buttons of which one is down: a choice among a few. What comes after so many stands
 * in a list behind them.
 */
export function choice(model, name, most = Infinity) {
  const { label, options } = model.get("controls")[name];
  const group = newName();
  const more = options.length > most ? [moreOf(model, name, most)] : [];
  const inputs = options.slice(0, most).map(([value, said]) => {
    const input = html("input", { type: "radio", name: group });
    input.addEventListener("change", () => set(model, { [name]: value }));
    return { value, input, item: html("label", {}, input, html("span", {}, said)) };
  });
  const show = () => {
    for (const { value, input } of inputs) input.checked = value === model.get(name);
  };
  drawOn(model, [name], show);
  return html(
    "fieldset", { class: "bn-control bn-choice", "data-control": name },
    html("legend", {}, label),
    html("div", {}, ...inputs.map(({ item }) => item), ...more),
  );
}

/** A list of the options behind the first ones; "more" where one of those is chosen. */
function moreOf(model, name, first) {
  const { label, options } = model.get("controls")[name];
  const entries = options.slice(first).map(([, said], i) =>
    html("option", { value: first + i }, said));
  const select = html(
    "select", { "aria-label": `${label}: more` }, html("option", { value: -1 }, "more"),
    ...entries,
  );
  const show = () => {
    const at = options.findIndex(([option]) => option === model.get(name));
    select.value = at < first ? -1 : at;
    select.classList.toggle("bn-chosen", at >= first);
  };
  select.addEventListener("change", () => {
    const chosen = options[Number(select.value)];
    if (chosen) set(model, { [name]: chosen[0] });
    else show();
  });
  drawOn(model, [name], show);
  return select;
}

/** A list to choose from, for more options than buttons have room. */
export function menu(model, name) {
  const { label, options } = model.get("controls")[name];
  const id = newName();
  const entries = options.map(([, said], i) => html("option", { value: i }, said));
  const select = html("select", { id }, ...entries);
  select.addEventListener("change", () => {
    set(model, { [name]: options[Number(select.value)][0] });
  });
  drawOn(model, [name], () => {
    select.value = options.findIndex(([option]) => option === model.get(name));
  });
  return html(
    "div", { class: "bn-control", "data-control": name },
    html("label", { for: id }, label), select,
  );
}

/** A box to tick. */
export function tick(model, name) {
  const input = html("input", { type: "checkbox" });
  input.addEventListener("change", () => set(model, { [name]: input.checked }));
  drawOn(model, [name], () => (input.checked = model.get(name)));
  const { label } = model.get("controls")[name];
  return html(
    "label", { class: "bn-control bn-tick", "data-control": name }, input, label,
  );
}

export function button(label, act, attributes = {}) {
  return html("button", { type: "button", click: act, ...attributes }, label);
}

/**
 * Show those of an item's buttons that are offered now: button -> whether it is. One that
 * goes while it has the focus leaves it to the first that is there.
 */
export function offer(item, buttons) {
  const focused = [...buttons.keys()].find((one) => one === document.activeElement);
  for (const [one, on] of buttons) change(one, { hidden: on ? null : "" });
  if (focused?.hidden) item.querySelector("button:not([hidden])")?.focus();
}

/** "40 s left", or in minutes. */
export function timeLeft(seconds) {
  const some = Math.max(0, seconds);
  return some < 90 ? `${format(some, 0)} s left` : `${format(some / 60, 0)} min left`;
}

/** A table in a box that scrolls where the table is wider. */
export function boxed(table) {
  const named = { class: "bn-table", role: "group", "aria-label": "Table" };
  const box = html("div", named, table);
  const look = () =>
    change(box, { tabindex: box.scrollWidth > box.clientWidth ? 0 : null });
  const observer = new ResizeObserver(look);
  for (const part of [box, table]) observer.observe(part);
  return box;
}

/** Which colour is which: the name of the colour -> what is drawn in it. */
export function colorKeys(names) {
  return html("div", { class: "bn-caption" }, ...Object.entries(names).map(([name, said]) => {
    const key = html("span", { class: "bn-key" });
    key.style.background = `var(--bn-${name})`;
    const item = html("span", {}, key, said);
    Object.assign(item.style, { display: "inline-block", marginRight: "1.2em" });
    return item;
  }));
}

/**
 * A table of numbers, and its cells: `cells[row][column]`, which tests know as
 * COLUMN-ROW. Rows and columns are given as names -> what the reader sees.
 */
export function numberTable(rows, columns) {
  const cells = {};
  const beside = (cell) => {
    cell.style.paddingLeft = "0.9em";
    return cell;
  };
  const lines = Object.entries(rows).map(([row, label]) => {
    cells[row] = Object.fromEntries(Object.keys(columns).map((column) =>
      [column, beside(html("td", { "data-value": `${column}-${row}` }))]));
    return html("tr", {}, html("th", { scope: "row" }, label), ...Object.values(cells[row]));
  });
  const heads = Object.values(columns).map((text) => beside(html("th", { scope: "col" }, text)));
  const table = boxed(html("table", {}, html("tr", {}, html("td", {}), ...heads), ...lines));
  table.classList.add("bn-dense");
  return { table, cells };
}

/** A number that is shown and read out: `data-value` names it for the tests. */
export function readout(name, label) {
  const value = html("output", { "data-value": name });
  const item = html("span", { class: "bn-readout" }, `${label} `, value);
  return { item, write: (text) => write(value, text) };
}

/** Reset, Copy link (where the page has links) and where the numbers come from. */
export function toolbar(model) {
  const parts = [button("Reset", () => set(model, model.get("defaults")))];
  if (model.link) {
    const copy = button("Copy link", async () => {
      await navigator.clipboard.writeText(model.link());
      copy.textContent = "Link copied";
      setTimeout(() => (copy.textContent = "Copy link"), 2000);
    });
    parts.push(copy);
  }
  const source = model.get("source");
  if (source) parts.push(html("p", { class: "bn-source" }, source));
  return html("div", { class: "bn-toolbar" }, ...parts);
}

// Drawing

/** An SVG of `width` x `height` CSS pixels. */
export function drawing(width, height, label) {
  return svg("svg", {
    viewBox: `0 0 ${width} ${height}`, class: "bn-drawing", role: "group",
    "aria-label": label,
  });
}

/** Where a pointer is, in the units of the drawing. */
export function pointIn(drawing, event) {
  const point = new DOMPoint(event.clientX, event.clientY);
  return point.matrixTransform(drawing.getScreenCTM().inverse());
}

const KEYS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1],
  PageDown: [0, -10], PageUp: [0, 10],
};

/**
 * Let a mark in a drawing be dragged by pointer, and moved by keys as a slider is.
 * `move(point)` takes drawing units, `nudge(dx, dy)` steps, `ends(which)` -1 or 1.
 * `free` marks go up and down too: under a finger once they have the focus, from a tap
 * or from being dragged sideways; else it scrolls the page.
 */
export function draggable(drawing, mark, { move, nudge, ends, free = false }) {
  const kind = free ? "bn-handle bn-free" : "bn-handle";
  change(mark, { tabindex: 0, role: "slider", class: kind });
  mark.addEventListener("pointerdown", (event) => event.preventDefault());
  pressed(mark, (event) => {
    mark.focus();
    if (event.type === "pointermove") move(pointIn(drawing, event));
  });
  mark.addEventListener("keydown", (event) => {
    const way = KEYS[event.key];
    if (way) nudge(...way);
    else if (ends && (event.key === "Home" || event.key === "End")) {
      ends(event.key === "Home" ? -1 : 1);
    } else return;
    event.preventDefault();
  });
  return mark;
}

/** A function from [low, high] to [from, to], with its ends; log10 if asked. */
export function scale([low, high], [from, to], log = false) {
  const on = log ? Math.log10 : (x) => x;
  const map = (x) => from + ((on(x) - on(low)) / (on(high) - on(low))) * (to - from);
  map.inverse = (y) => {
    const x = on(low) + ((y - from) / (to - from)) * (on(high) - on(low));
    return log ? 10 ** x : x;
  };
  return Object.assign(map, { low, high, from, to });
}

/** About `count` round numbers from low to high. */
export function ticks(low, high, count = 5) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)));
}

/**
 * An axis below (`x`) or left (`y`) of a plot: [(value, text)], and its title, which
 * stands `gap` from a left axis.
 */
export function axis(side, map, marks, at, title, length = 0, gap = 42) {
  const below = side === "x";
  const parts = marks.flatMap(([value, text]) => {
    const place = map(value);
    const grid = below
      ? { x1: place, x2: place, y1: at, y2: at - length }
      : { x1: at, x2: at + length, y1: place, y2: place };
    const words = below
      ? { x: place, y: at + 17, "text-anchor": "middle" }
      : { x: at - 7, y: place + 4, "text-anchor": "end" };
    return [svg("line", { class: "bn-grid", ...grid }), svg("text", words, text)];
  });
  const middle = (map.from + map.to) / 2;
  const named = below
    ? { x: middle, y: at + 36, "text-anchor": "middle" }
    : { transform: `translate(${at - gap} ${middle}) rotate(-90)`, "text-anchor": "middle" };
  return svg("g", { class: "bn-axis" }, ...parts, svg("text", named, title));
}

/** The `d` of a line through points [x, y]; a point that is not finite breaks it. */
export function path(points) {
  let open = false;
  return points
    .map(([x, y]) => {
      const whole = Number.isFinite(x) && Number.isFinite(y);
      const said = whole ? `${open ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}` : "";
      open = whole;
      return said;
    })
    .join("");
}
