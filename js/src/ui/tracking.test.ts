import { expect, test } from "vitest";
import type { JobView } from "../protocol/messages.gen";
import { offeredName } from "./export";
import { badgeOf, progressOf } from "./tracking";

const job = (part: Partial<JobView>): JobView => ({
  ...{ id: 1, kind: "track", state: "running", text: "", objects: [1], frame: 3, done: 3 },
  ...{ total: 90, per_second: 12.34, seconds_left: 7.2 },
  ...part,
});

test.each([
  ["none", 0, 0, "nothing marked yet"],
  ["required", 0, 40, "to be tracked"],
  ["partial", 0, 1, "1 frame to go"],
  ["partial", 12, 3, "12 frames stale"],
  ["full", 0, 0, "tracked"],
] as const)("%s with %i stale and %i missing is: %4$s", (state, stale, missing, wanted) => {
  expect(badgeOf({ state, stale, missing }).text).toBe(wanted);
});

test.each([
  [job({}), "3 of 90 · 12/s · 7 s left"],
  [job({ per_second: 2.5 }), "3 of 90 · 2.5/s · 7 s left"],
  [job({ total: null, per_second: null, seconds_left: null }), "3"],
  [job({ state: "waiting" }), "Waiting…"],
])("a job says how it gets on", (view, wanted) => {
  expect(progressOf(view)).toBe(wanted);
});

test.each([
  ["blocks.mp4", "overlay", "blocks-overlay.mp4"],
  ["/films/my.cat.webm", "coco", "my.cat-coco.json"],
  ["frames", "davis", "frames-davis"],
  ["", "npz", "video.npz"],
] as const)("%s as %s is offered the name %s", (video, format, wanted) => {
  expect(offeredName(video, format)).toBe(wanted);
});
