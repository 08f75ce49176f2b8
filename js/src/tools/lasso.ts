/** The tool that goes around an area: drag along its edge, or click from corner to corner. */

import { pathText, simplified } from "../geometry/strokes";
import { isOnPicture, stageToPixels, type Vec } from "../geometry/viewport";
import { strokeEdits } from "./stroke";
import { type Command, isFar, type Step, type Tool, type ToolView } from "./tool";

export type LassoState =
  | { readonly name: "idle" }
  /** The button is down: a drag goes on from the corners there are, a click adds one. */
  | Around<"pressing" | "dragging">
  /** Between two clicks; `to` is where the next corner would be. */
  | (Around<"corners"> & { readonly to: Vec });

interface Around<Name extends string> {
  readonly name: Name;
  readonly places: ReadonlyArray<Vec>;
  readonly label: 0 | 1;
}

const IDLE: LassoState = { name: "idle" };
const DRAG_FROM = 4;
const TOLERANCE = 0.6;
/** So near to the first corner a click closes the outline, in CSS pixels. */
export const CLOSE_REACH = 12;

export const lassoTool: Tool<LassoState> = {
  id: "lasso",
  initial: IDLE,
  on(state, event, view) {
    switch (event.type) {
      case "cancel":
        return stay(IDLE);
      case "interrupt":
        return stay(state.name === "corners" ? state : IDLE);
      case "leave":
        return stay(state);
      case "finish":
        return state.name === "corners" ? closed(state.places, state.label, false, view) : stay(state);
      case "down": {
        if (state.name === "corners")
          return stay({ ...state, name: "pressing", places: [...state.places, event.at] });
        if (!isOnPicture(view.viewport, event.at)) return stay(IDLE);
        const label = event.button === "secondary" || event.held.alt ? 0 : 1;
        return stay({ name: "pressing", places: [event.at], label });
      }
      case "move":
        return stay(moved(state, event.at));
      case "up":
        return released(moved(state, event.at), event.at, event.held.batch, view);
    }
  },
};

const stay = (state: LassoState): Step<LassoState> => ({ state, commands: [] });

function moved(state: LassoState, at: Vec): LassoState {
  switch (state.name) {
    case "idle":
      return state;
    case "corners":
      return { ...state, to: at };
    case "pressing":
      return isFar(at, state.places.at(-1), DRAG_FROM)
        ? { ...state, name: "dragging", places: [...state.places, at] }
        : state;
    case "dragging":
      return isFar(at, state.places.at(-1), 1) ? { ...state, places: [...state.places, at] } : state;
  }
}

function released(state: LassoState, at: Vec, open: boolean, view: ToolView): Step<LassoState> {
  if (state.name === "dragging") return closed(state.places, state.label, open, view);
  if (state.name !== "pressing") return stay(state);
  const { places, label } = state;
  const [first, before] = [places[0], places.at(-2)];
  const isAround = places.length > 3 && !isFar(at, first, CLOSE_REACH);
  const isTwice = places.length > 3 && !isFar(at, before, DRAG_FROM);
  if (isAround || isTwice) return closed(places.slice(0, -1), label, open, view);
  return stay({ name: "corners", places, label, to: at });
}

function closed(places: ReadonlyArray<Vec>, label: 0 | 1, open: boolean, view: ToolView): Step<LassoState> {
  const pixels = places.map((place) => stageToPixels(view.viewport, place));
  const corners = simplified(pixels, TOLERANCE / view.viewport.scale);
  if (corners.length < 3) return stay(IDLE);
  const edits = strokeEdits(false, pathText(corners), 0, label, view);
  const command: Command = { type: "edit", open, edits };
  return { state: IDLE, commands: [command] };
}
