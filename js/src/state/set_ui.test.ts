import { expect, test } from "vitest";
import type { LaneView } from "../protocol/messages.gen";
import { Lanes } from "./lanes";
import { findingOf, SetUi } from "./set_ui";
import { VideoUi } from "./video_ui";

const view: LaneView = {
  ...{ object: 1, generation: 1, first: 0, state: "partial", stale: 1, missing: 1 },
};

function lanes(states: ReadonlyArray<number>, scores: ReadonlyArray<number>): Lanes {
  const made = new Lanes();
  made.hear([view], [new Uint8Array([...states, ...scores])], states.length);
  return made;
}

test.each([
  ["nobody has looked", 0, 255, false, 0.5, "unknown", false],
  ["shown, the answer still to come", 0, 255, true, 0.5, "shown", false],
  ["shown and answered", 1, 200, true, 0.99, "shown", false],
  ["said not to be there", 2, 0, true, 0.5, "absent", false],
  ["found surely", 1, 240, false, 0.9, "found", false],
  ["found, but not surely enough", 1, 200, false, 0.9, "absent", false],
  ["found for older prompts", 3, 240, false, 0.9, "found", true],
  ["absent for older prompts", 4, 10, false, 0.5, "absent", true],
])("%s", (_, state, score, isShown, confidence, wanted, isStale) => {
  const finding = findingOf(lanes([state], [score]), 1, 0, isShown, confidence);
  expect([finding.state, finding.isStale]).toEqual([wanted, isStale]);
});

test("an object without a lane is unknown", () => {
  expect(findingOf(new Lanes(), 7, 0, false, 0.5)).toEqual({
    state: "unknown",
    isStale: false,
    presence: null,
  });
});

test("a set draws no object in the colour of a class", () => {
  const [ui, other] = [new SetUi(), new VideoUi()];
  ui.resetLooks();
  expect([ui.byClass.value, other.byClass.value]).toEqual([false, true]);
});
