/** e to the power of four numbers. */

const LOG2_E: f32 = 1.4426950408889634;
// ln 2 in two parts; the first has so few digits that whole multiples of it are exact.
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440054690583e-4;
const LOWEST: f32 = -87, HIGHEST: f32 = 88; // beyond, a float overflows or vanishes

/**
 * With k the whole number nearest to x / ln 2 and r = x - k ln 2, which is at most
 * ln 2 / 2 away from 0: e^x = 2^k e^r, and e^r by the first seven terms of its series,
 * which are within 2e-7 of it, relative, before they are rounded. x is kept within -87
 * and 88.
 */
// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  x = f32x4.min(f32x4.max(x, f32x4.splat(LOWEST)), f32x4.splat(HIGHEST));
  const k = f32x4.nearest(f32x4.mul(x, f32x4.splat(LOG2_E)));
  let r = f32x4.sub(x, f32x4.mul(k, f32x4.splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(k, f32x4.splat(LN2_LOW)));
  let sum = f32x4.splat(1.0 / 720.0);
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1.0 / 120.0));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1.0 / 24.0));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1.0 / 6.0));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(0.5));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1));
  const power = i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127));
  return f32x4.mul(sum, i32x4.shl(power, 23));
}
