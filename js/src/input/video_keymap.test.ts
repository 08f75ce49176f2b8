import { expect, test } from "vitest";
import type { Press } from "./keymap";
import { type VideoAction, videoActionOf, videoHelpRows } from "./video_keymap";

const plain = { code: "", ctrl: false, meta: false, shift: false, alt: false };
const press = (key: string, more: Partial<Press> = {}): Press => ({ ...plain, key, ...more });

test.each<[string, Press, VideoAction | null]>([
  ["Space", press(" "), { type: "place", isNegative: false }],
  ["an arrow", press("ArrowRight"), { type: "step", by: 1 }],
  ["Shift and an arrow", press("ArrowLeft", { shift: true }), { type: "step", by: -10 }],
  ["an arrow that points nowhere in time", press("ArrowUp"), null],
  ["Home", press("Home"), { type: "end", isLast: false }],
  ["P", press("p"), { type: "prompt-next" }],
  ["Shift+P", press("P", { shift: true }), { type: "prompt-previous" }],
  ["T", press("t"), { type: "track", direction: "forward" }],
  ["T with caps lock", press("T"), { type: "track", direction: "forward" }],
  ["Shift+T", press("T", { shift: true }), { type: "track", direction: "both" }],
  ["R alone, lest it is hit by accident", press("r"), null],
  ["a digit", press("3"), { type: "pick", index: 2 }],
  ["N, as in the picture", press("n"), { type: "new-object" }],
  ["Ctrl+Z, as in the picture", press("z", { ctrl: true }), { type: "undo" }],
  ["Ctrl+P, which prints", press("p", { ctrl: true }), null],
])("%s", (_, pressed, wanted) => {
  expect(videoActionOf(pressed, false, false)).toEqual(wanted);
});

test("with the cross on the stage, arrows move that", () => {
  expect(videoActionOf(press("ArrowUp"), false, true)).toMatchObject({ type: "cursor", y: -1 });
  expect(videoActionOf(press("ArrowRight"), false, true)).toMatchObject({ type: "cursor", x: 1 });
});

test("the help names every key that does something", () => {
  const text = videoHelpRows(false)
    .flatMap(([, rows]) => rows.map(([keys]) => keys))
    .join(" ");
  const typed = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter(
    (key) => key.toLowerCase() === key && videoActionOf(press(key), false, false) !== null,
  );
  const names: Record<string, string> = { " ": "Space", "-": "−", "=": "+", ",": "comma", ".": "point" };
  for (const key of typed.filter((key) => !/[2-8]/.test(key)))
    expect(text).toContain(names[key] ?? key.toUpperCase());
});
