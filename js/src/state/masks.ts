/** What the model has said of each object, as shapes to draw: the kernel's own mask, or one made from its logits. */

import type { Extent } from "../geometry/viewport";
import type { ObjectView, Scores } from "../protocol/messages.gen";
import type { Patch } from "../protocol/rle";
import { type Rings, trace } from "../render/contours";
import { type Logits, maskFromLogits } from "../render/logits";

/** Rings on a grid of its own; grid point (x, y) is image point (left + x * across, top + y * down). */
export interface Shape {
  readonly rings: Rings;
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
}

export interface ObjectMask {
  /** The revision it was computed for. */
  readonly rev: number;
  readonly scores: Scores | null;
  readonly logits: Logits | null;
  /** The kernel's mask at image size, and of which candidate, cut at which logit, it is. */
  readonly exact: { readonly shape: Shape; readonly candidate: number; readonly threshold: number } | null;
}

// Masks from logits are as smooth as the logits: more pixels than this only cost time.
const PREVIEW_PIXELS = 600_000;
const KEPT_PREVIEWS = 8;

const previews = new WeakMap<Logits, Map<string, Shape>>();

/** Which candidate an object shows: the user's choice, else the model's best. */
export function shownCandidate(object: ObjectView, mask: ObjectMask | undefined): number {
  return object.candidate ?? mask?.scores?.best ?? object.scores?.best ?? 0;
}

/** The candidates, the one the model thinks most of first. */
export function ranked(scores: Scores | null): ReadonlyArray<number> {
  const iou = scores?.iou ?? [];
  return iou.map((_, index) => index).sort((a, b) => (iou[b] ?? 0) - (iou[a] ?? 0));
}

export type Level = "whole" | "part" | "subpart";

// A mask lies in another when so much of it does, and is as good as the other when they agree by so much.
const NESTED = 0.9;
const SAME = 0.85;

/** Which candidate is the whole thing, a part of it, a part of that: by how they lie in one another. */
export function levels(logits: Logits): ReadonlyArray<Level | null> {
  const plane = logits.height * logits.width;
  const { data, count } = logits;
  const areas = Array.from({ length: count }, (_, k) => common(data, k * plane, k * plane, plane));
  const bySize = areas.map((_, k) => k).sort((a, b) => (areas[a] ?? 0) - (areas[b] ?? 0));
  const steps: number[] = [0];
  for (let i = 1; i < bySize.length; i++) {
    const [small, large] = [bySize[i - 1] ?? 0, bySize[i] ?? 0];
    const [a, b] = [areas[small] ?? 0, areas[large] ?? 0];
    const both = common(data, small * plane, large * plane, plane);
    if (a === 0 || both < NESTED * a) return areas.map(() => null);
    steps.push((steps[i - 1] ?? 0) + (both / (a + b - both) < SAME ? 1 : 0));
  }
  const top = steps.at(-1) ?? 0;
  const names: ReadonlyArray<Level> = top === 1 ? ["part", "whole"] : ["subpart", "part", "whole"];
  return areas.map((_, k) => (top === 0 ? null : (names[steps[bySize.indexOf(k)] ?? 0] ?? null)));
}

/** In how many places both planes are above 0. */
function common(data: Int8Array, a: number, b: number, plane: number): number {
  let count = 0;
  for (let i = 0; i < plane; i++) if ((data[a + i] ?? 0) > 0 && (data[b + i] ?? 0) > 0) count++;
  return count;
}

/**
 * The shape of an object's candidate, or of the one it shows, cut at its threshold or another one; null when nothing is
 * known of it.
 */
export function shapeOf(
  object: ObjectView,
  mask: ObjectMask | undefined,
  image: Extent,
  candidate = shownCandidate(object, mask),
  threshold = object.threshold,
): Shape | null {
  if (mask === undefined) return null;
  const { exact, logits } = mask;
  const isExact = exact?.candidate === candidate && exact.threshold === threshold;
  if (exact !== null && (isExact || logits === null)) return exact.shape;
  if (logits === null) return null;
  return preview(logits, Math.min(candidate, logits.count - 1), image, threshold);
}

/** A mask at image size as a shape. */
export function exactShape(patch: Patch): Shape {
  return { rings: trace(patch), left: patch.x, top: patch.y, across: 1, down: 1 };
}

/** A candidate from its logits. The newest few are kept. */
export function preview(
  logits: Logits,
  candidate: number,
  image: Extent,
  threshold = 0,
  pixels = PREVIEW_PIXELS,
): Shape {
  const made = previews.get(logits) ?? new Map<string, Shape>();
  previews.set(logits, made);
  const key = `${candidate} ${image.width} ${image.height} ${threshold} ${pixels}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  for (const old of [...made.keys()].slice(0, -KEPT_PREVIEWS)) made.delete(old);
  const shrink = Math.min(1, Math.sqrt(pixels / (image.width * image.height)));
  const height = Math.max(1, Math.round(image.height * shrink));
  const width = Math.max(1, Math.round(image.width * shrink));
  const [across, down] = [image.width / width, image.height / height];
  const patch = maskFromLogits(logits, candidate, height, width, threshold);
  const shape = { rings: trace(patch), left: patch.x * across, top: patch.y * down, across, down };
  made.set(key, shape);
  return shape;
}

/** Left, top, right, bottom in image coordinates. */
export type Bounds = readonly [number, number, number, number];

const known = new WeakMap<Shape, Bounds>();

/** Where some shapes are; null when they hold nothing. */
export function bounds(shapes: ReadonlyArray<Shape>): Bounds | null {
  let [left, top, right, bottom] = NOWHERE;
  for (const shape of shapes) {
    const one = boundsOf(shape);
    [left, top] = [Math.min(left, one[0]), Math.min(top, one[1])];
    [right, bottom] = [Math.max(right, one[2]), Math.max(bottom, one[3])];
  }
  return left < right ? [left, top, right, bottom] : null;
}

const NOWHERE: Bounds = [Infinity, Infinity, -Infinity, -Infinity];

/** Where one shape is, found out once. */
function boundsOf(shape: Shape): Bounds {
  const made = known.get(shape);
  if (made !== undefined) return made;
  let [left, top, right, bottom] = NOWHERE;
  for (const ring of shape.rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const [x, y] = [ring[i] ?? 0, ring[i + 1] ?? 0];
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
  }
  const { across, down } = shape;
  const found: Bounds = [
    shape.left + left * across,
    shape.top + top * down,
    shape.left + right * across,
    shape.top + bottom * down,
  ];
  known.set(shape, found);
  return found;
}

/** Whether a place of the picture may lie in a shape: cheaply said, before the outline itself is asked. */
export function mayHold(shape: Shape, { x, y }: { readonly x: number; readonly y: number }): boolean {
  const [left, top, right, bottom] = boundsOf(shape);
  return x >= left && x <= right && y >= top && y <= bottom;
}
