/** The same block seen from outside: channels, images behind each other, places. */

import { change, drawing, svg } from "../shared.js";

// What one step along N, C and places moves on paper, in CSS pixels.
const ALONG = { n: [11, -8], c: [9.5, 0], place: [0, 1.15] };
const MARGIN = { left: 20, top: 6, right: 18, bottom: 20 };

/** Draw the block and, in it, the part that shares a mean. */
export function blockDrawing(scale, [images, channels, H, W]) {
  const at = ([n, c, place]) => [0, 1].map((axis) => {
    const moved = n * ALONG.n[axis] + c * ALONG.c[axis] + place * ALONG.place[axis];
    const origin = axis ? MARGIN.top - scale * images * ALONG.n[1] : MARGIN.left;
    return origin + scale * moved;
  });
  const [width] = at([images, channels, 0]);
  const [, height] = at([0, 0, H * W]);
  const picture = drawing(
    width + MARGIN.right, height + MARGIN.bottom, "The block, with the outlined part");
  picture.style.width = `${width + MARGIN.right}px`;
  change(picture, { role: "img" });
  const back = svg("path", { class: "bn-axes-back" });
  const faces = ["front", "top", "side"].map((name) =>
    svg("path", { class: `bn-axes-face bn-axes-${name}` }));
  const edges = svg("path", { class: "bn-axes-edges" });
  picture.append(back, ...faces, edges, ...names(at, [channels, H * W]));
  const draw = ({ shape, start, reach }) => {
    const whole = [[0, 0, 0], [shape[0], channels, H * W]];
    change(back, { d: hidden(at, whole[1]) });
    change(edges, { d: facesOf(at, ...whole).join("") });
    const [first, last] = ends(start, reach, [H, W]);
    facesOf(at, first, last).forEach((d, i) => change(faces[i], { d }));
  };
  return { item: picture, draw };
}

/** From where to where the lit part goes: [n, c, place], the end not included. */
function ends(start, reach, [, W]) {
  const place = start[2] * W + start[3];
  return [
    [start[0], start[1], place],
    [start[0] + reach[0], start[1] + reach[1], place + reach[2] * reach[3]],
  ];
}

/** The three sides of a box that one sees: front, top, right. */
function facesOf(at, [n0, c0, p0], [n1, c1, p1]) {
  return [
    [[n0, c0, p0], [n0, c1, p0], [n0, c1, p1], [n0, c0, p1]],
    [[n0, c0, p0], [n1, c0, p0], [n1, c1, p0], [n0, c1, p0]],
    [[n0, c1, p0], [n1, c1, p0], [n1, c1, p1], [n0, c1, p1]],
  ].map((corners) => `M${corners.map((corner) => at(corner).join(" ")).join("L")}Z`);
}

/** The three edges of the whole that one would not see. */
function hidden(at, [n, c, p]) {
  const far = at([n, 0, p]).join(" ");
  const others = [[0, 0, p], [n, 0, 0], [n, c, p]];
  return others.map((corner) => `M${far}L${at(corner).join(" ")}`).join("");
}

function names(at, [c, p]) {
  const [below, beside] = [at([0, c / 2, p]), at([0, 0, p / 2])];
  const corner = at([0, c, p]);
  return [
    svg("text", { x: below[0], y: below[1] + 15, "text-anchor": "middle" }, "channels"),
    svg("text", {
      transform: `translate(${beside[0] - 7} ${beside[1]}) rotate(-90)`,
      "text-anchor": "middle",
    }, "places"),
    svg("text", { x: corner[0] + 13, y: corner[1] + 4 }, "images"),
  ];
}
