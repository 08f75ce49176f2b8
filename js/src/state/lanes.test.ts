import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LaneView } from "../protocol/messages.gen";
import {
  binned,
  exactly,
  HIDDEN,
  type Lane,
  Lanes,
  nextGap,
  overlaid,
  PRESENT,
  runsOf,
  STALE_PRESENT,
  scoreOf,
  standing,
  UNKNOWN,
} from "./lanes";

const view = (part: Partial<LaneView> = {}): LaneView => ({
  ...{ object: 1, generation: 1, first: 0, state: "partial", stale: 0, missing: 0 },
  ...part,
});
const laneOf = (...states: number[]): Lane => ({
  view: view(),
  states: Uint8Array.from(states),
  scores: Uint8Array.from(states, (state) => (state === UNKNOWN ? 255 : 127)),
});

describe("lanes", () => {
  test("take pieces, and leave the rest as it was", () => {
    const lanes = new Lanes();
    lanes.hear([view()], [Uint8Array.of(1, 1, 2, 0, 254, 127, 0, 255)], 4);
    expect(lanes.hear([view({ first: 2 })], [Uint8Array.of(1, 1, 64, 32)], 4)).toEqual([]);
    const lane = lanes.all.value.get(1);
    expect([...(lane?.states ?? [])]).toEqual([1, 1, 1, 1]);
    expect([...(lane?.scores ?? [])]).toEqual([254, 127, 64, 32]);
    expect([scoreOf(lane, 0), scoreOf(lane, 9), lanes.stateAt(1, 2), lanes.stateAt(7, 2)]).toEqual([
      1,
      null,
      PRESENT,
      UNKNOWN,
    ]);
  });

  test("give no score while an answer is awaited, whatever the kernel has put there", () => {
    const waiting = overlaid(undefined, view(), Uint8Array.of(UNKNOWN, HIDDEN, 0, 0), 2);
    expect([scoreOf(waiting, 0), scoreOf(waiting, 1)]).toEqual([null, 0]);
  });

  test("say whose masks are all outdated, and forget removed objects", () => {
    const lanes = new Lanes();
    const bytes = [Uint8Array.of(1, 9)];
    lanes.hear([view(), view({ object: 2 })], [...bytes, ...bytes], 1);
    expect(lanes.hear([view({ generation: 2 }), view({ object: 2 })], [...bytes, ...bytes], 1)).toEqual([1]);
    expect([lanes.keep(new Set([2])), lanes.keep(new Set([2]))]).toEqual([[1], []]);
    expect([...lanes.all.value.keys()]).toEqual([2]);
  });

  test("know an object that comes back from another that takes its id", () => {
    const lanes = new Lanes();
    const hear = (generation: number) => lanes.hear([view({ generation })], [Uint8Array.of(1, 9)], 1);
    hear(1);
    lanes.keep(new Set());
    expect(hear(1)).toEqual([]);
    lanes.keep(new Set());
    expect(hear(2)).toEqual([1]);
    lanes.reset();
    expect(hear(1)).toEqual([]);
  });

  test("grow with a stream", () => {
    const grown = overlaid(laneOf(1, 1), view({ first: 2 }), Uint8Array.of(2, 9), 5);
    expect([...grown.states]).toEqual([1, 1, 2, 0, 0]);
    expect([...grown.scores]).toEqual([127, 127, 9, 255, 255]);
  });
});

describe("columns of a long lane", () => {
  test("overlook no gap, no hidden and no stale frame", () => {
    const present = Array.from({ length: 1000 }, () => PRESENT);
    for (const state of [UNKNOWN, HIDDEN, STALE_PRESENT])
      for (const at of [0, 499, 999]) {
        const { states } = binned(laneOf(...present.with(at, state)), 0, 1000, 100);
        expect([...states].filter((found) => found === state)).toHaveLength(1);
      }
  });

  test("show the lowest score of the frames they stand for", () => {
    const lane = { ...laneOf(1, 1, 1, 1), scores: Uint8Array.of(200, 10, 255, 90) };
    expect([...binned(lane, 0, 4, 2).scores]).toEqual([10, 90]);
  });

  test("of few frames show each frame in its place", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 60 }), (states) => {
        expect([...binned(laneOf(...states), 0, states.length, states.length).states]).toEqual(states);
      }),
    );
  });

  test("fall into runs that are the columns again", () => {
    fc.assert(
      fc.property(fc.uint8Array({ max: 4, maxLength: 50 }), (values) => {
        const runs = runsOf(values);
        expect(runs.flatMap(([from, to, value]) => Array(to - from).fill(value))).toEqual([...values]);
        expect(runs.slice(1).some(([, , value], i) => value === runs[i]?.[2])).toBe(false);
      }),
    );
  });
});

test.each([
  [0, 1, 2],
  [2, 1, 4],
  [4, 1, null],
  [2, -1, null],
  [4, -1, 2],
] as const)("the next frame without an up-to-date mask from %i by %i is %s", (from, by, wanted) => {
  const lanes = [laneOf(1, 1, 3, 2, 1), laneOf(1, 2, 1, 1, 0)];
  expect(nextGap(lanes, from, by, 5)).toBe(wanted);
});

test.each([
  ["nothing marked", [view({ state: "none" })], { state: "none", stale: 0, missing: 0 }],
  ["all alike", [view({ state: "full" }), view({ state: "none" })], { state: "full", stale: 0, missing: 0 }],
  [
    "one behind",
    [view({ state: "full" }), view({ state: "required", missing: 7 })],
    { state: "partial", stale: 0, missing: 7 },
  ],
  [
    "the worst of each",
    [view({ stale: 3, missing: 1 }), view({ stale: 2, missing: 9 })],
    { state: "partial", stale: 3, missing: 9 },
  ],
] as const)("objects together: %s", (_, views, wanted) => {
  expect(standing(views)).toEqual(wanted);
});

test.each([
  [108 / 254, 0.424, 0.424],
  [108 / 254, 0.51, 108 / 254], // of another mask than the lane speaks of
  [108 / 254, undefined, 108 / 254],
  [1, 1.02, 1.02],
  [null, 0.424, null],
])("a lane's score %s is more exactly %s: %s", (rough, exact, wanted) => {
  expect(exactly(rough, exact)).toBe(wanted);
});
