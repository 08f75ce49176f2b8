/**
 * Lines drawn by hand, as the wire has them: the twin of `sam2_notebook/values/strokes.py`. A path is text: its first
 * place, then the way to each next one, in eighths of a pixel, in groups of five bits from the character "0" on.
 */

import { MAX_PATH } from "../protocol/messages.gen";
import type { Vec } from "./viewport";

const PER_PIXEL = 8;
const FIRST = 48;

/** A path through places in pixels, as text. */
export function pathText(places: ReadonlyArray<Vec>): string {
  let [text, x, y] = ["", 0, 0];
  for (const place of places) {
    const [across, down] = [Math.floor(place.x * PER_PIXEL + 0.5), Math.floor(place.y * PER_PIXEL + 0.5)];
    text += packed(across - x) + packed(down - y);
    [x, y] = [across, down];
  }
  return text;
}

/** The places of a path, in pixels; RangeError when the text is none. */
export function pathPlaces(text: string): Vec[] {
  const places: Vec[] = [];
  const steps = unpacked(text);
  if (steps.length % 2 === 1) throw new RangeError("a path has an x and a y for every place");
  let [x, y] = [0, 0];
  for (let i = 0; i < steps.length; i += 2) {
    x += steps[i] ?? 0;
    y += steps[i + 1] ?? 0;
    places.push({ x: x / PER_PIXEL, y: y / PER_PIXEL });
  }
  return places;
}

function packed(value: number): string {
  let [left, text] = [value, ""];
  for (;;) {
    const group = left & 31;
    left >>= 5;
    const isLast = left === 0 ? (group & 16) === 0 : left === -1 && (group & 16) !== 0;
    text += String.fromCharCode(FIRST + group + (isLast ? 0 : 32));
    if (isLast) return text;
  }
}

function unpacked(text: string): number[] {
  const values: number[] = [];
  let [value, shift] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) - FIRST;
    if (code < 0 || code > 63 || shift > 25)
      throw new RangeError("the text of a path has the characters 0 to o only");
    value |= (code & 31) << shift;
    shift += 5;
    if (code >= 32) continue;
    if (code >= 16) value |= -1 << shift;
    values.push(value);
    [value, shift] = [0, 0];
  }
  if (shift > 0) throw new RangeError("a path is cut off");
  return values;
}

/**
 * The places without those that the line through the others passes by no farther than `tolerance` (Douglas and
 * Peucker's way), and ever coarser until its text is short enough.
 */
export function simplified(places: ReadonlyArray<Vec>, tolerance: number): Vec[] {
  const kept = new Set([0, places.length - 1]);
  const open: Array<readonly [number, number]> = [[0, places.length - 1]];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const [from, to] = span;
    let [farthest, most] = [-1, tolerance];
    for (let i = from + 1; i < to; i++) {
      const far = distance(places[i], places[from], places[to]);
      if (far > most) [farthest, most] = [i, far];
    }
    if (farthest < 0) continue;
    kept.add(farthest);
    open.push([from, farthest], [farthest, to]);
  }
  const left = places.filter((_, i) => kept.has(i));
  return left.length * 8 > MAX_PATH ? simplified(left, tolerance * 2) : left;
}

/** How far a place is from the line between two others. */
function distance(at: Vec | undefined, a: Vec | undefined, b: Vec | undefined): number {
  if (at === undefined || a === undefined || b === undefined) return 0;
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const long = dx * dx + dy * dy;
  const part = long > 0 ? Math.min(Math.max(((at.x - a.x) * dx + (at.y - a.y) * dy) / long, 0), 1) : 0;
  return Math.hypot(at.x - a.x - part * dx, at.y - a.y - part * dy);
}
