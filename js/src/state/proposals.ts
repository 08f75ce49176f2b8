/** Masks nobody asked for, and which of them a view shows and has picked. What decides is pure. */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Vec } from "../geometry/viewport";
import { decodeMask } from "../protocol/codecs";
import type { EverythingData, EverythingView } from "../protocol/messages.gen";
import { exactShape, type Shape } from "./masks";

export interface Proposal {
  readonly number: number;
  readonly score: number;
  readonly stability: number;
  readonly area: number;
  readonly shape: Shape;
}

export const NOTHING: EverythingView = {
  ...{ state: "none", run: 0, done: 0, total: 0, count: 0, text: "", iou: 0, stability: 0 },
};

export interface Filters {
  readonly iou: number;
  readonly stability: number;
  /** Share of the picture. */
  readonly area: number;
}

/** The masks of an answer; a broken one is left out, and the console says so. */
export function proposalsOf(data: EverythingData, bytes: ReadonlyArray<Uint8Array>): ReadonlyArray<Proposal> {
  return data.proposals.flatMap((view, number) => {
    const [buffer, part] = [data.buffers[number], bytes[number]];
    if (buffer === undefined || part === undefined) return [];
    try {
      return [{ ...view, number, shape: exactShape(decodeMask(buffer, part)) }];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      console.warn("sam2_notebook: a broken mask came from the kernel:", error.message);
      return [];
    }
  });
}

export function passes({ score, stability, area }: Proposal, filters: Filters, pixels: number): boolean {
  return score >= filters.iou && stability >= filters.stability && area >= filters.area * pixels;
}

/** Whether an image point lies in a shape; holes are outside. */
export function contains({ rings, left, top, across, down }: Shape, { x, y }: Vec): boolean {
  const [px, py] = [(x - left) / across, (y - top) / down];
  let isInside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const [ax, ay] = [ring[i] ?? 0, ring[i + 1] ?? 0];
      const [bx, by] = [ring[j] ?? 0, ring[j + 1] ?? 0];
      if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) isInside = !isInside;
    }
  }
  return isInside;
}

const outlines = new WeakMap<Shape, string>();

/** The same for shapes that hold the same pixels. */
export function outlineOf(shape: Shape): string {
  const known = outlines.get(shape);
  if (known !== undefined) return known;
  const { rings, left, top, across, down } = shape;
  const made = `${[left, top, across, down].join()} ${rings.map((ring) => ring.join()).join(" ")}`;
  outlines.set(shape, made);
  return made;
}

/** The masks that objects have been made of: those that look just like one. */
export function keptOf(all: ReadonlyArray<Proposal>, objects: ReadonlyArray<Shape>): ReadonlySet<number> {
  const made = new Set(objects.map(outlineOf));
  return new Set(all.filter(({ shape }) => made.has(outlineOf(shape))).map(({ number }) => number));
}

/** The masks at a point, the smallest first. */
export function stackAt(shown: ReadonlyArray<Proposal>, at: Vec): ReadonlyArray<Proposal> {
  return shown.filter(({ shape }) => contains(shape, at)).sort((a, b) => a.area - b.area);
}

/** Left, top, right and bottom of a shape in image coordinates. */
function reach({ rings, left, top, across, down }: Shape): readonly [number, number, number, number] {
  const place: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings)
    for (let i = 0; i < ring.length; i += 2) {
      const [x, y] = [left + (ring[i] ?? 0) * across, top + (ring[i + 1] ?? 0) * down];
      place[0] = Math.min(place[0], x);
      place[1] = Math.min(place[1], y);
      place[2] = Math.max(place[2], x);
      place[3] = Math.max(place[3], y);
    }
  return place;
}

/** The masks that lie whole in the box between two image points. */
export function within(shown: ReadonlyArray<Proposal>, a: Vec, b: Vec): ReadonlyArray<Proposal> {
  const [x0, x1, y0, y1] = [Math.min(a.x, b.x), Math.max(a.x, b.x), Math.min(a.y, b.y), Math.max(a.y, b.y)];
  return shown.filter(({ shape }) => {
    const [left, top, right, bottom] = reach(shape);
    return left >= x0 && right <= x1 && top >= y0 && bottom <= y1;
  });
}

/** What one view is picking. */
export class Picking {
  readonly isOn: Signal<boolean> = signal(false);
  readonly all: Signal<ReadonlyArray<Proposal>> = signal([]);
  readonly filters: Signal<Filters> = signal({ iou: 0, stability: 0, area: 0 });
  readonly picked: Signal<ReadonlySet<number>> = signal(new Set());
  readonly hovered: Signal<number | null> = signal(null);
  /** Those that pass the filters, the largest first: small ones are drawn on top. */
  readonly shown: ReadonlySignal<ReadonlyArray<Proposal>>;
  /** Those that are objects already: none of them is picked again. */
  readonly kept: ReadonlySignal<ReadonlySet<number>>;
  /** Those that are on their way to be kept. */
  readonly sent: Signal<ReadonlySet<number>> = signal(new Set());
  /** Those that can be picked. */
  readonly free: ReadonlySignal<ReadonlyArray<Proposal>>;
  #stack: ReadonlyArray<number> = [];

  /** For a picture of so many `pixels`, with `objects` that look so. */
  constructor(pixels: () => number, objects: () => ReadonlyArray<Shape> = () => []) {
    this.kept = computed(() => keptOf(this.all.value, objects()));
    this.free = computed(() =>
      this.shown.value.filter(({ number }) => !this.kept.value.has(number) && !this.sent.value.has(number)),
    );
    this.shown = computed(() =>
      this.all.value
        .filter((proposal) => passes(proposal, this.filters.value, pixels()))
        .sort((a, b) => b.area - a.area),
    );
  }

  /** Other masks have come. */
  take(all: ReadonlyArray<Proposal>, filters: Filters): void {
    this.all.value = all;
    this.filters.value = filters;
    this.picked.value = new Set();
    this.sent.value = new Set();
    this.hovered.value = null;
  }

  /** The picked ones that are shown, and not kept yet. */
  get chosen(): ReadonlyArray<number> {
    return this.free.value.map(({ number }) => number).filter((number) => this.picked.value.has(number));
  }

  /** The chosen ones, in the order in which they were picked. */
  get #inTurn(): ReadonlyArray<number> {
    const chosen = new Set(this.chosen);
    return [...this.picked.peek()].filter((number) => chosen.has(number));
  }

  /** Those that are chosen are on their way: nobody sends them twice. */
  send(): void {
    this.sent.value = new Set(this.#inTurn);
    this.picked.value = new Set();
    this.#stack = [];
    this.hovered.value = null;
  }

  /** They were not kept, and are picked still. */
  giveBack(): void {
    this.add([...this.sent.peek()]);
    this.sent.value = new Set();
  }

  /** They have become objects: what is kept tells of them from now on. */
  land(): void {
    if (this.sent.peek().size > 0) this.sent.value = new Set();
  }

  /** The pointer is at an image point, or nowhere. */
  hover(at: Vec | null): void {
    const stack = at === null ? [] : stackAt(this.free.peek(), at).map(({ number }) => number);
    if (stack.join() === this.#stack.join()) return;
    this.#stack = stack;
    this.hovered.value = stack[0] ?? null;
  }

  /** The next larger mask under the pointer, after the largest the smallest again. */
  wider(): void {
    const at = this.#stack.indexOf(this.hovered.peek() ?? -1);
    this.hovered.value = this.#stack[(at + 1) % Math.max(1, this.#stack.length)] ?? null;
  }

  /** Pick what the pointer is on, or take it back; with `isAway` only the latter. */
  toggle(isAway = false): void {
    const number = this.hovered.peek();
    if (number === null) return;
    if (isAway || this.picked.peek().has(number)) this.drop([number]);
    else this.add([number]);
  }

  /** Pick these besides those that are picked. */
  add(numbers: ReadonlyArray<number>): void {
    this.picked.value = new Set([...this.picked.peek(), ...numbers]);
  }

  /** Take these back. */
  drop(numbers: ReadonlyArray<number>): void {
    this.picked.value = new Set([...this.picked.peek()].filter((number) => !numbers.includes(number)));
  }

  /** Take back what was picked last. */
  dropLast(): void {
    this.drop(this.#inTurn.slice(-1));
  }
}
