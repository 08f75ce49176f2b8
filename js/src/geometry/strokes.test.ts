import { describe, expect, test } from "vitest";
import { pathPlaces, pathText, simplified } from "./strokes";

test("a path survives its text, to an eighth of a pixel", () => {
  const places = [
    { x: 0, y: 4095.875 },
    { x: 30.3, y: 20 },
    { x: 30.25, y: 2.0625 },
  ];
  expect(pathPlaces(pathText(places))).toEqual([
    { x: 0, y: 4095.875 },
    { x: 30.25, y: 20 },
    { x: 30.25, y: 2.125 },
  ]);
});

test("a path is short: what Python writes", () => {
  expect(
    pathText([
      { x: 1, y: 2 },
      { x: 4, y: 2 },
    ]),
  ).toBe("8`0h00");
});

test.each(["8`0h0", "8`0h0~", "8", "80P", "~~~~~~~~0"])("%j is no path", (text) => {
  expect(() => pathPlaces(text)).toThrow(RangeError);
});

describe("a simplified path", () => {
  test("has no more places than its bends need", () => {
    const straight = Array.from({ length: 100 }, (_, x) => ({ x, y: Math.sin(x) / 10 }));
    const bent = Array.from({ length: 100 }, (_, y) => ({ x: 99, y }));
    expect(simplified([...straight, ...bent], 0.5)).toEqual([straight[0], straight[99], bent[99]]);
  });

  test("passes every place by no farther than it may", () => {
    const circle = Array.from({ length: 400 }, (_, i) => ({
      x: 100 * Math.cos(i / 63),
      y: 100 * Math.sin(i / 63),
    }));
    const few = simplified(circle, 0.5);
    expect(few.length).toBeLessThan(60);
    for (const { x, y } of few) expect(Math.hypot(x, y)).toBeCloseTo(100);
    const gap = Math.max(
      ...few.slice(1).map((b, i) => Math.hypot((b.x + (few[i]?.x ?? 0)) / 2, (b.y + (few[i]?.y ?? 0)) / 2)),
    );
    expect(gap).toBeGreaterThan(99);
  });

  test("of one place is that place, and one that closes keeps its far side", () => {
    expect(simplified([{ x: 1, y: 2 }], 1)).toEqual([{ x: 1, y: 2 }]);
    const loop = [
      { x: 0, y: 0 },
      { x: 9, y: 0 },
      { x: 9, y: 9 },
      { x: 0, y: 0 },
    ];
    expect(simplified(loop, 0.5)).toEqual(loop);
  });
});
