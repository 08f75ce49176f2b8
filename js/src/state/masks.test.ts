import { describe, expect, test } from "vitest";
import type { Logits } from "../render/logits";
import { levels, preview, ranked } from "./masks";

const scores = (...iou: number[]) => ({ iou, object_score: 1, best: 0, milliseconds: 1 });

/** Candidates as rows of places that are in the mask. */
function candidates(...rows: string[]): Logits {
  const data = Int8Array.from(
    rows
      .join("")
      .split("")
      .map((sign) => (sign === "#" ? 9 : -9)),
  );
  return { data, count: rows.length, height: 1, width: rows[0]?.length ?? 0, scale: 1 };
}

test("candidates are ranked by what the model thinks of them, equals as they come", () => {
  expect(ranked(scores(0.5, 0.9, 0.7))).toEqual([1, 2, 0]);
  expect(ranked(scores(0.5, 0.5, 0.7))).toEqual([2, 0, 1]);
  expect(ranked(null)).toEqual([]);
});

describe("the levels of candidates", () => {
  test.each<[string, Logits, ReadonlyArray<string | null>]>([
    [
      "three, one in the other",
      candidates("##########", "##........", "#####....."),
      ["whole", "subpart", "part"],
    ],
    [
      "two that agree and a larger one",
      candidates("#######...", "########..", "##........"),
      ["whole", "whole", "part"],
    ],
    ["all the same", candidates("#####", "#####", "#####"), [null, null, null]],
    ["beside one another", candidates("###.....", "....####", "########"), [null, null, null]],
    ["an empty one", candidates("........", "..##....", "########"), [null, null, null]],
    ["one alone", candidates("####"), [null]],
  ])("%s", (_, logits, wanted) => {
    expect(levels(logits)).toEqual(wanted);
  });
});

test("a preview follows the threshold, and is made once for each", () => {
  const ramp: Logits = { data: Int8Array.from([-8, 0, 8]), count: 1, height: 1, width: 3, scale: 1 };
  const image = { width: 30, height: 10 };
  const widths = [-5, 0, 5].map((threshold) => {
    const { left, rings, across } = preview(ramp, 0, image, threshold);
    const xs = rings.flatMap((ring) => [...ring].filter((_, i) => i % 2 === 0)).map((x) => left + x * across);
    return Math.max(...xs) - Math.min(...xs);
  });
  expect(widths).toEqual([...widths].sort((a, b) => b - a));
  expect(new Set(widths).size).toBe(3);
  expect(preview(ramp, 0, image, 5)).toBe(preview(ramp, 0, image, 5));
});
