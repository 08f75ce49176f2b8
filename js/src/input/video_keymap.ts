/** What each key does in the video widget: the picture's keys, and those that move through time. Pure. */

import { type Action, actionOf, type HelpRows, helpRows, type Press } from "./keymap";

export type VideoActionName =
  | "play"
  | "prompt-next"
  | "prompt-previous"
  | "gap-next"
  | "gap-previous"
  | "go-to"
  | "cross"
  | "faster"
  | "slower"
  | "memory"
  | "export"
  | "lock";

/** What videos do not do. */
type OfPictures =
  | Extract<Action, { type: "candidate" | "tool" }>
  | {
      readonly type: "merge" | "split" | "auto" | "foresee" | "refine" | "brush-smaller" | "brush-larger";
    };

const OF_PICTURES: ReadonlySet<string> = new Set([
  ...["candidate", "tool", "merge", "split", "auto", "foresee", "refine", "brush-smaller", "brush-larger"],
]);

export type VideoAction =
  | Exclude<Action, OfPictures>
  | { readonly type: VideoActionName }
  | { readonly type: "step"; readonly by: number }
  | { readonly type: "end" | "bound"; readonly isLast: boolean }
  | { readonly type: "track"; readonly direction: "forward" | "backward" | "both" }
  | { readonly type: "pick"; readonly index: number };

const PLAIN = new Map<string, VideoAction>([
  ["p", { type: "prompt-next" }],
  ["u", { type: "gap-next" }],
  ["g", { type: "go-to" }],
  ["k", { type: "cross" }],
  ["t", { type: "track", direction: "forward" }],
  ["e", { type: "export" }],
  ["i", { type: "memory" }],
  ["l", { type: "lock" }],
  [">", { type: "faster" }],
  ["<", { type: "slower" }],
  ["Home", { type: "end", isLast: false }],
  ["End", { type: "end", isLast: true }],
  ["PageUp", { type: "step", by: -10 }],
  ["PageDown", { type: "step", by: 10 }],
  [",", { type: "step", by: -1 }],
  [".", { type: "step", by: 1 }],
]);

const SHIFTED = new Map<string, VideoAction>([
  ["Home", { type: "bound", isLast: false }],
  ["End", { type: "bound", isLast: true }],
  ["p", { type: "prompt-previous" }],
  ["u", { type: "gap-previous" }],
  ["t", { type: "track", direction: "both" }],
  ["r", { type: "track", direction: "backward" }],
]);

function isOfPictures(action: Action): action is OfPictures {
  return OF_PICTURES.has(action.type);
}

/** The action of a key, or null when the key is not ours. With the cross on the stage, arrows move that. */
export function videoActionOf(press: Press, isMac: boolean, hasCross: boolean): VideoAction | null {
  const isPlain = !(press.ctrl || press.meta || press.alt);
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (isPlain) {
    const own = (press.shift ? SHIFTED.get(key) : undefined) ?? PLAIN.get(key);
    if (own !== undefined) return own;
    if (/^[1-9]$/.test(key)) return { type: "pick", index: Number(key) - 1 };
  }
  const action = actionOf(press, isMac);
  if (action === null || isOfPictures(action)) return null;
  if (action.type !== "cursor" || hasCross) return action;
  return action.x === 0 ? null : { type: "step", by: action.x * (press.shift ? 10 : 1) };
}

/** The help, group by group. */
export function videoHelpRows(isMac: boolean): HelpRows {
  const [mouse, , , view] = helpRows(isMac);
  const command = isMac ? "⌘" : "Ctrl";
  return [
    [
      "Moving through the video",
      [
        ["Space", "play, pause"],
        ["← →, comma and point", "one frame back, on"],
        ["Shift+← →, Page keys", "ten frames"],
        ["Home, End", "first, last frame"],
        ["P, Shift+P", "next, previous frame with prompts"],
        ["U, Shift+U", "next, previous frame without an up-to-date mask"],
        ["G", "go to a frame by its number"],
        ["< and >", "slower, faster"],
        [`${command}+wheel on the timeline`, "stretch it (double click: all of it)"],
        ["Shift+drag on the timeline", "choose a range to track, and to play round and round"],
        ["Shift+Home, Shift+End", "begin, end the range at this frame"],
      ],
    ],
    [
      "Tracking",
      [
        ["T", "follow the objects forward, to the end"],
        ["Shift+R", "follow them backward"],
        ["Shift+T", "follow them both ways"],
        ["Escape", "stop tracking, keep what is done"],
        ["I", "what the model looked at"],
        ["E", "export"],
      ],
    ],
    ...(mouse === undefined ? [] : [mouse]),
    [
      "Objects",
      [
        ["N, Enter", "new object"],
        ["1 to 9, [ and ]", "choose an object"],
        ["1, 2, 3 after a click", "choose what it means"],
        ["L", "lock or unlock it"],
        ["Shift+1 to Shift+0", "give it a class, and new objects too"],
        ["Delete", "remove it"],
        ["C", "clear its prompts in this frame"],
        [`${command}+Z, ${command}+${isMac ? "⇧Z" : "Y"}`, "undo, redo"],
      ],
    ],
    [
      "Without a mouse",
      [
        ["K", "show a cross; arrow keys move it (Shift: finely)"],
        ["Space, Shift+Space", "point at the cross, point beside the object"],
        ["B, arrows, B", "box from corner to corner"],
        ["M, arrows, M", "move the point or handle at the cross"],
        ["Escape", "put the cross away"],
      ],
    ],
    ...(view === undefined ? [] : [view]),
  ];
}
