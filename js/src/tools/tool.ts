/** What a tool is: a pure state machine from input to commands. It keeps nothing outside its state and touches no DOM. */

import type { Vec, Viewport } from "../geometry/viewport";
import type { Edit, ObjectView } from "../protocol/messages.gen";

/** Places are in CSS pixels of the stage. */
export type InputEvent =
  | {
      readonly type: "down";
      readonly at: Vec;
      readonly button: Button;
      readonly held: Held;
      readonly isTouch: boolean;
    }
  | { readonly type: "move"; readonly at: Vec; readonly held: Held }
  | { readonly type: "up"; readonly at: Vec; readonly held: Held }
  /** The pointer is no longer over the stage. */
  | { readonly type: "leave" }
  /** What is being drawn is complete (Enter). */
  | { readonly type: "finish" }
  /** The user takes it back (Escape). */
  | { readonly type: "cancel" }
  /** Something came between: the pointer was taken away, a second finger, the kernel is gone, the view closes. */
  | { readonly type: "interrupt" };

export type Button = "primary" | "secondary" | "middle";

export interface Held {
  readonly shift: boolean;
  readonly alt: boolean;
  readonly space: boolean;
  /** Leave what is there alone, and make something new. */
  readonly fresh: boolean;
  /** Ctrl, or Cmd on a Mac: gather clicks before asking the model. */
  readonly batch: boolean;
}

/** What a tool may look at. */
export interface ToolView {
  readonly viewport: Viewport;
  /** The object prompts go to; null when the next one makes an object. */
  readonly target: ObjectView | null;
  readonly nextId: number;
  /** The label a plain click gives at a place: 1 on the object, 0 beside it. */
  readonly labelAt: (at: Vec) => 0 | 1;
  /** How wide lines are drawn, in CSS pixels. */
  readonly brush: number;
  /** Whether what is painted becomes the mask, and not a hint for the model. */
  readonly keeps: boolean;
}

/** An edit of the target, which is made in the same step when there is none. */
export function onTarget(view: ToolView, edit: (object: number) => Edit): ReadonlyArray<Edit> {
  if (view.target !== null) return [edit(view.target.id)];
  return [{ kind: "add_object", object: view.nextId }, edit(view.nextId)];
}

/** Whether two places are at least so far apart; a place that there is not is far from all. */
export function isFar(a: Vec, b: Vec | undefined, distance: number): boolean {
  return b === undefined || Math.hypot(a.x - b.x, a.y - b.y) >= distance;
}

export type Command =
  | { readonly type: "edit"; readonly edits: ReadonlyArray<Edit>; readonly open: boolean }
  | { readonly type: "pan"; readonly by: Vec };

export interface Step<S> {
  readonly state: S;
  readonly commands: ReadonlyArray<Command>;
}

export interface Tool<S> {
  readonly id: string;
  readonly initial: S;
  readonly on: (state: S, event: InputEvent, view: ToolView) => Step<S>;
}
