import { describe, expect, test } from "vitest";
import { classAt, classKeys } from "./class_keys";
import { actionOf, type Press } from "./keymap";

const plain = { key: "", code: "", ctrl: false, meta: false, shift: false, alt: false };
const press = (more: Partial<Press>): Press => ({ ...plain, ...more });
const named = (...hotkeys: Array<string | null>) => hotkeys.map((hotkey) => ({ hotkey }));

describe("the keys of classes", () => {
  test.each<[string, Array<string | null>, Array<string | null>]>([
    ["are Shift and the digits in their order", [null, null], ["⇧1", "⇧2"]],
    ["leave a digit to the class that asks for it", [null, "1", null], ["⇧2", "⇧1", "⇧3"]],
    ["are a letter of their own", ["q", null], ["q", "⇧1"]],
    ["are no letter that means something already", ["n", "C"], ["⇧1", "⇧2"]],
    ["are not given twice", ["q", "Q", "4", "4"], ["q", "⇧1", "⇧4", "⇧2"]],
  ])("%s", (_, hotkeys, wanted) => {
    expect(classKeys(named(...hotkeys))).toEqual(wanted);
  });

  test("end with the tenth digit", () => {
    expect(classKeys(named(...Array<null>(12).fill(null))).slice(8)).toEqual(["⇧9", "⇧0", null, null]);
  });
});

describe("a press", () => {
  const classes = named(null, null, "q");

  test.each<[string, Press, number | null]>([
    ["Shift+2 on a US keyboard", press({ key: "@", code: "Digit2", shift: true }), 1],
    ["Shift+2 on an AZERTY keyboard", press({ key: "2", code: "Digit2", shift: true }), 1],
    ["2 without Shift", press({ key: "2", code: "Digit2" }), null],
    ["a class's letter", press({ key: "q", code: "KeyQ" }), 2],
    ["a class's letter with Ctrl", press({ key: "q", code: "KeyQ", ctrl: true }), null],
    ["Shift and a digit without a class", press({ key: "$", code: "Digit4", shift: true }), null],
  ])("of %s", (_, pressed, wanted) => {
    expect(classAt(pressed, classes)).toBe(wanted);
  });

  test("of a digit without Shift means a candidate, whatever is printed on it", () => {
    expect(actionOf(press({ key: "é", code: "Digit2" }), false)).toEqual({ type: "candidate", index: 1 });
    expect(actionOf(press({ key: "2", code: "Numpad2" }), false)).toEqual({ type: "candidate", index: 1 });
  });
});
