/** Unpack grey images; pixels.py packs them and says how. */

/** Unzip bytes of a zlib stream. */
export async function inflate(bytes) {
  const unzip = new DecompressionStream("deflate");
  return new Uint8Array(
    await new Response(new Blob([bytes]).stream().pipeThrough(unzip)).arrayBuffer(),
  );
}

/** Differences -> pixels, in their place: `modulo` a power of two, images side by side. */
export function addExpected(levels, side, modulo) {
  for (let i = 0; i < levels.length; i++) {
    const [row, column] = [Math.floor(i / side) % side, i % side];
    const left = column ? levels[i - 1] : 0;
    const up = row ? levels[i - side] : 0;
    const corner = row && column ? levels[i - side - 1] : 0;
    levels[i] = (levels[i] + median(left, up, left + up - corner)) & (modulo - 1);
  }
  return levels;
}

function median(a, b, c) {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
