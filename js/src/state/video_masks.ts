/** The masks of a video that are on this page: run lengths by frame and object, and shapes of those that are drawn. */

import { type Signal, signal } from "@preact/signals-core";
import { decodeMask } from "../protocol/codecs";
import type { Buffer, MaskView } from "../protocol/messages.gen";
import { exactShape, type Shape } from "./masks";
import { ByteStore } from "./store";

interface Known {
  /** A number that no other mask has had. */
  readonly stamp: number;
  /** Null: the kernel says there is none. */
  readonly view: MaskView | null;
  readonly buffer: Buffer | null;
  readonly bytes: Uint8Array;
}

const MASK_BYTES = 48 * 2 ** 20;
const SHAPE_BYTES = 24 * 2 ** 20;
// What a mask costs beyond its run lengths.
const OVERHEAD = 200;

export class MaskStore {
  /** Counts changes, so that who draws masks looks again. */
  readonly arrived: Signal<number> = signal(0);
  #stamps = 0;
  readonly #known = new ByteStore<string, Known>(MASK_BYTES, ({ bytes }) => bytes.length + OVERHEAD);
  readonly #shapes = new ByteStore<Known, Shape>(SHAPE_BYTES, ({ rings }) =>
    rings.reduce((sum, ring) => sum + 3 * ring.byteLength, OVERHEAD),
  );

  get bytes(): number {
    return this.#known.bytes + this.#shapes.bytes;
  }

  has(frame: number, object: number): boolean {
    return this.#known.peek(keyOf(frame, object)) !== undefined;
  }

  view(frame: number, object: number): MaskView | null {
    return this.#known.peek(keyOf(frame, object))?.view ?? null;
  }

  /** Another number whenever the mask is another one; 0 without one. Who asks watches it, so it is kept. */
  stamp(frame: number, object: number): number {
    const known = this.#known.get(keyOf(frame, object));
    return known === undefined || known.buffer === null ? 0 : known.stamp;
  }

  /** The mask as a shape; null when there is none, or none here. */
  shape(frame: number, object: number): Shape | null {
    const known = this.#known.get(keyOf(frame, object));
    if (known === undefined || known.buffer === null) return null;
    const made = this.#shapes.get(known);
    if (made !== undefined) return made;
    const shape = decoded(known.buffer, known.bytes);
    this.#shapes.set(known, shape);
    return shape;
  }

  take(view: MaskView, buffer: Buffer | undefined, bytes: Uint8Array | undefined): void {
    this.#put(keyOf(view.frame, view.object), view, buffer ?? null, bytes?.slice() ?? new Uint8Array());
  }

  /** There is no mask of the object in the frame. */
  lacks(frame: number, object: number): void {
    this.#put(keyOf(frame, object), null, null, new Uint8Array());
  }

  /** Ask again when it is needed. */
  forget(frame: number, object: number): void {
    this.#known.delete(keyOf(frame, object));
  }

  forgetObject(object: number): void {
    this.#known.prune((key) => key.endsWith(` ${object}`));
    this.arrived.value += 1;
  }

  /** Something has been put in; tell those who draw, once for many. */
  announce(): void {
    this.arrived.value += 1;
  }

  clear(): void {
    this.#known.clear();
    this.#shapes.clear();
    this.arrived.value += 1;
  }

  #put(key: string, view: MaskView | null, buffer: Buffer | null, bytes: Uint8Array): void {
    this.#known.set(key, { stamp: ++this.#stamps, view, buffer, bytes });
  }
}

const keyOf = (frame: number, object: number): string => `${frame} ${object}`;

const NOTHING: Shape = { rings: [], left: 0, top: 0, across: 1, down: 1 };

function decoded(buffer: Buffer, bytes: Uint8Array): Shape {
  try {
    return exactShape(decodeMask(buffer, bytes));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.warn("sam2_notebook: a broken mask came from the kernel:", error.message);
    return NOTHING;
  }
}
