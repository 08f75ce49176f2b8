import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { exactShape, type Shape } from "./masks";
import { contains, keptOf, Picking, type Proposal, passes, stackAt, within } from "./proposals";

/** A square ring: all of the square but a hole in its middle. */
function square(x: number, y: number, side: number, hole = 0): Shape {
  const data = new Uint8Array(side * side).fill(1);
  const from = (side - hole) / 2;
  for (let row = from; row < from + hole; row++) data.fill(0, row * side + from, row * side + from + hole);
  return exactShape({ x, y, width: side, height: side, data });
}

function proposal(number: number, shape: Shape, area: number, more: Partial<Proposal> = {}): Proposal {
  return { number, shape, area, score: 0.8, stability: 0.9, ...more };
}

const WHOLE = proposal(0, square(0, 0, 40), 1600);
const PART = proposal(1, square(10, 10, 10), 100);
const RING = proposal(2, square(4, 4, 24, 8), 512);

test.each([
  [5, 5, true],
  [16, 16, false],
  [1, 1, false],
  [27.5, 5, true],
])("a ring holds %d, %d: %s", (x, y, wanted) => {
  expect(contains(RING.shape, { x, y })).toBe(wanted);
});

test("masks under the pointer come smallest first", () => {
  expect(stackAt([WHOLE, PART, RING], { x: 11, y: 11 }).map(({ number }) => number)).toEqual([1, 2, 0]);
});

test("a box picks what lies in it whole", () => {
  const numbers = within([WHOLE, PART, RING], { x: 30, y: 30 }, { x: 3, y: 3 }).map(({ number }) => number);
  expect(numbers).toEqual([1, 2]);
});

test.each([
  [{ iou: 0.8, stability: 0.9, area: 0.01 }, true],
  [{ iou: 0.81, stability: 0, area: 0 }, false],
  [{ iou: 0, stability: 0.95, area: 0 }, false],
  [{ iou: 0, stability: 0, area: 0.02 }, false],
])("a mask that fits 0.8, is steady 0.9 and covers 1 %% passes %o: %s", (filters, wanted) => {
  expect(passes(PART, filters, 10_000)).toBe(wanted);
});

test("W goes to larger masks and around, a click picks what is lit, filters hide picks without losing them", () => {
  const picking = new Picking(() => 10_000);
  picking.take([PART, WHOLE, RING], { iou: 0, stability: 0, area: 0 });
  picking.hover({ x: 11, y: 11 });
  const lit = [picking.hovered.value];
  for (let i = 0; i < 3; i++) {
    picking.wider();
    lit.push(picking.hovered.value);
  }
  expect(lit).toEqual([1, 2, 0, 1]);
  picking.toggle();
  picking.add([0]);
  expect(picking.chosen).toEqual([0, 1]);
  picking.filters.value = { iou: 0, stability: 0, area: 0.05 };
  expect(picking.chosen).toEqual([0]);
  picking.filters.value = { iou: 0, stability: 0, area: 0 };
  picking.toggle();
  expect(picking.chosen).toEqual([0]);
});

test("what is lit stays while the pointer stays over the same masks", () => {
  const picking = new Picking(() => 10_000);
  picking.take([PART, WHOLE], { iou: 0, stability: 0, area: 0 });
  picking.hover({ x: 11, y: 11 });
  picking.wider();
  picking.hover({ x: 12, y: 12 });
  expect(picking.hovered.value).toBe(0);
  picking.hover({ x: 30, y: 30 });
  picking.hover({ x: 12, y: 12 });
  expect(picking.hovered.value).toBe(1);
  picking.hover(null);
  expect(picking.hovered.value).toBeNull();
});

test("a mask is kept while an object has just its pixels", () => {
  const same = square(4, 4, 24, 8);
  expect(keptOf([WHOLE, PART, RING], [same, square(11, 10, 10)])).toEqual(new Set([2]));
});

test("what is kept is not picked again, by no means, until it is undone", () => {
  const objects = signal<ReadonlyArray<Shape>>([]);
  const picking = new Picking(
    () => 10_000,
    () => objects.value,
  );
  const everyOne = () => picking.free.value.map(({ number }) => number);
  picking.take([PART, WHOLE, RING], { iou: 0, stability: 0, area: 0 });
  picking.hover({ x: 11, y: 11 });
  picking.toggle();
  picking.send();
  expect([picking.chosen, everyOne()]).toEqual([[], [0, 2]]); // Enter twice keeps once
  objects.value = [square(10, 10, 10)];
  picking.land();
  picking.hover({ x: 11, y: 11 });
  expect([picking.hovered.value, everyOne()]).toEqual([2, [0, 2]]);
  picking.add([1]);
  expect(picking.chosen).toEqual([]);
  objects.value = [];
  expect(everyOne()).toEqual([0, 2, 1]);
});

test("what the kernel would not keep is picked still", () => {
  const picking = new Picking(() => 10_000);
  picking.take([PART, WHOLE, RING], { iou: 0, stability: 0, area: 0 });
  picking.add([2, 0]);
  picking.send();
  picking.giveBack();
  expect(picking.chosen).toEqual([0, 2]);
  picking.dropLast();
  expect(picking.chosen).toEqual([2]);
  picking.hover({ x: 35, y: 35 });
  picking.toggle(true);
  expect(picking.chosen).toEqual([2]); // the right button picks nothing
});
