/** A network that trains in the page: what it is made of, and what happens inside. */

import { charts } from "./charts.js";
import { layerRows } from "./layers.js";
import { Session, SETTINGS } from "./session.js";
import {
  button, change, choice, drawOn, fit, format, html, menu, readout, root, set, slider,
  toolbar, write,
} from "../shared.js";

const AWAY = "100% 0px"; // out of view by more than a screen: paused
const NARROWEST = 240; // CSS pixels that drawings get at least

export default { render };

async function render({ model, el }) {
  root(model, el, "A network that trains in this page");
  const now = () => settingsOf(model);
  let draw = () => {};
  let frame = 0;
  const soon = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
      session.tell("drawn");
    });
  };
  const endOf = (settings) => storyOf(model.get("stories"), settings)?.steps ?? 0;
  const session = new Session(
    model.get("worker_script"), model.get("images"), now(), soon, endOf,
  );
  const stop = drawOn(model, SETTINGS, () => session.follow(now()));
  const rest = restWhenUnseen(session, el);
  const leave = fit(el, (width) => {
    draw = build(model, session, el, Math.max(width, NARROWEST));
    draw();
    return () => (draw = () => {});
  });
  await session.ready;
  return () => {
    for (const end of [stop, rest, leave]) end();
    cancelAnimationFrame(frame);
    session.end();
  };
}

const settingsOf = (model) =>
  Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));

/** Pause when the page is hidden, or the widget is more than a screen away. */
function restWhenUnseen(session, el) {
  const hide = () => document.hidden && session.pause(true);
  document.addEventListener("visibilitychange", hide);
  const observer = new IntersectionObserver(
    (entries) => entries.at(-1).isIntersecting || session.pause(true),
    { rootMargin: AWAY },
  );
  observer.observe(el);
  return () => {
    document.removeEventListener("visibilitychange", hide);
    observer.disconnect();
  };
}

/** Fill `el`; returns what draws the session as it stands. */
function build(model, session, el, width) {
  const kinds = model.get("normalizers");
  const colorOf = (run) => `var(--bn-${kinds[run.settings.normalizer].color})`;
  const story = stories(model, session);
  const controls = controlPanel(model);
  const buttons = buttonRow(model, session);
  const said = html("p", { class: "bn-play-said", role: "status" });
  const numbers = Object.fromEntries(Object.entries({
    step: "step", loss: "loss", accuracy: "held-out accuracy", speed: "steps/s",
  }).map(([name, label]) => [name, quiet(readout(name, label))]));
  const key = legend(kinds);
  const plots = charts(width);
  const layers = html("div", {});
  el.append(
    story.part, controls.part, buttons.part, said,
    html("div", { class: "bn-readouts" }, ...Object.values(numbers).map((n) => n.item)),
    key.part, plots.part, layers,
    html("p", { class: "bn-caption bn-play-note" },
      "Flat: values where the activation's slope is less than a hundredth of its " +
      "largest. Dead: units that are flat for every image of the batch."),
    buttons.source,
  );
  let rows = null;
  let rowsFor = 0;
  return () => {
    const { record, previous } = session;
    const { depth } = record.settings;
    story.draw();
    controls.draw();
    buttons.draw();
    write(said, sentence(session));
    writeNumbers(numbers, session);
    key.draw(record, previous, colorOf);
    plots.draw(record, previous, colorOf);
    if (rowsFor !== depth) {
      [rows, rowsFor] = [layerRows(width, depth), depth];
      layers.replaceChildren(rows.picture);
    }
    rows.draw(session.layers, colorOf(record));
  };
}

/** A number that changes many times a second is not read out each time. */
function quiet(shown) {
  change(shown.item.lastChild, { "aria-live": "off" });
  return shown;
}

function writeNumbers(numbers, { record, steps, speed, heldOut }) {
  const loss = record.losses.at(-1);
  numbers.step.write(steps.toLocaleString("en"));
  numbers.loss.write(steps ? `${format(loss, 4)} nats` : "–");
  numbers.accuracy.write(heldOut === null ? "–" : `${format(100 * heldOut, 1)}%`);
  numbers.speed.write(speed === null ? "–" : format(speed, 0));
}

/** The state of things in a sentence. */
export function sentence({ state, steps, away, ended, problem, parameters }) {
  const at = steps.toLocaleString("en");
  const learned = parameters.toLocaleString("en");
  const why = away ? ", as the widget was out of view"
    : ended ? ", where the story’s table is taken; Play goes on" : "";
  return {
    starting: "Unpacking 3,500 images.",
    ready:
      `A new network of ${learned} weights; below, what its first batch will meet.`,
    playing: "Training.",
    paused: `Paused at step ${at}${why}.`,
    diverged: `Diverged: at step ${at} the loss is no longer a finite number, and no ` +
      "further step can mend that. Change a setting, or press Restart.",
    failed: "The network cannot train here: this browser gave the page no second " +
      `thread, a Web Worker (${problem}).`,
  }[state];
}

/** Buttons that set the controls, and the line that says what to watch. */
function stories(model, session) {
  const all = model.get("stories");
  const line = html("p", { class: "bn-play-watch", "aria-live": "polite" });
  const buttons = all.map(({ label, settings }) =>
    button(label, () => {
      session.forget();
      set(model, settings);
      session.follow(settingsOf(model));
    }));
  const part = html(
    "div", { role: "group", "aria-label": "Stories" },
    html("div", { class: "bn-play-stories" }, html("span", {}, "Stories"), ...buttons),
    line,
  );
  const draw = () => {
    const told = storyOf(all, settingsOf(model));
    all.forEach((story, i) => change(buttons[i], { "aria-pressed": story === told }));
    write(line, told?.watch ?? "Your own settings, or those of a link in the text.");
  };
  return { part, draw };
}

/** The story whose settings these are, but for the controls that it tells to turn. */
export function storyOf(stories, settings) {
  return stories.find(({ settings: its, turns }) =>
    Object.entries(its).every(([name, value]) =>
      turns.includes(name) || settings[name] === value));
}

const SLIDERS = ["depth", "initial_scale", "learning_rate", "batch_size"];
const BUTTONS = 3; // of the normalizers; the others are in a list
const MENUS = ["activation", "width", "order", "seed", "placement", "evaluation"];

function controlPanel(model) {
  const normalizer = choice(model, "normalizer", BUTTONS);
  const menus = Object.fromEntries(MENUS.map((name) => [name, menu(model, name)]));
  const part = html(
    "div", {},
    html("div", { class: "bn-controls" }, normalizer),
    html("div", { class: "bn-controls bn-play-sliders" },
      ...SLIDERS.map((name) => slider(model, name))),
    html("div", { class: "bn-controls bn-play-menus" }, ...Object.values(menus)),
  );
  const draw = () => {
    const kind = model.get("normalizers")[model.get("normalizer")];
    menus.placement.lastChild.disabled = !kind.placed;
    menus.evaluation.lastChild.disabled = !kind.remembers; // it has one mode
  };
  return { part, draw };
}

function buttonRow(model, session) {
  const toggle = () => (session.state === "playing" ? session.pause() : session.play());
  const play = button("Play", toggle, { class: "bn-play-main" });
  const step = button("Step", () => session.step());
  const restart = button("Restart", () => session.renew(settingsOf(model)));
  const part = toolbar(model);
  part.firstChild.addEventListener("click", () => {
    session.forget();
    session.follow(settingsOf(model));
  });
  part.prepend(play, step, restart);
  part.classList.add("bn-play-buttons");
  const source = part.querySelector(".bn-source");
  const draw = () => {
    const { state } = session;
    const stuck = state === "diverged" || state === "failed" || state === "starting";
    write(play, state === "playing" ? "Pause" : "Play");
    play.disabled = stuck;
    step.disabled = stuck || state === "playing";
    restart.disabled = state === "failed" || state === "starting";
  };
  return { part, source, draw };
}

/** Which line is which run. */
function legend(kinds) {
  const entries = ["this run", "run before"].map((name) => {
    const swatch = html("span", { class: "bn-key" });
    const words = html("span", {});
    const item = html("span", { class: "bn-play-key" }, swatch, words);
    return { name, swatch, words, item };
  });
  const items = entries.map(({ item }) => item);
  const part = html("p", { class: "bn-caption bn-play-note" }, ...items);
  const draw = (record, previous, colorOf) => {
    [record, previous].forEach((run, i) => {
      const { name, swatch, words, item } = entries[i];
      item.hidden = !run;
      if (!run) return;
      swatch.style.background = colorOf(run);
      const other = i ? differences(record.settings, run.settings) : "";
      write(words, `${name}: ${kinds[run.settings.normalizer].words}${other}`);
    });
  };
  return { part, draw };
}

/** ", learning rate 3" where the run before differed in little; "" in nothing else. */
export function differences(now, before) {
  const names = SETTINGS.filter((n) => n !== "normalizer" && now[n] !== before[n]);
  const said = names.map((name) => `${name.replace("_", " ")} ${before[name]}`);
  if (said.length > 2) return ", other settings";
  return said.map((text) => `, ${text}`).join("");
}
