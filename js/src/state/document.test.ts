import { describe, expect, test } from "vitest";
import { golden } from "../../dev/golden";
import type { Edit } from "../protocol/messages.gen";
import { apply, applyAll, EditError, EMPTY_DOCUMENT, nextId } from "./document";

interface Case {
  readonly name: string;
  readonly given: Edit[];
  readonly edit: Edit;
  readonly after: { selected: number | null; classes: object[]; current: string; objects: object[] } | null;
}

const { size, cases } = golden<{ size: { height: number; width: number }; cases: Case[] }>("edits");

describe("what Python makes of an edit, the page makes of it too:", () => {
  test.each(cases)("$name", ({ given, edit, after }) => {
    const before = given.reduce((document, step) => apply(document, step, size), EMPTY_DOCUMENT);
    if (after === null) expect(() => apply(before, edit, size)).toThrow(EditError);
    else expect(apply(before, edit, size)).toMatchObject(after);
  });
});

describe("several edits", () => {
  const [add, click, select]: [Edit, Edit, Edit] = [
    { kind: "add_object", object: 1 },
    { kind: "add_point", object: 1, x: 3, y: 4, label: 1 },
    { kind: "select_object", object: 1 },
  ];

  test("are done all or not at all", () => {
    const bad: Edit = { kind: "remove_point", object: 1, index: 5 };
    expect(() => applyAll(EMPTY_DOCUMENT, [add, bad], size)).toThrow(EditError);
    expect(applyAll(EMPTY_DOCUMENT, [add, click], size).objects[0]?.points).toHaveLength(1);
  });

  test("can be undone, but for selecting, which is no step", () => {
    const made = applyAll({ ...EMPTY_DOCUMENT, can_redo: true }, [add], size);
    expect(made).toMatchObject({ can_undo: true, can_redo: false });
    const before = { ...made, can_undo: false, can_redo: true };
    expect(applyAll(before, [select], size)).toMatchObject({ can_undo: false, can_redo: true });
  });

  test("never take away the mask that is there: that is the kernel's to do", () => {
    const scores = { iou: [0.5], object_score: null, best: 0, milliseconds: 1 };
    const before = applyAll(EMPTY_DOCUMENT, [add, click], size);
    const masked = { ...before, objects: before.objects.map((o) => ({ ...o, scores, result_rev: 2 })) };
    const after = apply(masked, { kind: "add_point", object: 1, x: 9, y: 9, label: 0 }, size);
    expect(after.objects[0]).toMatchObject({ scores, result_rev: 2 });
  });
});

test("a new object's id is one more than the highest", () => {
  expect(nextId(EMPTY_DOCUMENT)).toBe(1);
  expect(nextId(apply(EMPTY_DOCUMENT, { kind: "add_object", object: 41 }, size))).toBe(42);
});
