/** The tool that makes prompts: click for a point, drag for a box, and hold of what is there already. */

import { type Box, boxBetween, boxToStage, isOnPicture, stageToPixels, type Vec } from "../geometry/viewport";
import { type Grip, gripAt, type Handle } from "./handles";
import { type Command, type InputEvent, onTarget, type Step, type Tool, type ToolView } from "./tool";

export type PromptState =
  | { readonly name: "idle"; readonly hover: Grip | null }
  /** Down, and not yet far enough to be a drag. */
  | { readonly name: "pressing"; readonly from: Vec; readonly label: 0 | 1; readonly grip: Grip | null }
  | { readonly name: "boxing"; readonly from: Vec; readonly to: Vec }
  | { readonly name: "moving"; readonly index: number; readonly to: Vec }
  | { readonly name: "resizing"; readonly handle: Handle; readonly to: Vec };

const DRAG_FROM = 4;
const IDLE: PromptState = { name: "idle", hover: null };
const stay = (state: PromptState): Step<PromptState> => ({ state, commands: [] });

export const promptTool: Tool<PromptState> = {
  id: "prompt",
  initial: IDLE,
  on(state, event, view) {
    switch (event.type) {
      case "cancel":
      case "interrupt":
        return stay(IDLE);
      case "leave":
        return stay(state.name === "idle" ? IDLE : state);
      case "finish":
        return stay(state);
      case "down":
        return press(event, view);
      case "move":
        return stay(dragged(state, event.at, view));
      case "up":
        return { state: IDLE, commands: released(dragged(state, event.at, view), event, view) };
    }
  },
};

/** The box a draft would make, in pixels; null when no box is being made. */
export function draftBox(state: PromptState, view: ToolView): Box | null {
  if (state.name === "boxing") return boxBetween(view.viewport, state.from, state.to);
  if (state.name !== "resizing" || view.target?.box == null) return null;
  const [left, top, right, bottom] = boxToStage(view.viewport, view.target.box);
  const { handle, to } = state;
  const a = { x: handle.x < 0 ? to.x : left, y: handle.y < 0 ? to.y : top };
  const b = { x: handle.x > 0 ? to.x : right, y: handle.y > 0 ? to.y : bottom };
  return boxBetween(view.viewport, a, b);
}

function press(event: Extract<InputEvent, { type: "down" }>, view: ToolView): Step<PromptState> {
  const grip = event.held.fresh ? null : gripAt(view.target, view.viewport, event.at, event.isTouch);
  if (grip === null && !isOnPicture(view.viewport, event.at)) return stay(IDLE);
  const isOpposite = event.button === "secondary" || event.held.alt;
  const plain = view.labelAt(event.at);
  const label = isOpposite ? (plain === 1 ? 0 : 1) : plain;
  return stay({ name: "pressing", from: event.at, label, grip });
}

function dragged(state: PromptState, at: Vec, view: ToolView): PromptState {
  switch (state.name) {
    case "idle":
      return { name: "idle", hover: gripAt(view.target, view.viewport, at, false) };
    case "boxing":
    case "moving":
    case "resizing":
      return { ...state, to: at };
    case "pressing": {
      const { from, grip } = state;
      if (Math.hypot(at.x - from.x, at.y - from.y) < DRAG_FROM) return state;
      if (grip === null) return { name: "boxing", from, to: at };
      if (grip.type === "point") return { name: "moving", index: grip.index, to: at };
      return grip.type === "handle" ? { name: "resizing", handle: grip.handle, to: at } : state;
    }
  }
}

function released(state: PromptState, event: Extract<InputEvent, { type: "up" }>, view: ToolView): Command[] {
  const open = event.held.batch;
  switch (state.name) {
    case "idle":
      return [];
    case "pressing":
      return clicked(state.from, state.label, state.grip, open, view);
    case "moving": {
      if (view.target === null) return [];
      const { x, y } = stageToPixels(view.viewport, state.to);
      return [
        {
          type: "edit",
          open,
          edits: [{ kind: "move_point", object: view.target.id, index: state.index, x, y }],
        },
      ];
    }
    case "boxing":
    case "resizing": {
      const box = draftBox(state, view);
      return box === null || box[0] === box[2] || box[1] === box[3]
        ? []
        : [{ type: "edit", open, edits: onTarget(view, (object) => ({ kind: "set_box", object, box })) }];
    }
  }
}

function clicked(at: Vec, label: 0 | 1, grip: Grip | null, open: boolean, view: ToolView): Command[] {
  const id = view.target?.id;
  if (grip?.type === "point" && id !== undefined)
    return [{ type: "edit", open, edits: [{ kind: "remove_point", object: id, index: grip.index }] }];
  if (grip?.type === "close-box" && id !== undefined)
    return [{ type: "edit", open, edits: [{ kind: "set_box", object: id, box: null }] }];
  if (grip !== null) return [];
  const { x, y } = stageToPixels(view.viewport, at);
  return [
    { type: "edit", open, edits: onTarget(view, (object) => ({ kind: "add_point", object, x, y, label })) },
  ];
}
