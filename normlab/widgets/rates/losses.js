/** The losses of the chosen cell's trainings, without and with the layer. */

import { ARMS, chosen, GUESSING, STATE } from "./cells.js";
import {
  axis, change, drawing, drawOn, html, path, scale, svg, write,
} from "../shared.js";

const HEIGHT = 180;
const PLOT = { left: 52, right: 12, top: 26, bottom: 42 };
const MARKS = [0.2, 0.5, 1, 2, 5, 10].map((loss) => [loss, `${loss}`]);
const UPDATES = 1000;

export function losses(model, network, said, width) {
  const data = model.get("data");
  const picture = drawing(width, HEIGHT, `Training loss: ${said}`);
  picture.style.width = `${width}px`;
  const [bottom, right] = [HEIGHT - PLOT.bottom, width - PLOT.right];
  const x = scale([0, UPDATES], [PLOT.left, right]);
  const y = scale([0.2, 10], [bottom, PLOT.top], true);
  const lines = ARMS.map(({ color }) => svg("path", {
    fill: "none", stroke: `var(--bn-${color})`, "stroke-width": 2,
  }));
  const guessing = svg("line", { x1: PLOT.left, x2: right, y1: y(GUESSING), y2: y(GUESSING),
    stroke: "var(--bn-theory)", "stroke-dasharray": "5 4" });
  const title = svg("text", { x: (PLOT.left + right) / 2, y: 16, "text-anchor": "middle" });
  picture.append(
    axis("x", x, [0, 250, 500, 750, 1000].map((t) => [t, `${t}`]), bottom, "updates", 0),
    axis("y", y, MARKS, PLOT.left, "training loss (nats)", right - PLOT.left, 36),
    guessing, title, ...lines,
  );

  const end = drawOn(model, STATE, () => {
    const { rate, gain } = chosen(model);
    write(title, `${said}: loss at rate ${data.rates[rate]}, k ${data.gains[gain]}`);
    ARMS.forEach(({ norm }, i) => {
      const curve = data.arms[`${network}/${norm}`].curves[gain][rate];
      change(lines[i], { d: path(points(curve, x, y)) });
    });
  });
  return { item: picture, end };
}

/** Which colour is which, once for all plots. */
export function key() {
  const arms = ARMS.flatMap(({ said, color }) => {
    const mark = html("span", { class: "bn-key" });
    mark.style.background = `var(--bn-${color})`;
    return [mark, `${said} the layer`];
  });
  const words = "Losses behind the marked cell; dashed: guessing.";
  return html("p", { class: "bn-caption bn-rates-key" }, words, ...arms);
}

/** The middles of equal blocks of updates; what lies outside is drawn at the edge. */
function points(curve, x, y) {
  const each = UPDATES / curve.length;
  const inside = (loss) => Math.min(y.high, Math.max(y.low, loss));
  return curve.map((thousandths, i) => [
    x((i + 0.5) * each),
    thousandths === null ? NaN : y(inside(thousandths / 1000)),
  ]);
}
