/** Masks from the model's low-resolution logits, in the browser: what torch's bilinear `interpolate` would say. */

import type { Patch } from "../protocol/rle";

/** The candidates of one object: int8 of shape (count, height, width), row-major; a logit is value / scale. */
export interface Logits {
  readonly data: Int8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly scale: number;
}

interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float32Array;
}

/** Where each of `size` samples falls on `source` values, half-pixel centres (`align_corners=False`). */
function taps(source: number, size: number): Taps {
  const low = new Int32Array(size);
  const high = new Int32Array(size);
  const weight = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const at = Math.max(0, ((i + 0.5) * source) / size - 0.5);
    const index = Math.min(Math.floor(at), source - 1);
    low[i] = index;
    high[i] = Math.min(index + 1, source - 1);
    weight[i] = at - index;
  }
  return { low, high, weight };
}

/** Left, top, right, bottom. */
type Window = readonly [number, number, number, number];

function planeOf(logits: Logits, candidate: number): Int8Array {
  const plane = logits.height * logits.width;
  return logits.data.subarray(candidate * plane, (candidate + 1) * plane);
}

/** One candidate's logits, times `scale`, resized to `height` x `width`: row by row of a window to `row(values, y)`. */
function eachRow(
  logits: Logits,
  candidate: number,
  height: number,
  width: number,
  [left, top, right, bottom]: Window,
  row: (values: Float32Array, y: number) => void,
): void {
  const source = planeOf(logits, candidate);
  const [across, down] = [taps(logits.width, width), taps(logits.height, height)];
  const blended = new Float32Array(logits.width);
  const values = new Float32Array(right - left);
  const [first, last] = [across.low[left] ?? 0, across.high[right - 1] ?? 0];
  for (let y = top; y < bottom; y++) {
    const [above, below] = [(down.low[y] ?? 0) * logits.width, (down.high[y] ?? 0) * logits.width];
    const part = down.weight[y] ?? 0;
    for (let x = first; x <= last; x++) {
      const value = source[above + x] ?? 0;
      blended[x] = value + ((source[below + x] ?? 0) - value) * part;
    }
    for (let x = left; x < right; x++) {
      const low = blended[across.low[x] ?? 0] ?? 0;
      values[x - left] = low + ((blended[across.high[x] ?? 0] ?? 0) - low) * (across.weight[x] ?? 0);
    }
    row(values, y);
  }
}

/** One candidate's logits at `height` x `width`. */
export function sampleLogits(logits: Logits, candidate: number, height: number, width: number): Float32Array {
  const sampled = new Float32Array(height * width);
  eachRow(logits, candidate, height, width, [0, 0, width, height], (values, y) => {
    for (let x = 0; x < width; x++) sampled[y * width + x] = (values[x] ?? 0) / logits.scale;
  });
  return sampled;
}

/** One candidate as a mask of `height` x `width`: where the logit is above `threshold`. Only where it is, is it made. */
export function maskFromLogits(
  logits: Logits,
  candidate: number,
  height: number,
  width: number,
  threshold = 0,
): Patch {
  const least = threshold * logits.scale;
  const window = windowAbove(logits, candidate, height, width, least);
  const [left, top, right, bottom] = window;
  if (right <= left || bottom <= top) return { x: 0, y: 0, width: 0, height: 0, data: new Uint8Array(0) };
  const data = new Uint8Array((right - left) * (bottom - top));
  eachRow(logits, candidate, height, width, window, (values, y) => {
    const start = (y - top) * values.length;
    for (let x = 0; x < values.length; x++) if ((values[x] ?? 0) > least) data[start + x] = 1;
  });
  return { x: left, y: top, width: right - left, height: bottom - top, data };
}

/** The window of a mask of `height` x `width` in which values above `least` have a say. */
function windowAbove(
  logits: Logits,
  candidate: number,
  height: number,
  width: number,
  least: number,
): Window {
  const source = planeOf(logits, candidate);
  let [left, top, right, bottom] = [logits.width, logits.height, -1, -1];
  for (let y = 0, i = 0; y < logits.height; y++)
    for (let x = 0; x < logits.width; x++, i++) {
      if ((source[i] ?? 0) <= least) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  const [across, down] = [width / logits.width, height / logits.height];
  return [
    Math.max(0, Math.floor((left - 0.5) * across)),
    Math.max(0, Math.floor((top - 0.5) * down)),
    Math.min(width, Math.ceil((right + 1.5) * across)),
    Math.min(height, Math.ceil((bottom + 1.5) * down)),
  ];
}
