/** Unpack the playground's images; data.py packs them and says how. */

const HEADER = 6;

/**
 * Packed bytes (Uint8Array) -> {trainImages, trainLabels, testImages, testLabels}:
 * images (N, pixels) Float32Array in 0 to 1, labels (N) Uint8Array, class by class.
 */
export async function decode(bytes) {
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const [side, classes] = [header.getUint8(0), header.getUint8(1)];
  const perClass = header.getUint16(2, true);
  const testPerClass = header.getUint16(4, true);
  const pixels = unpack(await inflate(bytes.subarray(HEADER)), side);
  const cut = classes * perClass * side * side;
  if (pixels.length !== cut + classes * testPerClass * side * side) {
    throw new RangeError("the playground's images are not complete");
  }
  return {
    trainImages: pixels.subarray(0, cut),
    trainLabels: labels(classes, perClass),
    testImages: pixels.subarray(cut),
    testLabels: labels(classes, testPerClass),
  };
}

async function inflate(bytes) {
  const unzip = new DecompressionStream("deflate");
  return new Uint8Array(
    await new Response(new Blob([bytes]).stream().pipeThrough(unzip)).arrayBuffer(),
  );
}

/** Half-bytes -> pixels: what is stored, plus the median that was taken off. */
function unpack(halves, side) {
  const levels = new Uint8Array(2 * halves.length);
  for (let i = 0; i < levels.length; i++) {
    const [row, column] = [Math.floor(i / side) % side, i % side];
    const left = column ? levels[i - 1] : 0;
    const up = row ? levels[i - side] : 0;
    const corner = row && column ? levels[i - side - 1] : 0;
    const stored = i % 2 ? halves[i >> 1] & 15 : halves[i >> 1] >> 4;
    levels[i] = (stored + median(left, up, left + up - corner)) & 15;
  }
  return Float32Array.from(levels, (level) => level / 15);
}

function median(a, b, c) {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function labels(classes, perClass) {
  return Uint8Array.from({ length: classes * perClass }, (_, i) => i / perClass);
}
