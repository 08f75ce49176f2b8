/** The picture layer. */

import type { Viewport } from "../geometry/viewport";

// From this many device pixels per image pixel on, the pixels themselves are what one wants to see.
const SHARP_FROM = 4;

export function paintPicture(
  context: CanvasRenderingContext2D,
  view: Viewport,
  bitmap: ImageBitmap | null,
): void {
  if (bitmap === null) return;
  context.imageSmoothingEnabled = view.scale * view.ratio < SHARP_FROM;
  context.imageSmoothingQuality = "high";
  const { image, scale, offset } = view;
  context.drawImage(bitmap, offset.x, offset.y, image.width * scale, image.height * scale);
}
