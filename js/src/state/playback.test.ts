import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Clock, framesAhead, inWords, startClock, tickClock, timeCode } from "./playback";

const always = () => true;
const never = () => false;

describe("the clock", () => {
  test("shows every frame in its time when all are there", () => {
    let clock = startClock(0, 30);
    const shown: number[] = [];
    for (let i = 0; i < 60; i++) {
      clock = tickClock(clock, 1 / 60, 30, 99, always);
      shown.push(clock.shown);
    }
    expect([clock.shown, new Set(shown).size]).toEqual([expect.toBeOneOf([29, 30]), clock.shown + 1]);
  });

  test("leaves frames out rather than fall behind", () => {
    const clock = tickClock(startClock(0, 100), 0.2, 50, 99, always);
    expect(clock.shown).toBe(10);
  });

  test("shows the newest that is there, and does not run away from it", () => {
    const clock = tickClock(startClock(0, 30), 0.2, 50, 99, (frame) => frame === 4);
    expect([clock.shown, clock.position]).toEqual([4, 5]);
  });

  test("waits when nothing is there, and after a while leaves out more", () => {
    let clock = startClock(3, 30);
    for (let i = 0; i < 30; i++) clock = tickClock(clock, 1 / 60, 30, 99, never);
    expect([clock.shown, clock.stride]).toEqual([3, 2]);
    expect(clock.position).toBeLessThanOrEqual(3 + clock.stride);
    for (let i = 0; i < 400; i++) clock = tickClock(clock, 1 / 60, 30, 99, always);
    expect(clock.stride).toBe(1);
  });

  test("never goes back, nor past the end", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 0.25, noNaN: true }), fc.boolean()), { maxLength: 60 }),
        fc.integer({ min: 0, max: 50 }),
        (ticks, last) => {
          let clock: Clock = startClock(0, 120);
          for (const [elapsed, isReady] of ticks) {
            const next = tickClock(clock, elapsed, 120, last, () => isReady);
            expect(next.shown).toBeGreaterThanOrEqual(clock.shown);
            expect(next.shown).toBeLessThanOrEqual(last);
            clock = next;
          }
        },
      ),
    );
  });

  test("asks for no more frames than a screen shows", () => {
    expect([startClock(0, 30).stride, startClock(0, 60).stride, startClock(0, 240).stride]).toEqual([
      1, 1, 4,
    ]);
  });
});

test("what playing needs next ends with the last frame", () => {
  const clock = { ...startClock(5, 30), stride: 4 };
  expect(framesAhead(clock, 16)).toEqual([9, 13, 16]);
  expect(framesAhead(clock, 5)).toEqual([]);
  expect(framesAhead(clock, 9999)).toHaveLength(24);
});

test.each([
  [0, "0:00.00"],
  [1.239, "0:01.24"],
  [59.999, "1:00.00"],
  [605.5, "10:05.50"],
])("%d s is the time %s", (seconds, wanted) => expect(timeCode(seconds)).toBe(wanted));

test.each([
  [0.2, "less than a second"],
  [42.4, "42 s"],
  [600, "10 min"],
  [9000, "2.5 h"],
])("%d s are %s", (seconds, wanted) => expect(inWords(seconds)).toBe(wanted));
