/** Lines drawn by hand: scribbles among the prompts, and what the brush, the eraser and the lasso are about to make. */

import { pathPlaces } from "../geometry/strokes";
import { type Box, pixelsToStage, stageToPixels, type Vec, type Viewport } from "../geometry/viewport";
import type { StrokeView } from "../protocol/messages.gen";
import type { Ink } from "../state/inks";
import { CLOSE_REACH, type LassoState } from "../tools/lasso";
import type { ToolId } from "../tools/runner";
import type { StrokeState } from "../tools/stroke";
import { cssColor, NEGATIVE, POSITIVE } from "./masks";

type Context = CanvasRenderingContext2D;

const THIN = 1.5;

/** A scribble: a wide line of its label's colour that lets the picture through, and a thin one along its middle. */
export function paintScribble(context: Context, view: Viewport, { path, width, label }: StrokeView): void {
  const places = pathPlaces(path).map((place) => pixelsToStage(view, place));
  const color = label === 1 ? POSITIVE : NEGATIVE;
  if (width === 0) return paintOutline(context, places, true, color);
  trace(context, places);
  context.globalAlpha = 0.5;
  line(context, color, Math.max(width * view.scale, 3));
  context.globalAlpha = 1;
  line(context, "#fff", THIN, label === 1 ? [] : [5, 4]);
}

/** Paint that the mask does not have yet: added in the object's colour, or taken away. */
export function paintWet(context: Context, view: Viewport, stroke: StrokeView, color: string): void {
  const places = pathPlaces(stroke.path).map((place) => pixelsToStage(view, place));
  if (stroke.label === 0) context.globalCompositeOperation = "destination-out";
  trace(context, places);
  context.fillStyle = stroke.label === 0 ? "#000" : color;
  if (stroke.width === 0) context.fill("evenodd");
  else line(context, context.fillStyle, stroke.width * view.scale);
  context.globalCompositeOperation = "source-over";
}

/** How what is being drawn looks. */
export interface DraftLook {
  readonly tool: ToolId;
  readonly brush: number;
  readonly keeps: boolean;
  readonly color: Ink;
}

/** The line being drawn, or the size of the brush where the pointer is. */
export function paintStroke(context: Context, view: Viewport, state: StrokeState, look: DraftLook): void {
  if (state.name === "idle") {
    if (state.at !== null) paintRing(context, state.at, look.brush / 2, look.tool === "eraser");
    return;
  }
  const { places, label } = state;
  const isHint = look.tool === "scribble" || !look.keeps;
  const marked = label === 1 ? POSITIVE : NEGATIVE;
  const painted = label === 1 ? cssColor(look.color) : "#fff";
  trace(
    context,
    places.map((place) => pixelsToStage(view, stageToPixels(view, place))),
  );
  context.globalAlpha = 0.5;
  line(context, isHint ? marked : painted, look.brush);
  context.globalAlpha = 1;
  if (isHint) line(context, "#fff", THIN, label === 1 ? [] : [5, 4]);
  const last = places.at(-1);
  if (last !== undefined && !isHint) paintRing(context, last, look.brush / 2, label === 0);
}

/** The outline being drawn, closed by a broken line; its first corner is where it can be closed. */
export function paintLasso(context: Context, view: Viewport, state: LassoState, color: Ink): void {
  if (state.name === "idle") return;
  const at = (place: Vec) => pixelsToStage(view, stageToPixels(view, place));
  const places = state.places.map(at);
  if (state.name === "corners") places.push(at(state.to));
  paintOutline(context, places, false, state.label === 1 ? cssColor(color) : NEGATIVE);
  const [first] = places;
  if (first === undefined || state.name === "dragging") return;
  const isNear = state.name === "corners" && state.places.length > 2 && near(first, at(state.to));
  context.beginPath();
  context.arc(first.x, first.y, isNear ? 7 : 4.5, 0, 2 * Math.PI);
  context.fillStyle = "#fff";
  context.fill();
  line(context, cssColor(color), 2);
}

const near = (a: Vec, b: Vec): boolean => Math.hypot(a.x - b.x, a.y - b.y) < CLOSE_REACH;

function paintOutline(context: Context, places: ReadonlyArray<Vec>, isClosed: boolean, color: string): void {
  trace(context, places);
  if (isClosed) context.closePath();
  context.globalAlpha = 0.25;
  context.fillStyle = color;
  context.fill("evenodd");
  context.globalAlpha = 1;
  line(context, "rgb(0 0 0 / 0.55)", 3.5);
  line(context, isClosed ? color : "#fff", 1.75, isClosed ? [6, 4] : []);
}

const RING = 3;

/** Where the circle of a brush is that rests at a place of the stage. */
export function ringBounds(at: Vec, brush: number): Box {
  const reach = Math.max(brush / 2, 1.5) + RING;
  return [at.x - reach, at.y - reach, at.x + reach, at.y + reach];
}

/** A circle as large as the brush, to be seen on any picture; the eraser's is broken. */
function paintRing(context: Context, at: Vec, radius: number, isEraser: boolean): void {
  context.beginPath();
  context.arc(at.x, at.y, Math.max(radius, 1.5), 0, 2 * Math.PI);
  line(context, "rgb(0 0 0 / 0.6)", RING);
  line(context, "#fff", THIN, isEraser ? [4, 4] : []);
  context.beginPath();
  context.arc(at.x, at.y, 1, 0, 2 * Math.PI);
  context.fillStyle = "#fff";
  context.fill();
}

function trace(context: Context, places: ReadonlyArray<Vec>): void {
  context.beginPath();
  const [first] = places;
  if (first === undefined) return;
  context.moveTo(first.x, first.y);
  for (const { x, y } of places.length > 1 ? places : [first]) context.lineTo(x, y);
}

function line(
  context: Context,
  style: string | CanvasGradient | CanvasPattern,
  width: number,
  dash: number[] = [],
): void {
  context.setLineDash(dash);
  context.lineCap = dash.length > 0 ? "butt" : "round";
  context.lineJoin = "round";
  context.lineWidth = width;
  context.strokeStyle = style;
  context.stroke();
  context.setLineDash([]);
}
