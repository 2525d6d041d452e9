/** The images on their way: how far they are, and what went wrong. */

import { download } from "./images.js";
import { format } from "../shared.js";

/** Fetches the images that a widget trains on, once; calls `changed()` on the way. */
export class Fetching {
  state = "away"; // | "coming" | "here"
  said = ""; // to the reader
  share = null; // of the bytes that have come, where it is known
  images = null; // packed
  #stop = null;

  constructor(model, changed) {
    Object.assign(this, { model, changed });
  }

  /** Whether they came. */
  async fetch() {
    this.#stop = new AbortController();
    Object.assign(this, { state: "coming", said: "Fetching …", share: null });
    this.changed();
    try {
      this.images = await imagesOf(this.model, this.heard, this.#stop.signal);
      Object.assign(this, { state: "here", said: "" });
    } catch (error) {
      const why = this.#stop.signal.aborted ? "you stopped it" : error.message;
      Object.assign(this, { state: "away", said: `The images did not come: ${why}.` });
    }
    this.changed();
    return this.state === "here";
  }

  heard = (got, whole) => {
    this.share = whole ? got / whole : null;
    const of = whole ? ` of ${megabytes(whole)}` : "";
    this.said = `${megabytes(got)}${of}`;
    this.changed();
  };

  stop() {
    this.#stop?.abort();
  }
}

const megabytes = (bytes) => `${format(bytes / 1e6, 1)} MB`;

/** From the site, or where there is none from the kernel. */
function imagesOf(model, told, signal) {
  const address = model.get("images_address");
  if (address) return download(address, told, signal);
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("stopped")));
    model.on("msg:custom", (message, [content]) => {
      if (message.images) resolve(new Uint8Array(content.buffer ?? content));
    });
    model.send({ wanted: "images" });
  });
}
