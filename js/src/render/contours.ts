/** The outlines of a mask, as closed rings along pixel edges: drawn as a path they are sharp at every zoom. */

import type { Patch } from "../protocol/rle";

/** Rings of x, y pairs in the patch's pixels, corners only; filled even-odd they are the mask again. */
export type Rings = ReadonlyArray<Int32Array>;

// Directions: 0 right, 1 down, 2 left, 3 up. The mask lies to the right of the way.
const DX = [1, 0, -1, 0] as const;
const DY = [0, 1, 0, -1] as const;

/** Trace every boundary once. Pixels that touch at a corner only belong to rings of their own. */
export function trace(patch: Patch): Rings {
  const { width, height, data } = patch;
  const isSet = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === 1;
  const seen = new Uint8Array(width * height); // pixels whose top edge has been walked
  const rings: Int32Array[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (data[at] !== 1 || seen[at] === 1 || isSet(x, y - 1)) continue;
      rings.push(walk(x, y, width, isSet, seen));
    }
  }
  return rings;
}

function walk(
  startX: number,
  startY: number,
  width: number,
  isSet: (x: number, y: number) => boolean,
  seen: Uint8Array,
): Int32Array {
  const corners: number[] = [startX, startY];
  let [x, y, way] = [startX, startY, 0];
  do {
    if (way === 0) seen[y * width + x] = 1;
    x += DX[way] ?? 0;
    y += DY[way] ?? 0;
    const turned = turn(x, y, way, isSet);
    if (turned !== way) corners.push(x, y);
    way = turned;
  } while (x !== startX || y !== startY || way !== 0);
  return Int32Array.from(corners.slice(0, -2));
}

/** The next direction at a corner: right around the same pixel, straight on, or left around the next one. */
function turn(x: number, y: number, way: number, isSet: (x: number, y: number) => boolean): number {
  const [ahead, beside] = AROUND[way] ?? AROUND[0];
  if (!isSet(x + beside[0], y + beside[1])) return (way + 1) % 4;
  return isSet(x + ahead[0], y + ahead[1]) ? (way + 3) % 4 : way;
}

// Pixels about a corner the way has come to: ahead on the left, and ahead on the right (where the mask would go on).
const AROUND = [
  [
    [0, -1],
    [0, 0],
  ],
  [
    [0, 0],
    [-1, 0],
  ],
  [
    [-1, 0],
    [-1, -1],
  ],
  [
    [-1, -1],
    [0, -1],
  ],
] as const;
