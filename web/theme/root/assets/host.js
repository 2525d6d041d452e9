/**
 * Shows a widget that a notebook left in the page, without a kernel. The page has its
 * place (a still picture inside), its module and its state as files; here is the part
 * of a kernel's front end that a widget asks for.
 */

const shown = new Map(); // place -> promise of its model
const styles = new Map(); // address -> promise of its being there
const models = new Map(); // place -> its model

/** A widget's traits: what anywidget calls the model. */
class Model {
  #listeners = new Map();

  constructor(state, address) {
    this.state = state;
    this.address = address; // of the page, with the widget's name behind "#"
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (Object.is(this.state[name], value)) return;
    this.state[name] = value;
    for (const call of [...(this.#listeners.get(`change:${name}`) ?? [])]) call();
  }

  save_changes() {} // there is no kernel to tell

  on(event, call) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(call);
  }

  off(event, call) {
    if (call) this.#listeners.get(event)?.delete(call);
    else this.#listeners.delete(event);
  }

  /** What a link says of the widget as it stands; nothing of a widget as it opens. */
  query() {
    const { controls, defaults } = this.state;
    const query = new URLSearchParams();
    for (const name of Object.keys(controls)) {
      const value = JSON.stringify(this.state[name]);
      if (value !== JSON.stringify(defaults[name])) query.set(name, value);
    }
    return String(query);
  }

  /** The address that shows this page with the widget as it stands. */
  link() {
    const query = this.query();
    return query ? `${this.address}?${query}` : this.address;
  }

  /** Take what a link says, as far as the controls allow it; the rest as it opens. */
  follow(query) {
    const { controls, defaults } = this.state;
    const said = new URLSearchParams(query);
    for (const [name, control] of Object.entries(controls)) {
      const value = parse(said.get(name));
      const known = said.has(name) && fits(control, value, defaults[name]);
      this.set(name, known ? value : defaults[name]);
    }
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a control could have set this value. */
function fits({ low, high, length, options }, value, usual) {
  const inside = (x) => Number.isFinite(x) && low <= x && x <= high;
  if (options.length) return options.some(([option]) => option === value);
  if (length) {
    return Array.isArray(value) && value.length === length && value.every(inside);
  }
  return typeof value === typeof usual && (typeof value !== "number" || inside(value));
}

/** Show the widget of a place, and take what `query` says, if it is given. */
export async function show(place, query) {
  if (!shown.has(place)) shown.set(place, start(place, query));
  else if (query !== undefined) (await shown.get(place))?.follow(query);
}

/** What a link would say of the widget of a place; "" before it is shown. */
export const queryOf = (place) => models.get(place)?.query() ?? "";

async function start(place, query = "") {
  try {
    const at = (name) => new URL(place.dataset[name], document.baseURI);
    const [widget, state] = await Promise.all([
      import(at("module")),
      fetch(at("state")).then((answer) => answer.json()),
      styled(at("style").href),
    ]);
    for (const [name, text] of Object.entries(state.buffers)) {
      state.traits[name] = new DataView(decode(text).buffer);
    }
    for (const [name, file] of Object.entries(state.addresses)) {
      state.traits[name] = new URL(file, at("state")).href;
    }
    const page = location.href.split("#")[0];
    const model = new Model(state.traits, `${page}#${place.id}`);
    model.follow(query);
    models.set(place, model);
    const el = document.createElement("div");
    el.className = "bn-live";
    place.append(el);
    await widget.default.render({ model, el });
    place.dataset.ready = "";
    return model;
  } catch (error) {
    const note = document.createElement("p");
    note.textContent = `This widget did not start (${error.message}).`;
    place.append(note);
    return null;
  }
}

function decode(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Fetch a stylesheet once; every widget of it waits until it is there. */
function styled(href) {
  if (!styles.has(href)) styles.set(href, link(href));
  return styles.get(href);
}

function link(href) {
  return new Promise((done, fail) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href, onload: done });
    link.onerror = () => fail(new Error("its styles are missing"));
    document.head.append(link);
  });
}
