import { expect, test } from "vitest";
import { setActionOf, setHelpRows } from "./set_keymap";

const press = (key: string, more: object = {}) => ({
  ...{ key, code: "", ctrl: false, meta: false, shift: false, alt: false },
  ...more,
});

test.each([
  ["t", { type: "track", direction: "both" }],
  ["ArrowRight", { type: "step", by: 1 }],
  ["End", { type: "end", isLast: true }],
  [" ", { type: "cross" }],
  ["n", { type: "new-object" }],
  ["e", null],
  ["g", null],
  [">", null],
])("over a set of pictures %s means %o", (key, action) => {
  expect(setActionOf(press(key), false, false)).toEqual(action);
});

test("with the cross on the stage Space clicks and arrows move it", () => {
  expect(setActionOf(press(" "), false, true)).toEqual({ type: "place", isNegative: false });
  expect(setActionOf(press("ArrowUp"), false, true)).toMatchObject({ type: "cursor", y: -1 });
});

test("the help speaks of pictures and finding, not of time", () => {
  const titles = setHelpRows(false).map(([title]) => title);
  expect(titles).toEqual([
    "Moving through the pictures",
    "Finding",
    "Mouse and touch",
    "Objects",
    "Without a mouse",
    "View",
  ]);
});

test("the help speaks of no classes, which a set does not have", () => {
  const rows = setHelpRows(false).flatMap(([, rows]) => rows);
  expect(rows.filter(([key, what]) => key.includes("Shift+1") || /class|colour/.test(what))).toEqual([]);
  expect(rows).toContainEqual(["W", "view settings: opacity, brightness"]);
});
