/** The parts of an object's prompts that can be grabbed, and which of them is under the pointer. */

import { type Box, boxToStage, pixelsToStage, type Vec, type Viewport } from "../geometry/viewport";
import type { ObjectView } from "../protocol/messages.gen";

/** Which sides of a box move with a handle: -1 left or top, 1 right or bottom, 0 neither. */
export interface Handle {
  readonly x: -1 | 0 | 1;
  readonly y: -1 | 0 | 1;
}

export type Grip =
  | { readonly type: "point"; readonly index: number }
  | { readonly type: "handle"; readonly handle: Handle }
  | { readonly type: "close-box" };

export const HANDLES: ReadonlyArray<Handle> = [
  { x: -1, y: -1 },
  { x: 1, y: -1 },
  { x: 1, y: 1 },
  { x: -1, y: 1 },
  { x: 0, y: -1 },
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: -1, y: 0 },
];

// How near the pointer must come, in CSS pixels: a target of at least 24 across, more for a finger.
const REACH = 12;
const TOUCH_REACH = 20;
// Edge handles need room between the corners.
const EDGE_HANDLE_FROM = 60;
const CLOSE_AT = 16;

/** Where a handle of a box on the stage is. */
export function handleAt(box: Box, handle: Handle): Vec {
  const along = (side: number, from: number, to: number) =>
    side < 0 ? from : side > 0 ? to : (from + to) / 2;
  return { x: along(handle.x, box[0], box[2]), y: along(handle.y, box[1], box[3]) };
}

/** The handles a box on the stage has room for. */
export function handlesOf(box: Box): ReadonlyArray<Handle> {
  return HANDLES.filter(
    ({ x, y }) =>
      (x !== 0 || box[2] - box[0] >= EDGE_HANDLE_FROM) && (y !== 0 || box[3] - box[1] >= EDGE_HANDLE_FROM),
  );
}

/** Where the cross that removes a box is: outside its top right corner, inside where the stage ends. */
export function closeAt(box: Box, viewport: Viewport): Vec {
  const x =
    box[2] + CLOSE_AT <= viewport.stage.width - CLOSE_AT / 2 ? box[2] + CLOSE_AT : box[2] - CLOSE_AT - REACH;
  const y = box[1] - CLOSE_AT >= CLOSE_AT / 2 ? box[1] - CLOSE_AT : box[1] + CLOSE_AT + REACH;
  return { x, y };
}

/** What lies under `at` (stage) of an object's prompts: points before handles, the nearest first. */
export function gripAt(
  object: ObjectView | null,
  viewport: Viewport,
  at: Vec,
  isTouch: boolean,
): Grip | null {
  if (object === null || object.kept) return null;
  const reach = isTouch ? TOUCH_REACH : REACH;
  const points = object.points.map((point, index) => ({
    grip: { type: "point" as const, index },
    place: pixelsToStage(viewport, point),
  }));
  const point = nearest(points, at, reach);
  if (point !== null || object.box === null) return point;
  const box = boxToStage(viewport, object.box);
  const handles = handlesOf(box).map((handle) => ({
    grip: { type: "handle" as const, handle },
    place: handleAt(box, handle),
  }));
  const close = { grip: { type: "close-box" as const }, place: closeAt(box, viewport) };
  return nearest<Grip>([close, ...handles], at, reach);
}

function nearest<G extends Grip>(
  grips: ReadonlyArray<{ readonly grip: G; readonly place: Vec }>,
  at: Vec,
  reach: number,
): G | null {
  let [best, least]: [G | null, number] = [null, reach];
  for (const { grip, place } of grips) {
    const distance = Math.hypot(place.x - at.x, place.y - at.y);
    if (distance < least) [best, least] = [grip, distance];
  }
  return best;
}
