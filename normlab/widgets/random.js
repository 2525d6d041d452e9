/** Random numbers that a share link gives again. */

const DROPPED = 12; // numbers after which neighbouring seeds have parted

/**
 * Uniform numbers in [0, 1) from up to three whole numbers: Chris Doty-Humphrey's
 * sfc32, of PractRand, its counter started at 1.
 */
export function uniformOf(...seeds) {
  let [a, b, c, counter] = [seeds[0] | 0, seeds[1] | 0, seeds[2] | 0, 1];
  const next = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let dropped = 0; dropped < DROPPED; dropped++) next();
  return next;
}
