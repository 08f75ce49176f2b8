import { describe, expect, test } from "vitest";
import type { VideoDocumentView, VideoEdit } from "../protocol/messages.gen";
import { EditError } from "./document";
import {
  applyAllInFrame,
  applyInFrame,
  changedFrame,
  EMPTY_VIDEO,
  emptyCounts,
  promptedFrames,
  saidIn,
  seenFrom,
} from "./video_document";

const size = { width: 80, height: 60 };
const add = (object: number): VideoEdit => ({ kind: "add_object", object });
const click = (object: number, x = 3): VideoEdit => ({ kind: "add_point", object, x, y: 4, label: 1 });
const box = (object: number): VideoEdit => ({ kind: "set_box", object, box: [1, 2, 30, 40] });
const mask = (object: number, counts: string | null = "x"): VideoEdit => ({
  kind: "set_mask",
  object,
  counts,
});
const made = (...steps: Array<readonly [number, VideoEdit]>): VideoDocumentView =>
  steps.reduce((document, [frame, edit]) => applyInFrame(document, edit, frame, size), EMPTY_VIDEO);
const frames = (document: VideoDocumentView) =>
  document.objects.map(({ id, frames }) => [id, frames.map(({ frame }) => frame)]);

describe("edits in a frame", () => {
  test("stay in their frame", () => {
    const document = made([0, add(1)], [7, click(1)], [3, click(1, 9)], [3, box(1)]);
    expect(frames(document)).toEqual([[1, [3, 7]]]);
    expect(seenFrom(document, 3).objects[0]).toMatchObject({ points: [{ x: 9 }], box: [1, 2, 30, 40] });
    expect(seenFrom(document, 4).objects[0]).toMatchObject({ points: [], box: null });
    expect(promptedFrames(document)).toEqual([3, 7]);
  });

  test("that take the last prompt take the frame", () => {
    const document = made([0, add(1)], [7, click(1)], [7, { kind: "remove_point", object: 1, index: 0 }]);
    expect(frames(document)).toEqual([[1, []]]);
  });

  test("of the object itself concern all frames", () => {
    const document = made(
      [0, add(1)],
      [7, click(1)],
      [2, { kind: "rename_object", object: 1, name: "cat" }],
      [2, { kind: "classify_object", object: 1, label: "pet" }],
      [2, { kind: "lock_object", object: 1, locked: true }],
    );
    expect(document.objects[0]).toMatchObject({ name: "cat", label: "pet", locked: true });
    expect(frames(document)).toEqual([[1, [7]]]);
  });

  test("a given mask replaces clicks, clicks after it stay with it, a box ends it", () => {
    const given = made([0, add(1)], [5, click(1)], [5, mask(1)], [5, click(1, 20)]);
    expect(saidIn(given.objects[0] ?? fail(), 5)).toMatchObject({ mask: true, points: [{ x: 20 }] });
    const boxed = applyInFrame(given, box(1), 5, size);
    expect(saidIn(boxed.objects[0] ?? fail(), 5)).toMatchObject({ mask: false, box: [1, 2, 30, 40] });
    const taken = applyInFrame(given, mask(1, null), 5, size);
    expect(saidIn(taken.objects[0] ?? fail(), 5)).toMatchObject({ mask: false, points: [{ x: 20 }] });
  });

  test.each<[string, VideoEdit]>([
    ["a click", click(1)],
    ["a box", box(1)],
    ["a mask", mask(1)],
    ["removal", { kind: "remove_object", object: 1 }],
  ])("%s is refused by a locked object", (_, edit) => {
    const locked = made([0, add(1)], [0, click(1)], [0, { kind: "lock_object", object: 1, locked: true }]);
    expect(() => applyInFrame(locked, edit, 0, size)).toThrow(EditError);
  });

  test("only a lone click has candidates, and the choice lasts while that click does", () => {
    const edit: VideoEdit = { kind: "choose_candidate", object: 1, candidate: 1 };
    expect(() => applyInFrame(made([0, add(1)]), edit, 0, size)).toThrow("lone click");
    const chosen = applyInFrame(made([0, add(1)], [0, click(1)]), edit, 0, size);
    const choiceAfter = (next: VideoEdit) =>
      applyInFrame(chosen, next, 0, size).objects[0]?.frames[0]?.candidate ?? null;
    expect(choiceAfter(click(1, 40))).toBe(1);
    expect(choiceAfter({ kind: "move_point", object: 1, index: 0, x: 5, y: 5 })).toBeNull();
    expect(choiceAfter({ kind: "set_box", object: 1, box: [1, 2, 30, 40] })).toBeNull();
    expect(choiceAfter({ kind: "rename_object", object: 1, name: "cup" })).toBe(1);
    expect(seenFrom(chosen, 0).objects[0]?.candidate).toBe(1);
    expect(seenFrom(chosen, 4).objects[0]?.candidate).toBeNull();
  });

  test("are all made, or none", () => {
    expect(() => applyAllInFrame(EMPTY_VIDEO, [add(1), click(2)], 0, size)).toThrow("no object 2");
    expect(applyAllInFrame(EMPTY_VIDEO, [add(1), click(1)], 0, size)).toMatchObject({ can_undo: true });
  });
});

describe("what an undo has changed", () => {
  const two = made([0, add(1)], [4, click(1)], [40, click(1)]);
  test.each<[string, VideoDocumentView, number | null]>([
    ["nothing", two, null],
    ["a name", applyInFrame(two, { kind: "rename_object", object: 1, name: "x" }, 0, size), null],
    ["a frame", applyInFrame(two, click(1, 50), 40, size), 40],
    ["the nearest of several", applyInFrame(two, { kind: "remove_object", object: 1 }, 0, size), 4],
  ])("%s", (_, after, wanted) => {
    expect(changedFrame(two, after, 10)).toBe(wanted);
  });
});

function fail(): never {
  throw new Error("there is no such object");
}

test.each([
  [1, "1"],
  [16, "`0"],
  [3072, "PP3"],
  [12_000_000, "PhV^;"],
])("an empty mask of %i pixels is written as pycocotools does", (pixels, counts) => {
  expect(emptyCounts(pixels)).toBe(counts);
});
