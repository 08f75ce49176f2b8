/** The picture layer. */

import type { Viewport } from "../geometry/viewport";

// From this many device pixels per image pixel on, the pixels themselves are what one wants to see.
const SHARP_FROM = 4;

/**
 * Draw the picture; `smoothing` is dear where there is no graphics card. Of 12 megapixels on two cores, "high" took
 * 430 ms a frame, "medium" 70, "low" 33.
 */
export function paintPicture(
  context: CanvasRenderingContext2D,
  view: Viewport,
  bitmap: ImageBitmap | null,
  smoothing: ImageSmoothingQuality,
): void {
  if (bitmap === null) return;
  context.imageSmoothingEnabled = view.scale * view.ratio < SHARP_FROM;
  context.imageSmoothingQuality = smoothing;
  const { image, scale, offset } = view;
  context.drawImage(bitmap, offset.x, offset.y, image.width * scale, image.height * scale);
}
