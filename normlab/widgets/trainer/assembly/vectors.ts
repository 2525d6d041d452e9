/** What the operations share: lengths in bytes, and sums over a vector. */

export const FLOAT: usize = 4; // bytes
export const VECTOR: usize = 16; // bytes: four floats

/** Bytes of so many floats. */
// @ts-ignore: decorator
@inline
export function bytes(count: i32): usize {
  return (<usize>count) * FLOAT;
}

/** The sum of a vector's four numbers, in pairs. */
// @ts-ignore: decorator
@inline
export function sumOf(v: v128): f32 {
  const first = f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1);
  return first + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** Add a number to the one that is there. */
// @ts-ignore: decorator
@inline
export function increase(at: usize, by: f32): void {
  store<f32>(at, load<f32>(at) + by);
}
