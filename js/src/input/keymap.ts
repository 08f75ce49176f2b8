/** What each key does: one table for the handler and for the help. Pure. */

import type { ToolId } from "../tools/runner";

export interface Press {
  readonly key: string;
  /** Which key it is, whatever is printed on it. */
  readonly code: string;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
}

/** The actions that need nothing but their name. */
export type ActionName =
  | "undo"
  | "redo"
  | "new-object"
  | "remove-object"
  | "clear"
  | "fit"
  | "one-to-one"
  | "zoom-in"
  | "zoom-out"
  | "hide-masks"
  | "outline"
  | "polarity"
  | "help"
  | "escape"
  | "box"
  | "grab"
  | "looks"
  | "show-cross"
  | "loupe"
  | "rename"
  | "lock"
  | "hide"
  | "raise"
  | "lower"
  | "merge"
  | "split"
  | "auto"
  | "foresee"
  | "refine"
  | "brush-smaller"
  | "brush-larger";

export type Action =
  | { readonly type: ActionName }
  | { readonly type: "tool"; readonly tool: ToolId }
  /** Take the candidate at this place of their order, the one the model thinks most of first. */
  | { readonly type: "candidate"; readonly index: number }
  | { readonly type: "class"; readonly index: number }
  | { readonly type: "next-object" | "extend"; readonly by: 1 | -1 }
  | { readonly type: "place"; readonly isNegative: boolean }
  | { readonly type: "cursor"; readonly x: -1 | 0 | 1; readonly y: -1 | 0 | 1; readonly isFine: boolean };

const ARROWS = new Map<string, readonly [-1 | 0 | 1, -1 | 0 | 1]>([
  ["ArrowLeft", [-1, 0]],
  ["ArrowRight", [1, 0]],
  ["ArrowUp", [0, -1]],
  ["ArrowDown", [0, 1]],
]);

const PLAIN = new Map<string, Action>([
  ["n", { type: "new-object" }],
  ["Enter", { type: "new-object" }],
  ["Delete", { type: "remove-object" }],
  ["Backspace", { type: "remove-object" }],
  ["c", { type: "clear" }],
  ["f", { type: "fit" }],
  ["+", { type: "zoom-in" }],
  ["=", { type: "zoom-in" }],
  ["-", { type: "zoom-out" }],
  ["h", { type: "hide-masks" }],
  ["o", { type: "outline" }],
  ["x", { type: "polarity" }],
  ["b", { type: "box" }],
  ["m", { type: "grab" }],
  ["?", { type: "help" }],
  ["v", { type: "tool", tool: "prompt" }],
  ["s", { type: "tool", tool: "scribble" }],
  ["p", { type: "tool", tool: "brush" }],
  ["e", { type: "tool", tool: "eraser" }],
  ["d", { type: "tool", tool: "lasso" }],
  [",", { type: "brush-smaller" }],
  [".", { type: "brush-larger" }],
  ["r", { type: "refine" }],
  ["a", { type: "auto" }],
  ["g", { type: "foresee" }],
  ["Escape", { type: "escape" }],
  ["[", { type: "next-object", by: -1 }],
  ["]", { type: "next-object", by: 1 }],
  ["w", { type: "looks" }],
  ["k", { type: "show-cross" }],
  ["z", { type: "loupe" }],
  ["F2", { type: "rename" }],
  ["l", { type: "lock" }],
  ["j", { type: "merge" }],
  ["PageUp", { type: "raise" }],
  ["PageDown", { type: "lower" }],
  ["1", { type: "candidate", index: 0 }],
  ["2", { type: "candidate", index: 1 }],
  ["3", { type: "candidate", index: 2 }],
]);

/** The action of a key, or null when the key is not ours. */
export function actionOf(press: Press, isMac: boolean): Action | null {
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const command = isMac ? press.meta : press.ctrl;
  if (command && key === "z") return { type: press.shift ? "redo" : "undo" };
  if (command && key === "y" && !press.shift) return { type: "redo" };
  if (press.ctrl || press.meta || press.alt) return null;
  const arrow = ARROWS.get(key);
  if (arrow !== undefined) return { type: "cursor", x: arrow[0], y: arrow[1], isFine: press.shift };
  if (key === " ") return { type: "place", isNegative: press.shift };
  if (press.shift) {
    const bracket = press.code === "BracketLeft" ? -1 : press.code === "BracketRight" ? 1 : null;
    if (bracket !== null) return { type: "extend", by: bracket };
    if (key === "f") return { type: "one-to-one" };
    if (key === "h") return { type: "hide" };
    if (key === "j") return { type: "split" };
  }
  const place = press.shift ? undefined : /^Digit([1-3])$/.exec(press.code)?.[1];
  return PLAIN.get(place ?? key) ?? null;
}

/** Whether a key by itself means something already. */
export function isTaken(key: string): boolean {
  return PLAIN.has(key);
}

/** Titles of groups, and in each: keys, and what they do. */
export type HelpRows = ReadonlyArray<readonly [string, ReadonlyArray<readonly [string, string]>]>;

const TOOL_ROWS: HelpRows[number] = [
  "Tools",
  [
    ["V", "points and boxes"],
    ["S", "scribble on the object (right button: beside it)"],
    ["P, E", "paint the mask, erase it (right button: the other)"],
    ["D", "go around an area: drag, or click its corners"],
    ["comma and point", "smaller, larger brush"],
    ["R", "keep what was drawn, or let the model refine it"],
    ["A", "a click on the mask takes away"],
    ["G", "show what a click would find"],
  ],
];

/** The help, group by group: keys as they are printed on them, and what they do. */
export function helpRows(isMac: boolean): HelpRows {
  const command = isMac ? "⌘" : "Ctrl";
  return [
    [
      "Mouse and touch",
      [
        ["Click", "point on the object"],
        ["Right click, Alt+click", "point beside the object"],
        ["Drag", "box around the object"],
        ["Click a point", "remove it; drag to move it"],
        [`Hold ${command}`, "place several points, then ask once"],
        ["Shift+drag, Space+drag, middle button", "move the picture"],
        [`${command}+wheel, pinch`, "zoom (the wheel alone, once focused)"],
      ],
    ],
    [
      "Objects",
      [
        ["N, Enter", "new object"],
        ["[ and ]", "previous and next object (Shift: choose it too)"],
        ["F2", "rename the object"],
        ["L, Shift+H", "lock, hide the object"],
        ["J, Shift+J", "merge what is chosen, split into parts"],
        ["Page up, Page down", "draw it over, under the next one"],
        ["Delete", "remove the object"],
        ["C", "clear its points and box"],
        ["1, 2, 3", "choose a candidate mask, the likeliest first"],
        ["Shift+1 to Shift+0", "give it a class, and new objects too"],
        [`${command}+Z, ${command}+${isMac ? "⇧Z" : "Y"}`, "undo, redo"],
      ],
    ],
    [
      "Without a mouse",
      [
        ["Arrow keys", "move the cross (Shift: finely)"],
        ["Space", "point at the cross, or remove the one there"],
        ["Shift+Space", "point beside the object"],
        ["B, arrows, B", "box from corner to corner"],
        ["M, arrows, M", "move the point or handle at the cross"],
      ],
    ],
    [
      "View",
      [
        ["F, Shift+F", "fit, actual pixels"],
        ["+ and −", "zoom"],
        ["H", "hide masks (hold, or tap to toggle)"],
        ["O", "outlines, solid masks, filled"],
        ["W", "view settings: opacity, colours, brightness"],
        ["Z, K", "magnifier, cross at the pointer"],
        ["X", "swap what click and right click mean"],
        ["Escape", "cancel, then leave the widget"],
        ["?", "this help"],
      ],
    ],
    TOOL_ROWS,
  ];
}
