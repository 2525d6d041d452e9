/** The operations in WebAssembly, on vectors of four 32-bit floats: see assembly/. */

const PAGE = 65536; // bytes
const ALIGNED = 16; // bytes: a vector
const STARTS = 1024; // bytes that stay free, so that no tensor lies at 0

/** A function that needs vectors: whether this browser has them can be asked of it. */
const SHORTEST = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65,
  0, 253, 15, 253, 98, 11,
];

/** Whether WebAssembly with vectors runs here. */
export const hasVectors = () =>
  typeof WebAssembly === "object" && WebAssembly.validate(Uint8Array.from(SHORTEST));

/**
 * A machine: `tensor(count)`, `bytes(count)` and `integers(count)` make room, as a
 * number; `values(tensor, count)` and the like look into it; all else are operations.
 */
export async function openSimd(module) {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const { instance } = await WebAssembly.instantiate(module, {
    env: { memory, abort: () => { throw new Error("out of bounds"); } },
  });
  let [top, kept] = [STARTS, STARTS];
  const room = (size) => {
    const at = top;
    top += Math.ceil(size / ALIGNED) * ALIGNED;
    const missing = top - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    return at;
  };
  return {
    ...instance.exports,
    name: "WebAssembly",
    none: 0,
    tensor: (count) => room(4 * count),
    bytes: room,
    integers: (count) => room(4 * count),
    values: (at, count) => new Float32Array(memory.buffer, at, count),
    byteValues: (at, count) => new Uint8Array(memory.buffer, at, count),
    integerValues: (at, count) => new Int32Array(memory.buffer, at, count),
    /** Keep what there is now when the rest is cleared. */
    keep: () => (kept = top),
    /** Forget all tensors since; their room is empty again. */
    clear() {
      new Uint8Array(memory.buffer, kept, top - kept).fill(0);
      top = kept;
    },
  };
}
