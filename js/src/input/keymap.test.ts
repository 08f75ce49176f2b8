import { describe, expect, test } from "vitest";
import { type Action, actionOf, helpRows, type Press } from "./keymap";

const plain = { code: "", ctrl: false, meta: false, shift: false, alt: false };
const press = (key: string, more: Partial<Press> = {}): Press => ({ ...plain, key, ...more });

const CASES: Array<[string, Press, Action | null]> = [
  ["Ctrl+Z", press("z", { ctrl: true }), { type: "undo" }],
  ["Ctrl+Z with caps lock", press("Z", { ctrl: true }), { type: "undo" }],
  ["Ctrl+Shift+Z", press("Z", { ctrl: true, shift: true }), { type: "redo" }],
  ["Ctrl+Y", press("y", { ctrl: true }), { type: "redo" }],
  ["Cmd+Z where there is no Cmd", press("z", { meta: true }), null],
  ["N", press("n"), { type: "new-object" }],
  ["Shift+N", press("N", { shift: true }), { type: "new-object" }],
  ["Enter", press("Enter"), { type: "new-object" }],
  ["Delete", press("Delete"), { type: "remove-object" }],
  ["Backspace", press("Backspace"), { type: "remove-object" }],
  ["1", press("1"), { type: "candidate", index: 0 }],
  ["3", press("3"), { type: "candidate", index: 2 }],
  ["4", press("4"), null],
  ["F", press("f"), { type: "fit" }],
  ["Shift+F", press("F", { shift: true }), { type: "one-to-one" }],
  ["+ on any keyboard", press("+", { shift: true }), { type: "zoom-in" }],
  ["? on any keyboard", press("?", { shift: true }), { type: "help" }],
  ["[", press("["), { type: "next-object", by: -1 }],
  ["an arrow", press("ArrowUp"), { type: "cursor", x: 0, y: -1, isFine: false }],
  ["Shift and an arrow", press("ArrowLeft", { shift: true }), { type: "cursor", x: -1, y: 0, isFine: true }],
  ["Space", press(" "), { type: "place", isNegative: false }],
  ["Shift+Space", press(" ", { shift: true }), { type: "place", isNegative: true }],
  ["Escape", press("Escape"), { type: "escape" }],
  ["Tab, which leaves the widget", press("Tab"), null],
  ["Ctrl+C, which copies", press("c", { ctrl: true }), null],
  ["Alt+H", press("h", { alt: true }), null],
  ["S", press("s"), { type: "tool", tool: "scribble" }],
  ["E", press("e"), { type: "tool", tool: "eraser" }],
  [".", press("."), { type: "brush-larger" }],
  ["a letter of no meaning", press("q"), null],
  ["a name that objects have", press("constructor"), null],
];

describe("a key", () => {
  test.each(CASES)("%s", (_, pressed, wanted) => {
    expect(actionOf(pressed, false)).toEqual(wanted);
  });

  test.each([
    ["Cmd+Z undoes", press("z", { meta: true }), { type: "undo" }],
    ["Cmd+Shift+Z redoes", press("z", { meta: true, shift: true }), { type: "redo" }],
    ["Ctrl+Z does nothing", press("z", { ctrl: true }), null],
  ])("on a Mac: %s", (_, pressed, wanted) => {
    expect(actionOf(pressed, true)).toEqual(wanted);
  });
});

describe("the help", () => {
  test("names every key that does something", () => {
    const text = helpRows(false)
      .flatMap(([, rows]) => rows.map(([keys]) => keys))
      .join(" ");
    const typed = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter(
      (key) => key.toLowerCase() === key && actionOf(press(key), false) !== null,
    );
    const names: Record<string, string> = { " ": "Space", "-": "−", "=": "+", ",": "comma", ".": "point" };
    for (const key of [...typed, "Enter", "Delete", "Escape"])
      expect(text).toContain(names[key] ?? (key.length === 1 ? key.toUpperCase() : key));
  });

  test("speaks of Cmd on a Mac", () => {
    expect(JSON.stringify(helpRows(true))).not.toContain("Ctrl");
    expect(JSON.stringify(helpRows(true))).toContain("⌘+Z");
  });
});
