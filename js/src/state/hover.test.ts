import { beforeEach, describe, expect, test } from "vitest";
import type { Logits } from "../render/logits";
import { Hover } from "./hover";

interface Asked {
  readonly x: number;
  readonly side: number;
  readonly settle: (logits: Logits | null) => void;
  dropped: boolean;
}

const image = { width: 80, height: 60 };
const logits = (value = 5): Logits => ({
  ...{ data: Int8Array.from([value]), count: 1, height: 1, width: 1, scale: 1 },
});
let now: number;
let asked: Asked[];
let later: Array<() => void>;
let hover: Hover;

beforeEach(() => {
  now = 0;
  asked = [];
  later = [];
  hover = new Hover(
    ({ x }, side, settle) => {
      const one = { x, side, settle, dropped: false };
      asked.push(one);
      return () => {
        one.dropped = true;
      };
    },
    () => now,
    (call) => later.push(call),
  );
});

const want = (x: number) => hover.want({ x, y: 5 }, image);
function answer(after: number, value: Logits | null = logits()): void {
  now += after;
  asked.at(-1)?.settle(value);
}

describe("the newest place", () => {
  test("is all that is asked for while questions are under way", () => {
    for (let x = 0; x < 100; x++) want(x);
    expect(asked.map(({ x }) => x)).toEqual([0]);
    answer(20);
    expect(asked.map(({ x }) => x)).toEqual([0, 99]);
    answer(20);
    expect(asked).toHaveLength(2);
    expect(hover.count.value).toBe(2);
  });

  test("is asked for beside the one before, and no third, once answers are known to be quick", () => {
    want(0);
    answer(20);
    for (let x = 10; x < 20; x++) want(x);
    expect(asked.map(({ x }) => x)).toEqual([0, 10, 11]);
    asked[1]?.settle(logits());
    expect(asked.map(({ x }) => x)).toEqual([0, 10, 11, 19]);
    asked[2]?.settle(logits());
    asked[3]?.settle(logits());
    expect(asked).toHaveLength(4);
    expect(hover.count.value).toBe(4);
  });

  test("is asked for once, however often the pointer says it", () => {
    want(0);
    answer(20);
    for (let n = 0; n < 5; n++) want(7);
    expect(asked).toHaveLength(2);
    hover.rest(false);
    expect(asked.map(({ dropped }) => dropped)).toEqual([false, true]);
  });

  test("stays in sight when the pointer comes back to it before another place is answered", () => {
    want(0);
    answer(20);
    want(7);
    want(9);
    want(7);
    asked[1]?.settle(logits());
    const shape = hover.shape.value;
    asked[2]?.settle(logits());
    expect(hover.shape.value).toBe(shape);
    expect(asked).toHaveLength(3);
  });

  test("is not asked for again while the pointer rests", () => {
    want(3);
    answer(20);
    want(3);
    want(3.2);
    expect(asked).toHaveLength(1);
    expect(hover.shape.value).not.toBeNull();
  });

  test("that the kernel has not answered is asked for when the pointer moves on", () => {
    want(3);
    answer(20, null);
    expect([asked.length, hover.shape.value]).toEqual([1, null]);
    want(4);
    expect(asked).toHaveLength(2);
  });

  test("is asked for anew when an answer was lost", () => {
    want(3);
    now += 5000;
    want(9);
    expect(asked.map(({ dropped }) => dropped)).toEqual([true]);
    want(10);
    expect(asked.map(({ x }) => x)).toEqual([3, 10]);
  });
});

describe("a rest", () => {
  test("takes the shape away, and the answer that comes later is nothing", () => {
    want(3);
    answer(20);
    want(9);
    hover.rest(false);
    expect([hover.shape.value, asked.at(-1)?.dropped]).toEqual([null, true]);
    answer(20);
    expect(hover.shape.value).toBeNull();
  });

  test("can leave the shape in sight until the click is answered", () => {
    want(3);
    answer(20);
    hover.rest(true);
    expect(hover.shape.value).not.toBeNull();
  });
});

describe("a slow line", () => {
  test("is asked for less, and waits as long as an answer took", () => {
    want(1);
    answer(400);
    want(2);
    expect(asked).toHaveLength(1);
    now += 401;
    for (const call of later) call();
    expect(asked.map(({ side }) => side)).toEqual([256, 64]);
  });

  test("without hope is left alone for a while", () => {
    want(1);
    answer(1800);
    now += 2000;
    want(2);
    expect(asked).toHaveLength(1);
    now += 10_000;
    want(3);
    expect(asked).toHaveLength(2);
  });
});
