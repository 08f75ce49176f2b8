/** The keys of a labeler besides those of its picture. Pure. */

import { type Action, actionOf, type HelpRows, helpRows, type Press } from "./keymap";

export type LabelActionName =
  | "next"
  | "previous"
  | "decide"
  | "pass"
  | "suggest"
  | "accept"
  | "accept-all"
  | "reject-all"
  | "strip";

export type LabelAction = Action | { readonly type: LabelActionName };

const KEYS = new Map<string, LabelActionName>([
  ["u", "suggest"],
  ["t", "strip"],
  ["i", "accept"],
  ["shift i", "accept-all"],
  ["shift Delete", "reject-all"],
  ["shift Enter", "pass"],
]);

/** The action of a key, or null when the key is not ours. */
export function labelActionOf(press: Press, isMac: boolean, ofPicture = actionOf): LabelAction | null {
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const command = isMac ? press.meta : press.ctrl;
  if (command && key === "Enter") return { type: "decide" };
  if (command && key === "ArrowRight") return { type: "next" };
  if (command && key === "ArrowLeft") return { type: "previous" };
  if (!press.ctrl && !press.meta && !press.alt) {
    const name = KEYS.get(press.shift ? `shift ${key}` : key);
    if (name !== undefined) return { type: name };
  }
  return ofPicture(press, isMac);
}

export function labelHelpRows(isMac: boolean, ofPicture: HelpRows = helpRows(isMac)): HelpRows {
  const command = isMac ? "⌘" : "Ctrl";
  return [
    [
      "Folder",
      [
        [`${command}+Enter`, "submit the picture, go on (accept it, when reviewing)"],
        ["Shift+Enter", "skip it (send it back, when reviewing)"],
        [`${command}+→, ${command}+←`, "next and previous picture"],
        ["T", "to the row of pictures; arrows, Enter opens one"],
        ["U", "suggest masks"],
        ["I, Delete", "accept, reject the selected suggestion"],
        ["Shift+I, Shift+Delete", "accept, reject all of them"],
      ],
    ],
    ...ofPicture,
  ];
}
