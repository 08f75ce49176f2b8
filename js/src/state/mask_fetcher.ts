/** Asks for the masks that views are about to draw, when lanes say that there are some and they are not here. */

import type { AnyReply } from "../protocol/channel";
import { type Lanes, UNKNOWN } from "./lanes";
import type { MaskStore } from "./video_masks";

type Ask = (
  frames: ReadonlyArray<number>,
  settle: (reply: AnyReply, bytes: ReadonlyArray<Uint8Array>) => void,
) => number;

const CREDITS = 2;
const CHUNK = 32;

export class MaskFetcher {
  readonly #store: MaskStore;
  readonly #lanes: Lanes;
  readonly #ask: Ask;
  readonly #wanted = new Map<object, ReadonlyArray<number>>();
  readonly #asked = new Map<number, ReadonlySet<number>>();
  #turn = 0;
  /** Masks of which news was not believed while an edit of ours was under way. */
  #doubted: Array<readonly [number, number]> = [];

  constructor(store: MaskStore, lanes: Lanes, ask: Ask) {
    this.#store = store;
    this.#lanes = lanes;
    this.#ask = ask;
  }

  /** A view draws these frames, the most urgent first. */
  want(view: object, frames: ReadonlyArray<number>): void {
    this.#wanted.set(view, frames);
    this.pump();
  }

  leave(view: object): void {
    this.#wanted.delete(view);
  }

  reset(): void {
    this.#asked.clear();
    this.#doubted = [];
  }

  doubt(frame: number, object: number): void {
    this.#doubted.push([frame, object]);
  }

  /** What was doubted is asked for anew. */
  settle(): void {
    for (const [frame, object] of this.#doubted) this.#store.forget(frame, object);
    this.#doubted = [];
    this.pump();
  }

  pump(): void {
    while (this.#asked.size < CREDITS) {
      const under = new Set([...this.#asked.values()].flatMap((frames) => [...frames]));
      const wanted = [...this.#wanted.values()].flat().filter((f) => !under.has(f) && this.#lacks(f));
      const frames = [...new Set(wanted)].slice(0, CHUNK);
      if (frames.length === 0) return;
      const turn = this.#turn++;
      this.#asked.set(turn, new Set(frames));
      this.#ask(frames, (reply, bytes) => this.#take(turn, frames, reply, bytes));
    }
  }

  #lacks(frame: number): boolean {
    return [...this.#lanes.all.peek()].some(
      ([object, lane]) => (lane.states[frame] ?? UNKNOWN) !== UNKNOWN && !this.#store.has(frame, object),
    );
  }

  #take(
    turn: number,
    frames: ReadonlyArray<number>,
    reply: AnyReply,
    bytes: ReadonlyArray<Uint8Array>,
  ): void {
    if (!this.#asked.delete(turn)) return; // of another kernel
    if (reply.type !== "masks_data") {
      for (const view of this.#wanted.keys()) this.#wanted.set(view, []); // until a view moves on
      return;
    }
    reply.masks.forEach((view, i) => {
      const known = this.#store.view(view.frame, view.object);
      if (known === null || known.rev <= view.rev) this.#store.take(view, reply.buffers[i], bytes[i]);
    });
    for (const frame of frames)
      for (const [object, lane] of this.#lanes.all.peek())
        if ((lane.states[frame] ?? UNKNOWN) !== UNKNOWN && !this.#store.has(frame, object))
          this.#store.lacks(frame, object);
    this.#store.announce();
    this.pump();
  }
}
