/** A hash of LeNet's weights after some updates: the same wherever it is computed. */

const [IMAGES, SIZE, STEPS] = [640, 64, 200];

/** `shipped`: the engine's module; `wasm`: its bytes; settings as `createNetwork` has. */
export async function hashOf(shipped, wasm, settings, rate) {
  const { createNetwork, createSampler, openSimd, step } = shipped.engine;
  const machine = await openSimd(wasm);
  const data = shipped.own(machine, ...drawn());
  const net = createNetwork(machine, { ...settings, seed: 0, most: SIZE });
  const next = createSampler(IMAGES, 0);
  let loss = 0;
  for (let i = 0; i < STEPS; i++) loss = step(net, data, Int32Array.from(next(SIZE)), rate);
  const arrays = net.parameters.map(({ value, count }) => machine.values(value, count));
  return `${hashed(arrays)} ${loss}`;
}

/** Pixels and labels by a generator of whole numbers; a bright row tells the label. */
function drawn() {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  const pixels = Uint8Array.from({ length: IMAGES * 784 }, next);
  const labels = Uint8Array.from({ length: IMAGES }, () => next() % 10);
  labels.forEach((label, n) => pixels.fill(255, n * 784 + 56 * label, n * 784 + 56 * label + 28));
  return [pixels, labels];
}

/** FNV-1a over the bytes of all numbers. */
function hashed(arrays) {
  let hash = 0x811c9dc5;
  for (const values of arrays) {
    const exact = Float32Array.from(values);
    for (const byte of new Uint8Array(exact.buffer)) {
      hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    }
  }
  return hash.toString(16);
}
