/**
 * Where the picture lies on the stage, and the only place that converts between their frames.
 *
 * *Stage*: CSS pixels from the stage's top left corner. *Image*: continuous coordinates of the picture, (0, 0) its top
 * left corner and (width, height) its bottom right one. *Pixels*: what Python and the wire speak, where the centre of
 * the top left pixel is (0, 0); `toPixels` and `fromPixels` shift by the half pixel between the two.
 */

export interface Vec {
  readonly x: number;
  readonly y: number;
}

export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Left, top, right, bottom. */
export type Box = readonly [number, number, number, number];

export interface Viewport {
  readonly image: Extent;
  readonly stage: Extent;
  /** CSS pixels per image pixel. */
  readonly scale: number;
  /** The image's top left corner on the stage, in CSS pixels. */
  readonly offset: Vec;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  /** Whether the picture follows the stage when that changes its size. */
  readonly fitted: boolean;
}

const MAX_SCALE = 64;

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** The scale at which the whole picture just fits. */
export function fitScale(view: Viewport): number {
  const { image, stage } = view;
  return stage.width > 0 && stage.height > 0
    ? Math.min(stage.width / image.width, stage.height / image.height)
    : 1;
}

/** The whole picture, centred. */
export function fitPicture(view: Viewport): Viewport {
  const scale = fitScale(view);
  return {
    ...view,
    scale,
    fitted: true,
    offset: {
      x: (view.stage.width - view.image.width * scale) / 2,
      y: (view.stage.height - view.image.height * scale) / 2,
    },
  };
}

export function createViewport(image: Extent, stage: Extent, ratio: number): Viewport {
  return fitPicture({ image, stage, ratio, scale: 1, offset: { x: 0, y: 0 }, fitted: true });
}

/** The same place on a stage of another size: a fitted picture stays fitted, another keeps its scale and its centre. */
export function resize(view: Viewport, stage: Extent, ratio: number): Viewport {
  const resized = { ...view, stage, ratio };
  if (view.fitted || view.stage.width === 0) return fitPicture(resized);
  const offset = {
    x: view.offset.x + (stage.width - view.stage.width) / 2,
    y: view.offset.y + (stage.height - view.stage.height) / 2,
  };
  return contain({ ...resized, offset });
}

/** Zoom by a factor; the image point under `at` (stage) stays under it. */
export function zoomAt(view: Viewport, factor: number, at: Vec): Viewport {
  const low = Math.min(fitScale(view), 1 / view.ratio);
  const scale = clamp(view.scale * factor, low, Math.max(MAX_SCALE, low));
  const change = scale / view.scale;
  return contain({
    ...view,
    scale,
    fitted: false,
    offset: { x: at.x - (at.x - view.offset.x) * change, y: at.y - (at.y - view.offset.y) * change },
  });
}

/** One image pixel on one device pixel, about the stage's centre. */
export function oneToOne(view: Viewport): Viewport {
  const centre = { x: view.stage.width / 2, y: view.stage.height / 2 };
  return zoomAt(view, 1 / view.ratio / view.scale, centre);
}

export function pan(view: Viewport, by: Vec): Viewport {
  return contain({ ...view, fitted: false, offset: { x: view.offset.x + by.x, y: view.offset.y + by.y } });
}

/** Keep the picture on the stage: centred where it is smaller, without a gap where it is larger. */
function contain(view: Viewport): Viewport {
  const along = (offset: number, length: number, room: number): number =>
    length <= room ? (room - length) / 2 : clamp(offset, room - length, 0);
  return {
    ...view,
    offset: {
      x: along(view.offset.x, view.image.width * view.scale, view.stage.width),
      y: along(view.offset.y, view.image.height * view.scale, view.stage.height),
    },
  };
}

/** Stage to image, not clamped. */
export function toImage(view: Viewport, at: Vec): Vec {
  return { x: (at.x - view.offset.x) / view.scale, y: (at.y - view.offset.y) / view.scale };
}

/** Image to stage. */
export function toStage(view: Viewport, at: Vec): Vec {
  return { x: at.x * view.scale + view.offset.x, y: at.y * view.scale + view.offset.y };
}

/** Image to pixels, clamped to the pixels there are. */
export function toPixels(at: Vec, image: Extent): Vec {
  return { x: clamp(at.x - 0.5, 0, image.width - 1), y: clamp(at.y - 0.5, 0, image.height - 1) };
}

/** Pixels to image. */
export function fromPixels(at: Vec): Vec {
  return { x: at.x + 0.5, y: at.y + 0.5 };
}

/** Stage to pixels: what a click at this place says to the model. */
export function stageToPixels(view: Viewport, at: Vec): Vec {
  return toPixels(toImage(view, at), view.image);
}

/** Pixels to stage: where a prompt is drawn. */
export function pixelsToStage(view: Viewport, at: Vec): Vec {
  return toStage(view, fromPixels(at));
}

/** A box in pixels, on the stage. */
export function boxToStage(view: Viewport, box: Box): Box {
  const from = pixelsToStage(view, { x: box[0], y: box[1] });
  const to = pixelsToStage(view, { x: box[2], y: box[3] });
  return [from.x, from.y, to.x, to.y];
}

/** The box in pixels between two corners on the stage, whichever way round they are. */
export function boxBetween(view: Viewport, a: Vec, b: Vec): Box {
  const from = stageToPixels(view, { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y) });
  const to = stageToPixels(view, { x: Math.max(a.x, b.x), y: Math.max(a.y, b.y) });
  return [from.x, from.y, to.x, to.y];
}

/** Whether a place on the stage lies on the picture. */
export function isOnPicture(view: Viewport, at: Vec): boolean {
  const { x, y } = toImage(view, at);
  return x >= 0 && y >= 0 && x <= view.image.width && y <= view.image.height;
}
