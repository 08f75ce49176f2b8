/** The tools that draw a line: scribbles for the model to go by, and a brush and an eraser for the mask itself. */

import { pathPlaces, pathText, simplified } from "../geometry/strokes";
import { isOnPicture, pixelsToStage, stageToPixels, type Vec } from "../geometry/viewport";
import type { Edit, ObjectView } from "../protocol/messages.gen";
import { type Command, type InputEvent, isFar, onTarget, type Step, type Tool, type ToolView } from "./tool";

export type StrokeState =
  | { readonly name: "idle"; readonly at: Vec | null }
  | { readonly name: "drawing"; readonly places: ReadonlyArray<Vec>; readonly label: 0 | 1 };

export type StrokeTool = "scribble" | "brush" | "eraser";

// How far a path may be from the hand, and how near a tap must come to a scribble, in CSS pixels.
const TOLERANCE = 0.6;
const REACH = 9;

/** The tool that draws lines of this kind. */
export function strokeTool(id: StrokeTool): Tool<StrokeState> {
  return {
    id,
    initial: { name: "idle", at: null },
    on(state, event, view) {
      switch (event.type) {
        case "cancel":
        case "interrupt":
        case "leave":
        case "finish":
          return event.type === "leave" && state.name === "drawing"
            ? stay(state)
            : stay({ name: "idle", at: null });
        case "down":
          return isOnPicture(view.viewport, event.at)
            ? stay({ name: "drawing", places: [event.at], label: labelOf(id, event, view) })
            : stay(state);
        case "move":
          if (state.name === "idle") return stay({ name: "idle", at: event.at });
          return isFar(event.at, state.places.at(-1), 1)
            ? stay({ ...state, places: [...state.places, event.at] })
            : stay(state);
        case "up":
          return {
            state: { name: "idle", at: event.at },
            commands: state.name === "drawing" ? drawn(id, state, event.held.batch, view) : [],
          };
      }
    },
  };
}

const stay = (state: StrokeState): Step<StrokeState> => ({ state, commands: [] });

function labelOf(id: StrokeTool, event: Extract<InputEvent, { type: "down" }>, view: ToolView): 0 | 1 {
  const isOpposite = event.button === "secondary" || event.held.alt;
  const plain = id === "eraser" ? 0 : id === "brush" ? 1 : view.labelAt(event.at);
  return isOpposite ? (plain === 1 ? 0 : 1) : plain;
}

function drawn(
  id: StrokeTool,
  { places, label }: Extract<StrokeState, { name: "drawing" }>,
  open: boolean,
  view: ToolView,
): Command[] {
  const [first] = places;
  const isTap = first !== undefined && !places.some((place) => isFar(place, first, 4));
  if (id === "scribble" && isTap) return [{ type: "edit", open, edits: tapped(first, label, view) }];
  const { scale } = view.viewport;
  const pixels = simplified(
    places.map((place) => stageToPixels(view.viewport, place)),
    TOLERANCE / scale,
  );
  return [
    {
      type: "edit",
      open,
      edits: strokeEdits(id === "scribble", pathText(pixels), view.brush / scale, label, view),
    },
  ];
}

/** What a finished line or outline does: it tells the model something, or it is painted. */
export function strokeEdits(
  isScribble: boolean,
  path: string,
  width: number,
  label: 0 | 1,
  view: ToolView,
): ReadonlyArray<Edit> {
  const kind = isScribble || !view.keeps ? "add_stroke" : "paint_mask";
  return onTarget(view, (object) => ({ kind, object, path, width: Math.round(width * 8) / 8, label }));
}

/** A tap of the scribble tool: a scribble under it goes, anywhere else it is a click. */
function tapped(at: Vec, label: 0 | 1, view: ToolView): ReadonlyArray<Edit> {
  const index = view.target === null ? -1 : strokeAt(view.target, at, view);
  if (view.target !== null && index >= 0) return [{ kind: "remove_stroke", object: view.target.id, index }];
  const { x, y } = stageToPixels(view.viewport, at);
  return onTarget(view, (object) => ({ kind: "add_point", object, x, y, label }));
}

/** The newest scribble under a place on the stage, or -1. */
function strokeAt(object: ObjectView, at: Vec, { viewport }: ToolView): number {
  return object.strokes.findLastIndex(({ path, width }) => {
    const reach = Math.max(REACH, (width * viewport.scale) / 2);
    const places = pathPlaces(path).map((place) => pixelsToStage(viewport, place));
    return places.some((place, i) => distance(at, place, places[i + 1] ?? place) <= reach);
  });
}

function distance(at: Vec, a: Vec, b: Vec): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const long = dx * dx + dy * dy;
  const part = long > 0 ? Math.min(Math.max(((at.x - a.x) * dx + (at.y - a.y) * dy) / long, 0), 1) : 0;
  return Math.hypot(at.x - a.x - part * dx, at.y - a.y - part * dy);
}
