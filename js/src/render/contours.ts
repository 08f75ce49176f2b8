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

/** Closed outlines of x, y pairs, however made. */
export type Outlines = ReadonlyArray<ArrayLike<number>>;

/**
 * The same outlines in few points, for a picture shown so small that its pixels cannot be told apart: corners are cut
 * by half a pixel, which makes slopes of stairs, and then a point is left out when all that it changes is `tolerance`
 * pixels or less (Douglas and Peucker). Nothing moves by more than half a pixel and the tolerance.
 */
export function coarsen(rings: Rings, tolerance: number): Outlines {
  return rings.map((ring) => thin(cut(ring), tolerance));
}

/** Every corner as the two points half a pixel away from it, which the next corner shares where it is a pixel away. */
function cut(ring: Int32Array): Float32Array {
  const points = new Float32Array(2 * ring.length);
  let count = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const next = (i + 2) % ring.length;
    const [x0, y0, x1, y1] = [ring[i] ?? 0, ring[i + 1] ?? 0, ring[next] ?? 0, ring[next + 1] ?? 0];
    const length = Math.abs(x1 - x0) + Math.abs(y1 - y0);
    const [dx, dy] = [(x1 - x0) / length / 2, (y1 - y0) / length / 2];
    points[count++] = x0 + dx;
    points[count++] = y0 + dy;
    if (length === 1) continue;
    points[count++] = x1 - dx;
    points[count++] = y1 - dy;
  }
  return points.subarray(0, count);
}

/** Without the points that are hardly missed, beginning with the first and the one farthest from it. */
function thin(points: Float32Array, tolerance: number): Float32Array {
  const count = points.length / 2;
  const kept = new Uint8Array(count);
  const far = farthest(points);
  kept[0] = kept[far] = 1;
  const spans: number[] = [0, far, far, count]; // pairs of from and to; `count` is the first point again
  while (spans.length > 0) {
    const [to, from] = [spans.pop() ?? 0, spans.pop() ?? 0];
    const worst = outermost(points, from, to, tolerance);
    if (worst === 0) continue;
    kept[worst] = 1;
    spans.push(from, worst, worst, to);
  }
  let left = 0;
  for (let i = 0; i < count; i++) {
    if (kept[i] !== 1) continue;
    points[left++] = points[2 * i] ?? 0;
    points[left++] = points[2 * i + 1] ?? 0;
  }
  return points.subarray(0, left);
}

/** The point farthest from the first. */
function farthest(points: Float32Array): number {
  let [far, most] = [0, 0];
  for (let i = 2; i < points.length; i += 2) {
    const [dx, dy] = [(points[i] ?? 0) - (points[0] ?? 0), (points[i + 1] ?? 0) - (points[1] ?? 0)];
    const off = dx * dx + dy * dy;
    if (off > most) [far, most] = [i / 2, off];
  }
  return far;
}

/** Of the points between two, the one that is farthest from the line between them, if more than `tolerance`; else 0. */
function outermost(points: Float32Array, from: number, to: number, tolerance: number): number {
  const end = (2 * to) % points.length;
  const [x, y] = [points[2 * from] ?? 0, points[2 * from + 1] ?? 0];
  const [dx, dy] = [(points[end] ?? 0) - x, (points[end + 1] ?? 0) - y];
  const scale = dx * dx + dy * dy > 0 ? 1 / (dx * dx + dy * dy) : 0;
  let [worst, most] = [0, tolerance * tolerance];
  for (let i = from + 1; i < to; i++) {
    const [px, py] = [(points[2 * i] ?? 0) - x, (points[2 * i + 1] ?? 0) - y];
    const share = (px * dx + py * dy) * scale;
    const along = share < 0 ? 0 : Math.min(share, 1);
    const [ox, oy] = [px - along * dx, py - along * dy];
    const off = ox * ox + oy * oy;
    if (off > most) [worst, most] = [i, off];
  }
  return worst;
}
