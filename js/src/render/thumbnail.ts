/** A small picture of a mask, cut out of the picture around it. */

import type { Box, Extent } from "../geometry/viewport";
import type { Ink } from "../state/inks";
import type { Shape } from "../state/masks";
import { cssColor, pathOf } from "./masks";

const MARGIN = 0.12;

/** Scale and offset of the picture in a thumbnail: all of a box and some margin, as far as there is picture. */
export function cutout(box: Box | null, image: Extent, size: Extent): readonly [number, number, number] {
  const [left, top, right, bottom] = box ?? [0, 0, image.width, image.height];
  const room = 1 + 2 * MARGIN;
  const around = Math.min(size.width / ((right - left) * room), size.height / ((bottom - top) * room));
  const scale = Math.max(around, size.width / image.width, size.height / image.height);
  const along = (centre: number, length: number, whole: number) =>
    Math.min(0, Math.max(length - whole * scale, length / 2 - centre * scale));
  return [
    scale,
    along((left + right) / 2, size.width, image.width),
    along((top + bottom) / 2, size.height, image.height),
  ];
}

/** Paint the part of the picture that `cutout` has chosen, and a mask over it. */
export function paintThumbnail(
  canvas: HTMLCanvasElement,
  size: Extent,
  shape: Shape | null,
  [scale, x, y]: readonly [number, number, number],
  image: Extent,
  bitmap: ImageBitmap | null,
  ink: Ink,
): void {
  const ratio = Math.min(window.devicePixelRatio, 2);
  [canvas.width, canvas.height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.scale(ratio, ratio);
  context.translate(x, y);
  context.scale(scale, scale);
  context.imageSmoothingQuality = "high";
  if (bitmap !== null) context.drawImage(bitmap, 0, 0, image.width, image.height);
  if (shape === null) return;
  context.fillStyle = cssColor(ink, 0.6);
  context.fill(pathOf(shape), "evenodd");
  context.strokeStyle = cssColor(ink);
  context.lineWidth = 1.25 / scale;
  context.stroke(pathOf(shape));
}
