/** The mask layer: each object's shape, filled and outlined in its colour. */

import type { Viewport } from "../geometry/viewport";
import { PALETTE } from "../protocol/messages.gen";
import type { Ink } from "../state/inks";
import type { Shape } from "../state/masks";
import { coarsen, type Outlines } from "./contours";

export interface DrawnMask {
  /** The object's id. */
  readonly id: number;
  readonly shape: Shape;
  readonly color: Ink;
  readonly isSelected: boolean;
  /** Made with other prompts than there are now: paler, in a broken outline. */
  readonly isStale?: boolean;
  /** One of many to choose from, and not chosen: pale, in a thin outline. */
  readonly isOffered?: boolean;
}

export interface MaskLook {
  /** 0 to 1. */
  readonly opacity: number;
  readonly outlineOnly: boolean;
}

/** The colours of what is on the object and what is not. */
export const POSITIVE = "#1a9850";
export const NEGATIVE = "#d7301f";

const OFFERED = 0.22; // of the opacity: many lie over one another

// What moves by less than this many device pixels is not seen.
const UNSEEN = 0.45;

const paths = new WeakMap<Shape, Map<number, Path2D>>();

/** An object's colour as CSS. */
export function cssColor(ink: Ink, alpha = 1): string {
  if (typeof ink === "string")
    return `${ink}${Math.round(alpha * 255)
      .toString(16)
      .padStart(2, "0")}`;
  const [red, green, blue] = PALETTE[ink % PALETTE.length]?.rgb ?? [187, 187, 187];
  return `rgb(${red} ${green} ${blue} / ${alpha})`;
}

export function paintMasks(
  context: CanvasRenderingContext2D,
  view: Viewport,
  masks: ReadonlyArray<DrawnMask>,
  look: MaskLook,
): void {
  context.translate(view.offset.x, view.offset.y);
  context.scale(view.scale, view.scale);
  context.lineJoin = "round";
  for (const { shape, color, isSelected, isStale, isOffered } of masks) {
    const path = pathOf(shape, view.scale * view.ratio);
    if (!look.outlineOnly) {
      const share = isOffered === true ? OFFERED : isStale === true ? 0.5 : 1;
      context.fillStyle = cssColor(color, look.opacity * share);
      context.fill(path, "evenodd");
    }
    context.setLineDash(isStale === true ? [7 / view.scale, 5 / view.scale] : []);
    if (isSelected) stroke(context, path, "rgb(0 0 0 / 0.55)", 3.5 / view.scale);
    const width = isSelected ? 2 : isOffered === true ? 0.75 : plainLine(view.ratio);
    stroke(context, path, cssColor(color, isOffered === true ? 0.75 : 1), width / view.scale);
  }
}

/** A mask that is not there yet: pale, in a broken outline. */
export function paintForeseen(
  context: CanvasRenderingContext2D,
  view: Viewport,
  shape: Shape,
  color: Ink,
): void {
  context.save();
  context.translate(view.offset.x, view.offset.y);
  context.scale(view.scale, view.scale);
  const path = pathOf(shape, view.scale * view.ratio);
  context.fillStyle = cssColor(color, 0.22);
  context.fill(path, "evenodd");
  stroke(context, path, "rgb(0 0 0 / 0.5)", 3 / view.scale);
  context.setLineDash([5 / view.scale, 4 / view.scale]);
  stroke(context, path, "#fff", 1.5 / view.scale);
  context.restore();
}

/**
 * How wide most outlines are, in CSS pixels. A line of at most one device pixel is drawn another way, which without a
 * graphics card takes a quarter of the time: with 40 masks a frame took 24 ms, and takes 11.
 */
function plainLine(ratio: number): number {
  return ratio < 1.5 ? 1 / ratio : 1.25;
}

function stroke(context: CanvasRenderingContext2D, path: Path2D, style: string, width: number): void {
  context.strokeStyle = style;
  context.lineWidth = width;
  context.stroke(path);
}

/**
 * A shape as a path in image coordinates, made once; with no more detail than is seen where an image pixel is `density`
 * device pixels.
 */
export function pathOf(shape: Shape, density = Number.POSITIVE_INFINITY): Path2D {
  // 0: all there is; n: as for a view in which a pixel of the shape is less than 2^(1 - n) device pixels.
  const level = Math.max(0, Math.ceil(-Math.log2(density * Math.min(shape.across, shape.down))));
  const made = paths.get(shape) ?? new Map<number, Path2D>();
  paths.set(shape, made);
  const known = made.get(level);
  if (known !== undefined) return known;
  const path = new Path2D();
  const outlines: Outlines = level === 0 ? shape.rings : coarsen(shape.rings, UNSEEN * 2 ** (level - 1));
  for (const outline of outlines) {
    for (let i = 0; i < outline.length; i += 2) {
      const x = shape.left + (outline[i] ?? 0) * shape.across;
      const y = shape.top + (outline[i + 1] ?? 0) * shape.down;
      if (i === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
    path.closePath();
  }
  made.set(level, path);
  return path;
}
