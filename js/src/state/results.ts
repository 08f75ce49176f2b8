/** The masks of all objects, as the kernel's answers leave them: the newest wins, and what is outdated is not shown. */

import { type Signal, signal } from "@preact/signals-core";
import { decodeLogits, decodeMask } from "../protocol/codecs";
import type {
  Buffer,
  DocumentView,
  Edit,
  ObjectResult,
  ObjectView,
  Snapshot,
} from "../protocol/messages.gen";
import type { Logits } from "../render/logits";
import { changesChoice, changesPrompts, findObject, isBare } from "./document";
import type { Bytes } from "./link";
import { exactShape, type ObjectMask, type Shape, shownCandidate } from "./masks";
import type { Replica } from "./replica";

export class Results {
  readonly masks: Signal<ReadonlyMap<number, ObjectMask>> = signal(new Map());
  readonly #replica: Replica<DocumentView, Edit>;
  /** Since which revision an object has the prompts it has, and the chosen candidate. */
  readonly #promptedAt = new Map<number, number>();
  readonly #chosenAt = new Map<number, number>();
  /** Results that came before the answer to the edit they may be of. */
  readonly #early = new Map<number, { readonly result: ObjectResult; readonly bytes: Bytes }>();

  constructor(replica: Replica<DocumentView, Edit>) {
    this.#replica = replica;
  }

  reset(): void {
    this.#promptedAt.clear();
    this.#chosenAt.clear();
    this.#early.clear();
    this.masks.value = new Map();
  }

  /** The kernel has done these edits of ours at `rev`. */
  done(edits: ReadonlyArray<Edit>, rev: number): void {
    for (const edit of edits) {
      if (changesPrompts(edit)) this.#promptedAt.set(edit.object, rev);
      if (changesChoice(edit)) this.#chosenAt.set(edit.object, rev);
    }
    const early = [...this.#early.values()];
    this.#early.clear();
    for (const { result, bytes } of early) this.take(result, bytes);
  }

  /** The kernel's document has changed, perhaps by another hand. */
  compare(before: DocumentView, after: DocumentView): void {
    for (const object of after.objects) {
      const old = findObject(before, object.id);
      if (old === undefined || !hasSamePrompts(old, object)) this.#promptedAt.set(object.id, after.rev);
    }
  }

  /** The model's answer for one object. */
  take(result: ObjectResult, bytes: Bytes): void {
    const object = findObject(this.#replica.shown, result.object);
    if (object === undefined) return;
    if (this.#replica.awaits(result.object, changesPrompts)) {
      this.#early.set(result.object, { result, bytes });
      return;
    }
    if (this.#isOutdated(result.object, result.rev)) return;
    const masks = new Map(this.masks.value);
    if (result.buffers.length === 0) masks.delete(result.object);
    else {
      const { logits, shape } = decode(result.buffers, bytes);
      const known = result.scores === null ? null : (masks.get(result.object)?.logits ?? null);
      const mask = { rev: result.rev, scores: result.scores, logits: logits ?? known, exact: null };
      const exact = shape !== null && this.#isOfChoice(result) ? exactOf(shape, object, mask) : null;
      masks.set(result.object, { ...mask, exact });
    }
    this.masks.value = masks;
  }

  /** The masks of a snapshot; those of an object that has moved on since are old news. */
  restore(snapshot: Snapshot, bytes: Bytes): void {
    const masks = new Map<number, ObjectMask>();
    for (const object of snapshot.document.objects) {
      const known = this.masks.value.get(object.id);
      const rev = object.result_rev;
      if (known !== undefined && (rev === null || known.rev >= rev || this.#isOutdated(object.id, rev)))
        masks.set(object.id, known);
      else if (rev !== null) masks.set(object.id, { rev, scores: object.scores, logits: null, exact: null });
    }
    snapshot.buffers.forEach((buffer, i) => {
      const object = findObject(snapshot.document, buffer.object);
      const mask = object === undefined ? undefined : masks.get(object.id);
      if (object === undefined || mask === undefined || mask.rev !== object.result_rev) return;
      const { shape } = decode([buffer], bytes.slice(i, i + 1));
      if (shape !== null) masks.set(object.id, { ...mask, exact: exactOf(shape, object, mask) });
    });
    this.masks.value = masks;
  }

  /** The logits of an object's mask of revision `rev`. */
  addLogits(id: number, rev: number, buffers: ReadonlyArray<Buffer>, bytes: Bytes): void {
    const mask = this.masks.value.get(id);
    const { logits } = decode(buffers, bytes);
    if (mask?.rev === rev && logits !== null)
      this.masks.value = new Map(this.masks.value).set(id, { ...mask, logits });
  }

  /** Drop the masks of objects that are gone, or have just lost their last prompt. */
  prune(document: DocumentView): void {
    const kept = [...this.masks.value].filter(([id, mask]) => {
      const object = findObject(document, id);
      if (object === undefined) return false;
      return !isBare(object) || !this.#isOutdated(id, mask.rev);
    });
    if (kept.length < this.masks.value.size) this.masks.value = new Map(kept);
  }

  /** Whether an object's mask was made with other prompts than it has now. */
  isStale(id: number): boolean {
    const mask = this.masks.value.get(id);
    return mask !== undefined && this.#isOutdated(id, mask.rev);
  }

  /** Whether the kernel's document speaks of a result that has not come. */
  get isIncomplete(): boolean {
    return this.#replica.base.objects.some(
      ({ id, result_rev }) => result_rev !== null && (this.masks.value.get(id)?.rev ?? -1) < result_rev,
    );
  }

  /** Whether the page has newer prompts of an object than those of revision `rev`. */
  #isOutdated(object: number, rev: number): boolean {
    if (this.#replica.awaits(object, changesPrompts) || rev < (this.masks.value.get(object)?.rev ?? 0))
      return true;
    if (findObject(this.#replica.base, object)?.result_rev === rev) return false;
    return rev < (this.#promptedAt.get(object) ?? 0);
  }

  /** Whether the result's mask at image size is of the candidate that the page shows. */
  #isOfChoice({ object, rev }: ObjectResult): boolean {
    if (this.#replica.awaits(object, changesChoice)) return false;
    return rev >= (this.#chosenAt.get(object) ?? 0);
  }
}

function exactOf(shape: Shape, object: ObjectView, mask: ObjectMask): ObjectMask["exact"] {
  return { shape, candidate: shownCandidate(object, mask), threshold: object.threshold };
}

/** What the buffers hold; a broken one is left out, and the console says so. */
function decode(
  buffers: ReadonlyArray<Buffer>,
  bytes: Bytes,
): { logits: Logits | null; shape: Shape | null } {
  let [logits, shape]: [Logits | null, Shape | null] = [null, null];
  buffers.forEach((buffer, i) => {
    const part = bytes[i] ?? new Uint8Array();
    try {
      if (buffer.what === "logits8") logits = decodeLogits(buffer, part);
      if (buffer.what === "rle") shape = exactShape(decodeMask(buffer, part));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      console.warn("sam2_notebook: a broken mask came from the kernel:", error.message);
    }
  });
  return { logits, shape };
}

function hasSamePrompts(a: ObjectView, b: ObjectView): boolean {
  const said = ({ points, box, strokes, drawn, kept }: ObjectView) =>
    JSON.stringify([points, box, strokes, drawn, kept]);
  return said(a) === said(b);
}
