/**
 * The mask that a click would make, ahead of the click. The newest place is all that counts: one question is under way
 * at most, and one place waits. A slow line is asked more rarely, and for less.
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
// A shape that is seen for a moment needs no more.
const PIXELS = 120_000;
// So near, in image pixels, it is the same place.
const SAME = 0.5;

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
  #under: { readonly at: Vec; readonly since: number; readonly drop: () => void } | null = null;
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
    if (this.#shown !== null && Math.hypot(at.x - this.#shown.x, at.y - this.#shown.y) < SAME) return;
    this.#next();
  }

  /** Ask no more; what is shown stays, or goes. */
  rest(keepsShape: boolean): void {
    this.#wanted = null;
    this.#under?.drop();
    this.#under = null;
    if (keepsShape) return;
    this.#shown = null;
    this.shape.value = null;
  }

  #next(): void {
    const now = this.#now();
    if (this.#under !== null && now - this.#under.since > LATE_MS) this.rest(false);
    if (this.#wanted === null || this.#under !== null) return;
    if (now < this.#restUntil) return;
    const at = this.#wanted;
    const isSlow = (this.delay.peek() ?? 0) > SLOW_MS;
    const drop = this.#ask(at, isSlow ? SMALL_SIDE : FULL_SIDE, (logits) => this.#take(at, logits));
    this.#under = { at, since: now, drop };
  }

  #take(at: Vec, logits: Logits | null): void {
    const under = this.#under;
    this.#under = null;
    if (under === null) return;
    const took = this.#now() - under.since;
    this.delay.value = this.delay.value === null ? took : 0.7 * this.delay.value + 0.3 * took;
    if (this.delay.value > HOPELESS_MS) {
      this.#restUntil = this.#now() + REST_MS;
      this.delay.value = null; // tried again after the rest
    } else if (this.delay.value > SLOW_MS) {
      this.#restUntil = this.#now() + took;
      this.#later(() => this.#next(), took);
    }
    if (this.#wanted === null) return;
    if (logits !== null) {
      this.#shown = at;
      this.shape.value = preview(logits, 0, this.#image, 0, PIXELS);
      this.count.value += 1;
    }
    if (logits !== null && Math.hypot(this.#wanted.x - at.x, this.#wanted.y - at.y) >= SAME) this.#next();
  }
}
