/**
 * The page's copy of the document: what the kernel last said (`base`), and the steps it has not yet answered, which are
 * shown as if it had. One step is asked at a time, in order. What the kernel says while a step is under way waits for
 * that step's answer, because only then is it known whether the step is already in it.
 */

import type { Edit, VideoEdit } from "../protocol/messages.gen";
import { EditError, objectOf } from "./document";

type History = { readonly type: "history"; readonly direction: "undo" | "redo" };

type Step<E> =
  | {
      readonly type: "edit";
      readonly frame: number;
      readonly edits: ReadonlyArray<E>;
      readonly open: boolean;
    }
  | History;

/** A step for the kernel: edits made on revision `rev`, or one step of the history. */
export type Asked<E> =
  | {
      readonly type: "edit";
      readonly rev: number;
      readonly frame: number;
      readonly edits: ReadonlyArray<E>;
    }
  | History;

/** The document after edits in a frame (0 in a picture), all or none: EditError. */
export type ApplyAll<D, E> = (document: D, edits: ReadonlyArray<E>, frame: number) => D;

type Kept = { readonly rev: number; readonly can_undo: boolean; readonly can_redo: boolean };

export class Replica<D extends Kept, E extends Edit | VideoEdit> {
  readonly #applyAll: ApplyAll<D, E>;
  #base: D;
  #steps: ReadonlyArray<Step<E>> = [];
  #isAsking = false;
  #said: D | null = null;
  #owed: { readonly rev: number; readonly by: History } | null = null;

  constructor(empty: D, applyAll: ApplyAll<D, E>) {
    this.#base = empty;
    this.#applyAll = applyAll;
  }

  /** The document the kernel last spoke of. */
  get base(): D {
    return this.#base;
  }

  /** Whether the kernel owes the document after an undo or redo, or is known to be at a later revision than `base`. */
  isBehind(rev: number): boolean {
    return !this.#isAsking && (this.#owed !== null || rev > this.#base.rev);
  }

  /** Whether everything has been answered. */
  get isSettled(): boolean {
    return this.#steps.length === 0 && this.#owed === null;
  }

  /** Begin anew from what the kernel says; what it has not answered is forgotten. */
  reset(base: D): void {
    this.#base = base;
    this.forget();
  }

  /** Take back every unanswered step. */
  forget(): void {
    this.#steps = [];
    this.#isAsking = false;
    this.#said = null;
    this.#owed = null;
  }

  /** The document with all unanswered steps; of undo and redo it shows that they can be taken back. */
  get shown(): D {
    let shown = this.#owed === null ? this.#base : takenBack(this.#base, this.#owed.by);
    for (const step of this.#steps)
      shown = step.type === "edit" ? this.#applied(shown, step.edits, step.frame) : takenBack(shown, step);
    return shown;
  }

  /** Edits as one step of the history; `open` steps wait for `close` and take in what follows. EditError if unfit. */
  edit(edits: ReadonlyArray<E>, open = false, frame = 0): void {
    this.#applyAll(this.shown, edits, frame);
    if (this.#steps.some((step) => step.type === "edit" && step.open && step.frame !== frame)) this.close();
    const index = this.#steps.length - 1;
    const last = this.#steps[index];
    const step = { type: "edit" as const, frame, edits, open };
    if (last?.type === "edit" && last.open)
      this.#steps = this.#steps.with(index, { ...step, edits: [...last.edits, ...edits] });
    else if (
      last?.type === "edit" &&
      !(index === 0 && this.#isAsking) &&
      last.frame === frame &&
      isSameMove(last.edits, edits)
    )
      this.#steps = this.#steps.with(index, step);
    else this.#steps = [...this.#steps, step];
  }

  /** No more edits for the open step. */
  close(): void {
    this.#steps = this.#steps.map((step) =>
      step.type === "edit" && step.open ? { ...step, open: false } : step,
    );
  }

  /** Undo or redo, after what is already waiting. */
  history(direction: "undo" | "redo"): void {
    this.close();
    this.#steps = [...this.#steps, { type: "history", direction }];
  }

  /** What to ask the kernel now; null while it still owes an answer, or when there is nothing. */
  next(): Asked<E> | null {
    const [step] = this.#steps;
    if (step === undefined || this.#isAsking || this.#owed !== null) return null;
    if (step.type === "edit" && step.open) return null;
    this.#isAsking = true;
    return step.type === "edit"
      ? { type: "edit", rev: this.#base.rev, frame: step.frame, edits: step.edits }
      : { type: "history", direction: step.direction };
  }

  /** The kernel has done the step that was asked: it is at `rev` now. */
  done(rev: number): void {
    const [step, ...rest] = this.#steps;
    this.#steps = rest;
    this.#isAsking = false;
    const said = this.#said;
    this.#said = null;
    if (said !== null && said.rev >= rev) this.#base = said;
    else if (step?.type === "edit")
      this.#base = { ...this.#applied(said ?? this.#base, step.edits, step.frame), rev };
    else if (step !== undefined) this.#owed = { rev, by: step };
  }

  /** The kernel speaks of the document. An older one than we know is old news. */
  hear(document: D): void {
    if (document.rev < this.#base.rev) return;
    if (this.#isAsking) {
      if (this.#said === null || document.rev >= this.#said.rev) this.#said = document;
      return;
    }
    this.#base = document;
    if (this.#owed !== null && document.rev >= this.#owed.rev) this.#owed = null;
  }

  /** Whether the kernel has yet to answer an edit of this object, in this frame, that `concerns` it. */
  awaits(object: number, concerns: (edit: E) => boolean, frame = 0): boolean {
    return this.#steps.some(
      (step) =>
        step.type === "edit" &&
        step.frame === frame &&
        step.edits.some((edit) => objectOf(edit) === object && concerns(edit)),
    );
  }

  /** Steps that no longer fit (the object is gone, say) show nothing; the kernel will refuse them in words. */
  #applied(document: D, edits: ReadonlyArray<E>, frame: number): D {
    try {
      return this.#applyAll(document, edits, frame);
    } catch (error) {
      if (error instanceof EditError) return document;
      throw error;
    }
  }
}

/** Whoever undoes can redo at once, before the kernel has said so; and the other way round. */
function takenBack<D extends Kept>(document: D, step: History): D {
  return step.direction === "undo" ? { ...document, can_redo: true } : { ...document, can_undo: true };
}

/** Whether both steps do nothing but move the same point, or the same object's box. */
function isSameMove(
  before: ReadonlyArray<Edit | VideoEdit>,
  after: ReadonlyArray<Edit | VideoEdit>,
): boolean {
  const [a, b] = [before[0], after[0]];
  if (before.length !== 1 || after.length !== 1 || a === undefined || b === undefined) return false;
  if (objectOf(a) !== objectOf(b)) return false;
  if (a.kind === "move_point" && b.kind === "move_point") return a.index === b.index;
  return a.kind === "set_box" && b.kind === "set_box" && a.box !== null && b.box !== null;
}
