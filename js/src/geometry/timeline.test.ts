import fc from "fast-check";
import { expect, test } from "vitest";
import {
  frameAt,
  panWindow,
  stripFrames,
  type Track,
  tickStep,
  windowAround,
  xOf,
  zoomWindow,
} from "./timeline";

const track = (first: number, last: number): Track => ({ first, last, left: 100, width: 800 });
const windows = fc
  .tuple(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 0, max: 999 }))
  .map(([first, more]) => track(first, first + more));

test("a frame is found where it is drawn", () => {
  fc.assert(
    fc.property(windows, fc.double({ min: 0, max: 1, noNaN: true }), (shown, share) => {
      const frame = Math.round(shown.first + share * (shown.last - shown.first));
      expect(frameAt(shown, xOf(shown, frame))).toBe(frame);
    }),
  );
});

test("outside the track is its first or last frame", () => {
  expect([frameAt(track(5, 50), 0), frameAt(track(5, 50), 5000)]).toEqual([5, 50]);
});

test("zooming keeps the frame under the pointer, and shows all frames again in the end", () => {
  const window = zoomWindow(track(0, 9999), 10, 500, 10_000);
  expect(window).toEqual({ first: 4500, last: 5499 });
  expect(zoomWindow(track(4500, 5499), 0.01, 300, 10_000)).toBeNull();
  expect(zoomWindow(track(0, 4), 10, 300, 5)).toBeNull();
});

test("a window never leaves the video", () => {
  fc.assert(
    fc.property(windows, fc.integer({ min: -20_000, max: 20_000 }), ({ first, last }, by) => {
      const moved = panWindow({ first, last }, by, 10_000);
      expect(moved.last - moved.first).toBe(last - first);
      expect(moved.first >= 0 && moved.last < 10_000).toBe(true);
    }),
  );
});

test.each([
  [50, { first: 40, last: 60 }],
  [30, { first: 30, last: 50 }],
  [70, { first: 50, last: 70 }],
])("the window follows frame %i", (frame, wanted) => {
  expect(windowAround({ first: 40, last: 60 }, frame, 100)).toEqual(wanted);
});

test("ticks are 1, 2, 5, 10… frames apart", () => {
  expect([8, 30, 90, 9999].map((last) => tickStep(track(0, last), 76))).toEqual([1, 5, 10, 1000]);
});

test("a filmstrip goes from end to end", () => {
  const strip = stripFrames(track(0, 89), 71);
  expect(strip).toHaveLength(12);
  expect([strip[0]?.frame, strip.at(-1)?.frame]).toEqual([3, 89]);
});
