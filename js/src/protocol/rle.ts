/**
 * Masks on the wire: LEB128 varints x0, y0, width, height of the mask's bounding box, then run lengths over the rows
 * of that box, starting with a run of zeros. The twin of `sam2_notebook/protocol/codecs.py`.
 */

/** The part of a mask that holds something: one byte per pixel, 0 or 1, of the rectangle at (x, y). */
export interface Patch {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const EMPTY: Patch = { x: 0, y: 0, width: 0, height: 0, data: new Uint8Array(0) };

/** Decode a mask of `height` x `width` pixels; RangeError when the bytes are not such a mask. */
export function decodeRle(bytes: Uint8Array, height: number, width: number): Patch {
  const { next, isOver } = varints(bytes);
  const [x, y, w, h] = [next(), next(), next(), next()];
  if (x + w > width || y + h > height)
    throw new RangeError(`a mask of ${width} x ${height} cannot hold ${w} x ${h} at ${x}, ${y}`);
  if ((w === 0) !== (h === 0)) throw new RangeError("a mask has a width or a height of 0, but not both");
  const data = new Uint8Array(w * h);
  for (let at = 0, value = 0; at < data.length; value = 1 - value) {
    const run = next();
    if (run > data.length - at) throw new RangeError("the runs of a mask are longer than its box");
    if (value === 1) data.fill(1, at, at + run);
    at += run;
  }
  if (!isOver()) throw new RangeError("bytes follow the last run of a mask");
  return w === 0 ? EMPTY : { x, y, width: w, height: h, data };
}

function varints(bytes: Uint8Array): { next: () => number; isOver: () => boolean } {
  let at = 0;
  const next = () => {
    let value = 0;
    for (let factor = 1; factor < 2 ** 35; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("a mask ends before its runs do");
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new RangeError("a number in a mask is too large");
  };
  return { next, isOver: () => at === bytes.length };
}
