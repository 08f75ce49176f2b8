import { describe, expect, test } from "vitest";
import { actionOf } from "./keymap";
import { labelActionOf, labelHelpRows } from "./label_keymap";

const press = (key: string, held: Partial<Record<"ctrl" | "meta" | "shift" | "alt", boolean>> = {}) => ({
  ...{ key, code: `Key${key.toUpperCase()}`, ctrl: false, meta: false, shift: false, alt: false },
  ...held,
});

describe("keys of a labeler", () => {
  test.each([
    ["Ctrl+Enter", press("Enter", { ctrl: true }), "decide"],
    ["Shift+Enter", press("Enter", { shift: true }), "pass"],
    ["Ctrl+→", press("ArrowRight", { ctrl: true }), "next"],
    ["Ctrl+←", press("ArrowLeft", { ctrl: true }), "previous"],
    ["U", press("u"), "suggest"],
    ["T", press("t"), "strip"],
    ["I", press("i"), "accept"],
    ["Shift+I", press("I", { shift: true }), "accept-all"],
    ["Shift+Delete", press("Delete", { shift: true }), "reject-all"],
    ["N", press("n"), "new-object"],
  ])("%s", (_, key, type) => {
    expect(labelActionOf(key, false)).toMatchObject({ type });
  });

  test("take none from the picture but Shift+Enter and Shift+Delete", () => {
    for (const key of "uti") expect(actionOf(press(key), false)).toBeNull();
    expect(labelHelpRows(false)[0]?.[1]).toHaveLength(7);
  });
});
