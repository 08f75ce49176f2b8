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

/** One candidate's logits, times `scale`, resized to `height` x `width`: row by row to `row(values, y)`. */
function eachRow(
  logits: Logits,
  candidate: number,
  height: number,
  width: number,
  row: (values: Float32Array, y: number) => void,
): void {
  const plane = logits.height * logits.width;
  const source = logits.data.subarray(candidate * plane, (candidate + 1) * plane);
  const [across, down] = [taps(logits.width, width), taps(logits.height, height)];
  const blended = new Float32Array(logits.width);
  const values = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [(down.low[y] ?? 0) * logits.width, (down.high[y] ?? 0) * logits.width];
    const part = down.weight[y] ?? 0;
    for (let x = 0; x < blended.length; x++) {
      const above = source[top + x] ?? 0;
      blended[x] = above + ((source[bottom + x] ?? 0) - above) * part;
    }
    for (let x = 0; x < width; x++) {
      const left = blended[across.low[x] ?? 0] ?? 0;
      values[x] = left + ((blended[across.high[x] ?? 0] ?? 0) - left) * (across.weight[x] ?? 0);
    }
    row(values, y);
  }
}

/** One candidate's logits at `height` x `width`. */
export function sampleLogits(logits: Logits, candidate: number, height: number, width: number): Float32Array {
  const sampled = new Float32Array(height * width);
  eachRow(logits, candidate, height, width, (values, y) => {
    for (let x = 0; x < width; x++) sampled[y * width + x] = (values[x] ?? 0) / logits.scale;
  });
  return sampled;
}

/** One candidate as a mask of `height` x `width`: where the logit is above `threshold`. */
export function maskFromLogits(
  logits: Logits,
  candidate: number,
  height: number,
  width: number,
  threshold = 0,
): Patch {
  const data = new Uint8Array(height * width);
  const least = threshold * logits.scale;
  eachRow(logits, candidate, height, width, (values, y) => {
    for (let x = 0; x < width; x++) if ((values[x] ?? 0) > least) data[y * width + x] = 1;
  });
  return { x: 0, y: 0, width, height, data };
}
