/** How far each object was followed, frame by frame, and what the timeline draws of it. Pure but for the `Lanes` store. */

import { type Signal, signal } from "@preact/signals-core";
import type { LaneView } from "../protocol/messages.gen";

/** What is known of an object in a frame, as the kernel codes it. */
export const UNKNOWN = 0;
export const PRESENT = 1;
export const HIDDEN = 2;
export const STALE_PRESENT = 3;
export const STALE_HIDDEN = 4;
const NO_SCORE = 255;
const SCORE_SCALE = 254;

export interface Lane {
  readonly view: LaneView;
  /** Both one byte per frame: the state, and the predicted IoU times 254. */
  readonly states: Uint8Array;
  readonly scores: Uint8Array;
}

export class Lanes {
  readonly all: Signal<ReadonlyMap<number, Lane>> = signal(new Map());
  /** The generation last heard of for each id, also of objects that are gone: an id may be given anew. */
  readonly #generations = new Map<number, number>();

  /** What the kernel says of whole lanes or pieces of them. Returns the objects whose masks are all outdated. */
  hear(
    views: ReadonlyArray<LaneView>,
    bytes: ReadonlyArray<Uint8Array>,
    frames: number,
  ): ReadonlyArray<number> {
    const lanes = new Map(this.all.value);
    const outdated: number[] = [];
    views.forEach((view, i) => {
      const old = lanes.get(view.object);
      const known = this.#generations.get(view.object);
      if (known !== undefined && known !== view.generation) outdated.push(view.object);
      this.#generations.set(view.object, view.generation);
      lanes.set(view.object, overlaid(old, view, bytes[i] ?? new Uint8Array(), frames));
    });
    this.all.value = lanes;
    return outdated;
  }

  /** Only these objects there are. Returns those whose lanes are dropped. */
  keep(ids: ReadonlySet<number>): ReadonlyArray<number> {
    const gone = [...this.all.value.keys()].filter((id) => !ids.has(id));
    if (gone.length > 0) this.all.value = new Map([...this.all.value].filter(([id]) => ids.has(id)));
    return gone;
  }

  reset(): void {
    this.#generations.clear();
    this.all.value = new Map();
  }

  /** The state of an object in a frame. */
  stateAt(object: number, frame: number): number {
    return this.all.peek().get(object)?.states[frame] ?? UNKNOWN;
  }
}

/** A lane with a piece of it replaced; `bytes` is its row of states, then its row of scores. */
export function overlaid(old: Lane | undefined, view: LaneView, bytes: Uint8Array, frames: number): Lane {
  const count = bytes.length >> 1;
  const length = Math.max(frames, view.first + count, old?.states.length ?? 0);
  const states = new Uint8Array(length);
  const scores = new Uint8Array(length).fill(NO_SCORE);
  if (old !== undefined) {
    states.set(old.states);
    scores.set(old.scores);
  }
  states.set(bytes.subarray(0, count), view.first);
  scores.set(bytes.subarray(count, 2 * count), view.first);
  return { view, states, scores };
}

/** The model's own judgement of a mask, 0 to 1; null while there is none to judge. */
export function scoreOf(lane: Lane | undefined, frame: number): number | null {
  if ((lane?.states[frame] ?? UNKNOWN) === UNKNOWN) return null;
  const code = lane?.scores[frame] ?? NO_SCORE;
  return code === NO_SCORE ? null : code / SCORE_SCALE;
}

/** The score of a mask as `exact` has it, where that is of the mask that the lane speaks of. */
export function exactly(rough: number | null, exact: number | undefined): number | null {
  if (rough === null || exact === undefined) return rough;
  const bounded = Math.min(Math.max(exact, 0), 1);
  return Math.abs(bounded - rough) < 1 / SCORE_SCALE ? exact : rough;
}

/** What a column of pixels shows of the frames it stands for. */
export interface Columns {
  readonly states: Uint8Array;
  /** The lowest score there, times 254; 255 without one. */
  readonly scores: Uint8Array;
}

// What must not be overlooked wins over what is common: a gap, then a hidden object, then what is stale.
const LOUDNESS = [4, 0, 3, 1, 2] as const;

/** The lane's frames `first` to `end` (not included) on `width` columns, none overlooked. */
export function binned(lane: Lane, first: number, end: number, width: number): Columns {
  const states = new Uint8Array(width);
  const scores = new Uint8Array(width).fill(NO_SCORE);
  const each = (end - first) / width;
  for (let column = 0; column < width; column++) {
    const from = Math.max(0, Math.floor(first + column * each));
    const to = Math.max(from + 1, Math.floor(first + (column + 1) * each));
    let [state, score] = [lane.states[from] ?? UNKNOWN, NO_SCORE];
    for (let frame = from; frame < to; frame++) {
      const found = lane.states[frame] ?? UNKNOWN;
      if ((LOUDNESS[found] ?? 0) > (LOUDNESS[state] ?? 0)) state = found;
      score = Math.min(score, lane.scores[frame] ?? NO_SCORE);
    }
    states[column] = state;
    scores[column] = score;
  }
  return { states, scores };
}

/** Runs of equal values: where each begins and ends (not included), and the value. */
export function runsOf(values: Uint8Array): ReadonlyArray<readonly [number, number, number]> {
  const runs: Array<readonly [number, number, number]> = [];
  for (let at = 0; at < values.length; ) {
    const [from, value] = [at, values[at] ?? 0];
    while (at < values.length && values[at] === value) at++;
    runs.push([from, at, value]);
  }
  return runs;
}

/** The nearest frame after (or before) this one in which one of the lanes knows nothing up to date; null without. */
export function nextGap(
  lanes: ReadonlyArray<Lane>,
  frame: number,
  by: 1 | -1,
  frames: number,
  first = 0,
): number | null {
  for (let at = frame + by; at >= first && at < frames; at += by)
    if (lanes.some((lane) => isGap(lane.states[at] ?? UNKNOWN))) return at;
  return null;
}

const isGap = (state: number): boolean => state === UNKNOWN || state >= STALE_PRESENT;

/** How all lanes together stand. */
export type Progress = LaneView["state"];

export interface Standing {
  readonly state: Progress;
  readonly stale: number;
  readonly missing: number;
}

/** The objects that have prompts, taken together: as far as the least of them. */
export function standing(views: ReadonlyArray<LaneView>): Standing {
  const prompted = views.filter(({ state }) => state !== "none");
  const most = (read: (view: LaneView) => number) => Math.max(0, ...prompted.map(read));
  const [stale, missing] = [most((view) => view.stale), most((view) => view.missing)];
  if (prompted.length === 0) return { state: "none", stale, missing };
  const states = new Set(prompted.map(({ state }) => state));
  if (states.size === 1) return { state: [...states][0] ?? "none", stale, missing };
  return { state: "partial", stale, missing };
}
