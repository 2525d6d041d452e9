/**
 * The operations of LeNet on vectors of four numbers. A tensor lies as (C, H, W, N) in
 * 32-bit floats, the images innermost, so that a vector holds the same value of four
 * images; N is a multiple of 16, and what is beyond the last image stays without effect.
 *
 * Every sum is taken in one order, without fused multiply-add, so that all machines get
 * the same bits.
 */

export * from "./convolution";
export * from "./normalization";
export * from "./activation";
export * from "./pooling";
export * from "./loss";
export * from "./batch";
