/**
 * The mask that a click would make, ahead of the click. The newest place is all that counts: two questions are under way
 * at most, so that the kernel computes while the page draws, and one place waits. A slow line is asked one at a time,
 * more rarely, and for less.
 */

import { type Signal, signal } from "@preact/signals-core";
import type { Extent, Vec } from "../geometry/viewport";
import type { Logits } from "../render/logits";
import { preview, type Shape } from "./masks";

/** Ask for the mask of a click at (x, y); `settle` gets it, or null, once. Returns how to wait for it no more. */
export type AskHover = (at: Vec, side: number, settle: (logits: Logits | null) => void) => () => void;

// An answer that takes longer than this comes over a slow line (a page beside its kernel takes about 30 ms).
const SLOW_MS = 250;
const HOPELESS_MS = 1500;
const REST_MS = 10_000;
const FULL_SIDE = 256;
const SMALL_SIDE = 64;
const LATE_MS = 4000;
const AT_ONCE = 2;
// A shape that is seen for a moment needs no more.
const PIXELS = 120_000;
// So near, in image pixels, it is the same place.
const SAME = 0.5;

interface Question {
  readonly at: Vec;
  readonly since: number;
  drop: () => void;
}

export class Hover {
  readonly shape: Signal<Shape | null> = signal(null);
  /** How long answers take of late, in milliseconds; null before the first. */
  readonly delay: Signal<number | null> = signal(null);
  /** How many answers were shown. */
  readonly count: Signal<number> = signal(0);
  readonly #ask: AskHover;
  readonly #now: () => number;
  readonly #later: (call: () => void, ms: number) => void;
  #wanted: Vec | null = null;
  #shown: Vec | null = null;
  #image: Extent = { width: 1, height: 1 };
  /** The questions that have no answer yet, the oldest first. */
  #under: ReadonlyArray<Question> = [];
  #restUntil = Number.NEGATIVE_INFINITY;

  constructor(ask: AskHover, now: () => number, later: (call: () => void, ms: number) => void) {
    this.#ask = ask;
    this.#now = now;
    this.#later = later;
  }

  /** The pointer rests at a place of the picture, in pixels. */
  want(at: Vec, image: Extent): void {
    this.#wanted = at;
    this.#image = image;
    if (this.#shown !== null && isNear(at, this.#shown)) return;
    this.#next();
  }

  /** Ask no more; what is shown stays, or goes. */
  rest(keepsShape: boolean): void {
    this.#wanted = null;
    for (const { drop } of this.#under) drop();
    this.#under = [];
    if (keepsShape) return;
    this.#shown = null;
    this.shape.value = null;
  }

  #next(): void {
    const [now, wanted, [oldest]] = [this.#now(), this.#wanted, this.#under];
    if (oldest !== undefined && now - oldest.since > LATE_MS) return this.rest(false);
    if (wanted === null || now < this.#restUntil) return;
    const delay = this.delay.peek();
    const isSlow = (delay ?? 0) > SLOW_MS;
    if (this.#under.length >= (delay === null || isSlow ? 1 : AT_ONCE)) return;
    if (this.#under.some(({ at }) => isNear(at, wanted))) return;
    const question: Question = { at: wanted, since: now, drop: () => {} };
    this.#under = [...this.#under, question];
    const settle = (logits: Logits | null) => this.#take(question, logits);
    question.drop = this.#ask(wanted, isSlow ? SMALL_SIDE : FULL_SIDE, settle);
  }

  #take(question: Question, logits: Logits | null): void {
    if (!this.#under.includes(question)) return;
    this.#under = this.#under.filter((other) => other !== question);
    const took = this.#now() - question.since;
    this.delay.value = this.delay.value === null ? took : 0.7 * this.delay.value + 0.3 * took;
    if (this.delay.value > HOPELESS_MS) {
      this.#restUntil = this.#now() + REST_MS;
      this.delay.value = null; // tried again after the rest
    } else if (this.delay.value > SLOW_MS) {
      this.#restUntil = this.#now() + took;
      this.#later(() => this.#next(), took);
    }
    if (this.#wanted === null) return;
    if (this.#shown !== null && isNear(this.#wanted, this.#shown)) return; // the pointer has come back meanwhile
    if (logits !== null) {
      this.#shown = question.at;
      this.shape.value = preview(logits, 0, this.#image, 0, PIXELS);
      this.count.value += 1;
    }
    if (logits !== null && !isNear(this.#wanted, question.at)) this.#next();
  }
}

function isNear(one: Vec, other: Vec): boolean {
  return Math.hypot(one.x - other.x, one.y - other.y) < SAME;
}
