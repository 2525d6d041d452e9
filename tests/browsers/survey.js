/**
 * Scrolls through a page until it is whole and says all that is wrong with it: in this
 * window, or in a frame of `width` pixels, since no window of WebKitGTK is as narrow
 * as a phone. `look(document)` tells how wide the page is, and what is too wide.
 */
async (look, patience, url, width) => {
  const view = width ? await framed(url, width) : window;
  const page = view.document;
  const every = (selector) => [...page.querySelectorAll(selector)];
  const seen = (element) => element?.getClientRects().length > 0;
  const drawn = (place) => seen(place.querySelector(":scope > .bn-live > *"))
    && !seen(place.querySelector(":scope > .bn-still"));

  await scrollThrough();
  await becomeWhole();
  const looks = [look(page)];
  if (width) {
    view.frameElement.width = view.innerHeight; // the phone is turned
    await becomeWhole();
    looks.push(look(page));
  }
  return [
    ...(view.complaints ?? ["no complaints are written down"]),
    ...every("img").filter((e) => !e.naturalWidth).map((e) => `no picture: ${e.src}`),
    ...every(".bn-widget").filter((e) => !drawn(e)).map((e) => `not drawn: ${e.id}`),
    ...looks.filter(({ used, room }) => used > room).map(
      ({ used, room, first }) => `too wide: ${used} px in ${room} px, ${first}`),
  ];

  function framed(src, width) {
    const frame = document.createElement("iframe");
    Object.assign(frame, { width, height: innerHeight, src });
    frame.style.border = "0";
    document.body.append(frame);
    return new Promise((done) => (frame.onload = () => done(frame.contentWindow)));
  }

  function nextFrame() {
    return new Promise((done) => requestAnimationFrame(done));
  }

  async function scrollThrough() {
    const { documentElement } = page;
    for (let y = 0; y < documentElement.scrollHeight; y += view.innerHeight) {
      view.scrollTo({ top: y, behavior: "instant" });
      await nextFrame();
      await nextFrame(); // what watches for parts in view has been told by now
    }
  }

  async function becomeWhole() {
    const end = performance.now() + patience;
    const whole = () => page.fonts.status === "loaded"
      && every("img").every((image) => image.complete)
      && every(".bn-widget").every(drawn);
    do await nextFrame(); while (!whole() && performance.now() < end);
    await nextFrame();
  }
}
