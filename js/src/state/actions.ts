/** What keys and buttons do: edits of the document for the session, changes of the view for the ui. */

import type { Signal } from "@preact/signals-core";
import { fitPicture, oneToOne, type Vec, zoomAt } from "../geometry/viewport";
import type { Action } from "../input/keymap";
import type { Edit } from "../protocol/messages.gen";
import { gripAt } from "../tools/handles";
import type { ToolId } from "../tools/runner";
import type { Held, InputEvent } from "../tools/tool";
import { chosenObjects, isAmbiguous, isBare, nextId, selectedObject } from "./document";
import { ranked } from "./masks";
import type { Sheet } from "./sheet";
import type { Ui } from "./ui";

export interface Context {
  readonly session: Sheet;
  readonly ui: Ui;
  /** Feeds the tools, as the pointer does. */
  readonly input: (event: InputEvent) => void;
  /** Take another tool. */
  readonly take: (tool: ToolId) => void;
  /** The tool in hand. */
  readonly tool: () => ToolId;
  /** Whether a gesture is under way. */
  readonly isDrafting: () => boolean;
  /** Give the keyboard back to the notebook. */
  readonly leave: () => void;
}

const ZOOM_STEP = 1.25;
const BRUSH_STEP = 1.25;
export const BRUSH_SIZES = [3, 160] as const;
const CURSOR_STEP = 16;
const NOTHING_HELD: Held = { shift: false, alt: false, space: false, fresh: false, batch: false };

/** What a key or a button turns on and off. */
const SWITCHES: Readonly<Record<string, (ui: Ui) => Signal<boolean>>> = {
  "hide-masks": (ui) => ui.masksHidden,
  polarity: (ui) => ui.isNegative,
  auto: (ui) => ui.isAuto,
  foresee: (ui) => ui.isForeseeing,
  help: (ui) => ui.isHelpOpen,
  looks: (ui) => ui.isLooksOpen,
  "show-cross": (ui) => ui.hasCross,
  loupe: (ui) => ui.hasLoupe,
};

export function perform(action: Action, context: Context): void {
  const { session, ui } = context;
  const turned = SWITCHES[action.type]?.(ui);
  if (turned !== undefined) {
    turned.value = !turned.value;
    return;
  }
  const { stage } = ui.viewport.value;
  const centre = ui.cursor.value ?? { x: stage.width / 2, y: stage.height / 2 };
  switch (action.type) {
    case "undo":
    case "redo":
      return session.history(action.type);
    case "fit":
      ui.viewport.value = fitPicture(ui.viewport.value);
      return;
    case "one-to-one":
      ui.viewport.value = oneToOne(ui.viewport.value);
      return;
    case "zoom-in":
    case "zoom-out":
      ui.viewport.value = zoomAt(
        ui.viewport.value,
        action.type === "zoom-in" ? ZOOM_STEP : 1 / ZOOM_STEP,
        centre,
      );
      return;
    case "tool":
      return context.take(action.tool);
    case "brush-smaller":
    case "brush-larger":
      return sizeBrush(ui, action.type === "brush-larger" ? BRUSH_STEP : 1 / BRUSH_STEP);
    case "refine":
      return refine(context);
    case "class":
      return classify(context, action);
    case "new-object":
      if (context.isDrafting()) return context.input({ type: "finish" });
      break;
    case "outline":
      ui.look.value = ({ filled: "outline", outline: "solid", solid: "filled" } as const)[ui.look.value];
      return;
    case "rename":
      ui.renaming.value = session.document.value.selected;
      return;
    case "extend":
      return extend(context, action.by);
    case "next-object":
      ui.picked.value = new Set();
      break;
    case "escape":
      return backOut(context);
    case "cursor":
      return moveCursor(context, { x: action.x, y: action.y }, action.isFine ? 1 : CURSOR_STEP, centre);
    case "place":
      return place(context, action.isNegative);
    case "box":
    case "grab":
      return startOrEndDrag(context, action.type === "box");
  }
  session.edit(editsOf(action, session, ui.picked.value));
}

/** The edits of an action that changes the document; none when there is nothing to change. */
export function editsOf(
  action: Action,
  { document, masks }: Pick<Sheet, "document" | "masks">,
  picked: ReadonlySet<number> = new Set(),
): ReadonlyArray<Edit> {
  const { objects } = document.value;
  const selected = selectedObject(document.value);
  const chosen = chosenObjects(document.value, picked);
  switch (action.type) {
    case "new-object": {
      return selected !== undefined && isBare(selected) && !masks.value.has(selected.id)
        ? []
        : [{ kind: "add_object", object: nextId(document.value) }];
    }
    case "remove-object":
      return chosen.map(({ id }) => ({ kind: "remove_object", object: id }));
    case "lock":
      return chosen.map(({ id }) => ({ kind: "lock_object", object: id, locked: !selected?.locked }));
    case "hide":
      return chosen.map(({ id }) => ({ kind: "show_object", object: id, visible: !selected?.visible }));
    case "clear":
      return selected === undefined ? [] : [{ kind: "clear_prompts", object: selected.id }];
    case "candidate": {
      if (selected === undefined || !isAmbiguous(selected)) return [];
      const candidate = ranked(masks.value.get(selected.id)?.scores ?? null)[action.index];
      return candidate === undefined ? [] : [{ kind: "choose_candidate", object: selected.id, candidate }];
    }
    case "raise":
    case "lower": {
      const place = objects.findIndex(({ id }) => id === selected?.id) + (action.type === "raise" ? 1 : -1);
      if (selected === undefined || objects[place] === undefined) return [];
      return [{ kind: "move_object", object: selected.id, place }];
    }
    case "merge": {
      const others = chosen.map(({ id }) => id).filter((id) => id !== selected?.id);
      if (selected === undefined || others.length === 0) return [];
      return [{ kind: "merge_objects", object: selected.id, others }];
    }
    case "split":
      return selected === undefined ? [] : [{ kind: "split_object", object: selected.id }];
    case "class": {
      const label = document.value.classes[action.index]?.name;
      if (label === undefined) return [];
      if (chosen.length === 0) return [{ kind: "choose_class", label }];
      return chosen.map(({ id }) => ({ kind: "classify_object", object: id, label }));
    }
    case "next-object": {
      const from = selected === undefined ? Math.min(-action.by, 0) : objects.indexOf(selected);
      const next = objects.at((from + action.by) % objects.length);
      return next === undefined || next.id === selected?.id
        ? []
        : [{ kind: "select_object", object: next.id }];
    }
    default:
      return [];
  }
}

/** What is chosen gets a class. While one picks that is what will be kept, and no object out of sight. */
function classify({ session, ui }: Context, action: Extract<Action, { type: "class" }>): void {
  const label = session.document.value.classes[action.index]?.name;
  if (label !== undefined && ui.isPicking.value) session.edit([{ kind: "choose_class", label }]);
  else session.edit(editsOf(action, session, ui.picked.value));
}

/** Choose the next object too: the selection moves on, and what was selected stays chosen. */
function extend({ session, ui }: Context, by: 1 | -1): void {
  const { objects, selected } = session.document.value;
  const next = objects[objects.findIndex(({ id }) => id === selected) + by];
  if (next === undefined || selected === null) return;
  ui.picked.value = new Set([...ui.picked.value, selected, next.id]);
  session.edit([{ kind: "select_object", object: next.id }]);
}

/** A drawn mask is kept, or the model goes on from it; without one, that is how the next one will be. */
function refine({ session, ui }: Context): void {
  const selected = selectedObject(session.document.value);
  if (selected === undefined || selected.drawn === 0) ui.keeps.value = !ui.keeps.value;
  else session.edit([{ kind: "keep_mask", object: selected.id, kept: !selected.kept }]);
}

function sizeBrush(ui: Ui, factor: number): void {
  const [least, most] = BRUSH_SIZES;
  const size = ui.brush.value * factor;
  ui.brush.value = Math.min(Math.max(factor > 1 ? Math.ceil(size) : Math.floor(size), least), most);
}

function backOut({ ui, input, isDrafting, take, tool, leave }: Context): void {
  if (ui.isHelpOpen.value) ui.isHelpOpen.value = false;
  else if (ui.isLooksOpen.value) ui.isLooksOpen.value = false;
  else if (isDrafting()) input({ type: "cancel" });
  else if (ui.cursor.value !== null) ui.cursor.value = null;
  else if (ui.picked.value.size > 0) ui.picked.value = new Set();
  else if (tool() !== "prompt") take("prompt");
  else leave();
}

function moveCursor({ ui, input }: Context, by: Vec, step: number, from: Vec): void {
  const { width, height } = ui.viewport.value.stage;
  const at = {
    x: Math.min(Math.max(from.x + (ui.cursor.value === null ? 0 : by.x * step), 0), width),
    y: Math.min(Math.max(from.y + (ui.cursor.value === null ? 0 : by.y * step), 0), height),
  };
  ui.cursor.value = at;
  input({ type: "move", at, held: NOTHING_HELD });
}

/** A click at the cursor, or the end of the box that was begun there. */
function place({ ui, input, isDrafting }: Context, isNegative: boolean): void {
  const at = ui.cursor.value;
  if (at === null) return;
  const held = { ...NOTHING_HELD, alt: isNegative };
  if (!isDrafting()) input({ type: "down", at, held, button: "primary", isTouch: false });
  input({ type: "up", at, held });
}

/** The first call presses at the cursor, the second one lets go: a fresh box, or what is at the cursor moved. */
function startOrEndDrag({ session, ui, input, isDrafting }: Context, fresh: boolean): void {
  const at = ui.cursor.value;
  if (at === null) return;
  const target = selectedObject(session.document.value) ?? null;
  if (isDrafting()) input({ type: "up", at, held: NOTHING_HELD });
  else if (fresh || gripAt(target, ui.viewport.value, at, false) !== null)
    input({ type: "down", at, held: { ...NOTHING_HELD, fresh }, button: "primary", isTouch: false });
}
