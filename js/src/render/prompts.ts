/** The prompt layer: the selected object's clicks and box, and on the draft layer what the pointer is about to make. */

import { type Box, boxToStage, pixelsToStage, type Vec, type Viewport } from "../geometry/viewport";
import type { ObjectView } from "../protocol/messages.gen";
import type { Ink } from "../state/inks";
import { closeAt, handleAt, handlesOf } from "../tools/handles";
import { cssColor, NEGATIVE, POSITIVE } from "./masks";
import { paintScribble } from "./strokes";

const POINT_RADIUS = 7;
const HANDLE_RADIUS = 4.5;

/** What is hidden because the draft shows it in another place. */
export interface Hidden {
  readonly point: number | null;
  readonly box: boolean;
}

export function paintPrompts(
  context: CanvasRenderingContext2D,
  view: Viewport,
  object: ObjectView,
  hidden: Hidden,
  ink: Ink = object.color,
): void {
  if (object.kept) return; // what was said of it has no say any more
  if (object.box !== null && !hidden.box) {
    const box = boxToStage(view, object.box);
    paintBox(context, box, ink);
    for (const handle of handlesOf(box)) paintHandle(context, handleAt(box, handle), ink);
    paintCross(context, closeAt(box, view));
  }
  for (const scribble of object.strokes) paintScribble(context, view, scribble);
  object.points.forEach((point, index) => {
    if (index !== hidden.point) paintPoint(context, pixelsToStage(view, point), point.label);
  });
}

/** A click: a green disc with a plus, or a red one with a minus, so that colour is not the only sign. */
export function paintPoint(
  context: CanvasRenderingContext2D,
  at: Vec,
  label: number,
  radius = POINT_RADIUS,
): void {
  context.beginPath();
  context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  context.fillStyle = label === 1 ? POSITIVE : NEGATIVE;
  context.shadowColor = "rgb(0 0 0 / 0.5)";
  context.shadowBlur = 3;
  context.fill();
  context.shadowBlur = 0;
  context.lineWidth = 1.75;
  context.strokeStyle = "#fff";
  context.stroke();
  const arm = radius * 0.5;
  context.beginPath();
  context.moveTo(at.x - arm, at.y);
  context.lineTo(at.x + arm, at.y);
  if (label === 1) {
    context.moveTo(at.x, at.y - arm);
    context.lineTo(at.x, at.y + arm);
  }
  context.stroke();
}

/** A box on the stage: the object's colour on a dark line, to be seen on any picture. */
export function paintBox(
  context: CanvasRenderingContext2D,
  [left, top, right, bottom]: Box,
  color: Ink,
  dash: number[] = [],
): void {
  context.setLineDash([]);
  context.lineWidth = 3.5;
  context.strokeStyle = "rgb(0 0 0 / 0.55)";
  context.strokeRect(left, top, right - left, bottom - top);
  context.setLineDash(dash);
  context.lineWidth = 1.75;
  context.strokeStyle = dash.length > 0 ? "#fff" : cssColor(color);
  context.strokeRect(left, top, right - left, bottom - top);
  context.setLineDash([]);
}

function paintHandle(context: CanvasRenderingContext2D, at: Vec, color: Ink): void {
  context.beginPath();
  context.arc(at.x, at.y, HANDLE_RADIUS, 0, 2 * Math.PI);
  context.fillStyle = "#fff";
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = cssColor(color);
  context.stroke();
}

function paintCross(context: CanvasRenderingContext2D, at: Vec): void {
  context.beginPath();
  context.arc(at.x, at.y, 9, 0, 2 * Math.PI);
  context.fillStyle = "rgb(30 30 30 / 0.75)";
  context.fill();
  context.beginPath();
  context.moveTo(at.x - 3.5, at.y - 3.5);
  context.lineTo(at.x + 3.5, at.y + 3.5);
  context.moveTo(at.x + 3.5, at.y - 3.5);
  context.lineTo(at.x - 3.5, at.y + 3.5);
  context.lineWidth = 1.75;
  context.strokeStyle = "#fff";
  context.stroke();
}

/** The keyboard's cursor: a cross over the whole stage, with a gap about the place itself. */
export function paintCrosshair(context: CanvasRenderingContext2D, view: Viewport, at: Vec): void {
  const { width, height } = view.stage;
  const sharp = (place: number) => (Math.floor(place * view.ratio) + 0.5) / view.ratio; // lines amid device pixels
  const [x, y] = [sharp(at.x), sharp(at.y)];
  const lines = [
    [0, y, x - 8, y],
    [x + 8, y, width, y],
    [x, 0, x, y - 8],
    [x, y + 8, x, height],
  ] as const;
  for (const [style, thickness] of [
    ["rgb(0 0 0 / 0.6)", 3],
    ["#fff", 1],
  ] as const) {
    context.beginPath();
    for (const [x0, y0, x1, y1] of lines) {
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
    }
    context.strokeStyle = style;
    context.lineWidth = thickness;
    context.stroke();
  }
}
