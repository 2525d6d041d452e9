/** The explorer's button that trains a point: there only where a kernel answers. */

import { shownRuns } from "./batch_sizes.js";
import { front, STATE, stateOf, thousands } from "./lines.js";
import { button, drawOn, format, html, set, slider, write } from "../shared.js";

export function live(model) {
  const bar = html("progress", { max: 1, "aria-label": "progress of the training" });
  const said = html("span", { role: "status", "data-value": "said" });
  const start = button("Train this point", () => {
    // Shown where its curve has room.
    set(model, { budget: model.get("live_steps") ? "updates" : "epochs" });
    model.send({ do: "train" });
  });
  const stop = button("Stop", () => model.send({ do: "stop" }));
  const item = html(
    "div", { class: "bn-controls bn-train", hidden: "" },
    slider(model, "live_steps"), slider(model, "live_rate"), start, stop, bar, said,
  );
  const hear = (message) => (item.hidden = !message.kernel);
  model.on("msg:custom", hear);
  model.send?.({ do: "hello" });
  const stopDrawing = drawOn(model, ["live", ...STATE], () => {
    const newest = model.get("live").at(-1);
    const running = Boolean(newest) && !newest.done;
    const [line] = front(model).at(-1);
    const [there] = shownRuns(model.get("data"), stateOf(model), [line]);
    start.disabled = running || !there;
    stop.disabled = !running;
    bar.value = newest?.steps ? newest.step / newest.steps : 0;
    write(said, newest ? news(newest) : "Trains here, beside the recorded runs.");
  });
  const end = () => {
    stopDrawing();
    model.off("msg:custom", hear);
  };
  return { item, end };
}

/** How far the newest training is, or how it ended. */
function news(newest) {
  const { said = "starting", step, steps, done, seed, rate, accuracy, own } = newest;
  if (!done && !steps) return said;
  if (!done) return `${said}: ${thousands(step)} of ${thousands(steps)} updates`;
  const percent = (x) => `${format(100 * x, 1)}%`;
  const scores = accuracy === undefined ? "" :
    `; test accuracy ${percent(accuracy)}, with batch statistics ${percent(own)}`;
  const which = `Seed ${seed}, learning rate ${Number(rate.toPrecision(4))}`;
  return `${which}: ${said}${scores}.`;
}
