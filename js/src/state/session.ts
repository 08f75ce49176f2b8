/** What all views of one picture on this page share: the document's replica, the masks, the picture, the connection. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Vec } from "../geometry/viewport";
import type { AnyReply, Ask, Send, Settle } from "../protocol/channel";
import { type AnyEvent, decodeLogits } from "../protocol/codecs";
import {
  type DocumentView,
  type Edit,
  type EverythingData,
  type EverythingView,
  type LabelEvent,
  PICTURE_WIRE,
  type PictureInfo,
  type Status,
  type Wire,
} from "../protocol/messages.gen";
import type { Logits } from "../render/logits";
import { applyAll, EMPTY_DOCUMENT, isDrawn, selectedObject } from "./document";
import { type Bytes, type Connection, Link, type Snapshotted } from "./link";
import type { ObjectMask } from "./masks";
import { Picture } from "./picture";
import { NOTHING } from "./proposals";
import { type Asked, Replica } from "./replica";
import { Results } from "./results";
import type { Sheet } from "./sheet";

/** What goes over the same wire besides the picture. */
export interface Company {
  readonly wire: Wire;
  readonly event: (event: LabelEvent) => void;
  /** A hello was answered. New is another picture, or kernel: what was asked before may never be answered. */
  readonly greeted: (isNew: boolean) => void;
}

export class Session implements Sheet {
  readonly document: Signal<DocumentView> = signal(EMPTY_DOCUMENT);
  readonly info: Signal<PictureInfo | null> = signal(null);
  readonly status: Signal<Status> = signal({ state: "loading", text: "" });
  /** How many results have come. */
  readonly results: Signal<number> = signal(0);
  /** The revision the kernel has confirmed, and whether that holds everything done here. */
  readonly rev: Signal<number> = signal(0);
  readonly isSettled: Signal<boolean> = signal(true);
  /** Whether edits are taken: there is a picture, and a kernel that answers. */
  readonly isOpen: ReadonlySignal<boolean> = computed(
    () => this.info.value !== null && this.isReachable.value && !this.isAway.value,
  );
  readonly isReachable: ReadonlySignal<boolean> = computed(() => this.connection.value !== "lost");
  /** Another picture was asked for, and is not there yet. */
  readonly isAway: Signal<boolean> = signal(false);

  /** How it stands with segmenting everything. */
  readonly everything: Signal<EverythingView> = signal(NOTHING);
  readonly #link: Link;
  readonly #replica = new Replica<DocumentView, Edit>(EMPTY_DOCUMENT, (document, edits) =>
    applyAll(document, edits, this.info.peek() ?? { width: 0, height: 0 }),
  );
  readonly #results = new Results(this.#replica);
  readonly #picture: Picture;
  readonly #askedCandidates = new Map<number, number>();
  readonly #company: Company | undefined;
  #untilKept: ReadonlyArray<(isKept: boolean) => void> = [];

  constructor(view: string, send: Send, now: () => number = () => performance.now(), company?: Company) {
    this.#company = company;
    this.#link = new Link(view, send, now, {
      wire: company?.wire ?? PICTURE_WIRE,
      snapshot: (snapshot, bytes, isNew) => this.#onSnapshot(snapshot, bytes, isNew),
      event: (event, bytes) => this.#onEvent(event, bytes),
      isMissing: (rev) =>
        this.#replica.isBehind(rev) || (this.#results.isIncomplete && this.#replica.isSettled),
      idle: () => this.#picture.drop(),
    });
    this.#picture = new Picture(
      (width) => this.#link.ask({ type: "picture", width }, (reply, bytes) => this.#onPicture(reply, bytes)),
      (words) => {
        this.notice.value = words;
      },
    );
  }

  get connection(): Signal<Connection> {
    return this.#link.connection;
  }

  /** Words about what went wrong, until somebody has read them. */
  get notice(): Signal<string | null> {
    return this.#link.notice;
  }

  get hint(): Signal<string | null> {
    return this.#link.hint;
  }

  get bitmap(): ReadonlySignal<ImageBitmap | null> {
    return this.#picture.bitmap;
  }

  /** The picture in several widths, narrow ones first; the last is `bitmap`. */
  get copies(): ReadonlySignal<ReadonlyArray<ImageBitmap>> {
    return this.#picture.copies;
  }

  get masks(): ReadonlySignal<ReadonlyMap<number, ObjectMask>> {
    return this.#results.masks;
  }

  /** Ask for the mask of a click at a place; `settle` gets it, or null. Returns how to wait for it no more. */
  foresee(at: Vec, side: number, settle: (logits: Logits | null) => void): () => void {
    const seq = this.#link.ask({ type: "hover", x: at.x, y: at.y, side }, (reply, bytes) => {
      const [buffer] = reply.type === "hover_data" ? reply.buffers : [];
      settle(buffer === undefined ? null : decodeLogits(buffer, bytes[0] ?? new Uint8Array()));
    });
    return () => this.#link.forget(seq);
  }

  /** Segment everything, stop that, or look at what was found; `settle` gets the answer. */
  askEverything(
    action: "start" | "stop" | "look",
    settle: (data: EverythingData, bytes: Bytes) => void,
  ): void {
    this.#link.ask({ type: "everything", action }, (reply, bytes) => {
      if (reply.type !== "everything_data") return;
      this.everything.value = reply.everything;
      settle(reply, bytes);
    });
  }

  /** Make objects of some of what was found, or one of all. */
  keepProposals(proposals: ReadonlyArray<number>, merged: boolean, settle: (isKept: boolean) => void): void {
    const { run } = this.everything.peek();
    this.#link.ask({ type: "keep", run, proposals, merged }, (reply) => settle(reply.type === "ack"));
  }

  /** Whether an object's mask was made with other prompts than it has now. */
  isStale(id: number): boolean {
    return this.#results.isStale(id);
  }

  /** A view appears: say hello. Returns what to call when it goes. */
  attach(): () => void {
    return this.#link.attach();
  }

  /** Ask something that is not about the picture. */
  ask(body: Ask, settle: Settle): void {
    this.#link.ask(body, settle);
  }

  /** Ask for everything, unless that is under way. */
  hello(): void {
    this.#link.hello();
  }

  /** Names the picture's life in the kernel; null before it is known. */
  get epoch(): string | null {
    return this.#link.epoch;
  }

  /** Make edits, shown at once, as one step of the history; an `open` step goes on until `close`. False if refused. */
  edit(edits: ReadonlyArray<Edit>, open = false): boolean {
    if (!this.isOpen.value || edits.length === 0) return false;
    try {
      this.#replica.edit(edits, open);
    } catch (error) {
      this.#link.refuse(error);
      return false;
    }
    this.hint.value = null;
    this.#advance();
    return true;
  }

  /** The open step is complete. */
  close(): void {
    this.#replica.close();
    this.#advance();
  }

  /** Call `then` as soon as the kernel has all that was done here; with false if it refuses that, or is another one. */
  whenKept(then: (isKept: boolean) => void): void {
    this.#untilKept = [...this.#untilKept, then];
    this.close();
  }

  history(direction: "undo" | "redo"): void {
    const { can_undo, can_redo } = this.document.value;
    if (!this.isOpen.value || !(direction === "undo" ? can_undo : can_redo)) return;
    this.#replica.history(direction);
    this.#advance();
  }

  /** The picture is shown this wide, in device pixels. */
  showPictureAt(width: number): void {
    if (this.info.value !== null) this.#picture.want(width, this.info.value);
  }

  /** Something came from the kernel. */
  receive(content: unknown, buffers: unknown): void {
    this.#link.receive(content, buffers);
  }

  /** Time passes. */
  tick(): void {
    this.#link.tick();
  }

  #onEvent(event: AnyEvent, bytes: Bytes): void {
    switch (event.type) {
      case "document":
        this.#hear(event.document);
        return this.#advance();
      case "result":
        this.results.value += 1;
        this.#results.take(event, bytes);
        return this.#fetchCandidates();
      case "everything_changed":
        this.everything.value = event.everything;
        return;
      case "status":
        return this.#onStatus(event.status);
      case "label_changed":
        return this.#company?.event(event);
    }
  }

  #onStatus(status: Status): void {
    this.status.value = status;
    if (status.state === "error" && status.text !== "") this.notice.value = status.text;
  }

  #onSnapshot(snapshot: Snapshotted, bytes: Bytes, isNew: boolean): void {
    if (snapshot.type !== "snapshot") return;
    this.info.value = snapshot.picture;
    if (isNew) {
      this.#tellKept(false);
      this.everything.value = NOTHING;
      this.#askedCandidates.clear();
      this.#results.reset();
      this.#replica.reset(snapshot.document);
    } else this.#hear(snapshot.document);
    this.#picture.retire(snapshot.picture.key);
    this.#onStatus(snapshot.status);
    this.#results.restore(snapshot, bytes);
    this.#advance();
    this.#company?.greeted(isNew);
  }

  #hear(document: DocumentView): void {
    const before = this.#replica.base;
    this.#replica.hear(document);
    this.#results.compare(before, this.#replica.base);
  }

  #onPicture(reply: AnyReply, bytes: Bytes): void {
    if (reply.type === "picture_data") this.#picture.take(reply, bytes[0] ?? new Uint8Array());
    else this.#picture.fail();
  }

  /** Ask for the next step, and show where we are. */
  #advance(): void {
    const ask = this.#replica.next();
    if (ask !== null) {
      const body = ask.type === "history" ? ask : { type: "edit" as const, rev: ask.rev, edits: ask.edits };
      this.#link.ask(body, (reply) => this.#onStep(ask, reply));
    }
    batch(() => {
      this.document.value = this.#replica.shown;
      this.rev.value = this.#replica.base.rev;
      this.isSettled.value = this.#replica.isSettled;
      this.#results.prune(this.document.value);
      this.#fetchCandidates();
    });
    if (this.#replica.isSettled) this.#tellKept(true);
  }

  #tellKept(isKept: boolean): void {
    const told = this.#untilKept;
    this.#untilKept = [];
    for (const then of told) then(isKept);
  }

  #onStep(ask: Asked<Edit>, reply: AnyReply): void {
    if (reply.type === "ack") {
      const before = this.#replica.base;
      this.#replica.done(reply.rev);
      this.#results.compare(before, this.#replica.base);
      if (ask.type === "edit") this.#results.done(ask.edits, reply.rev);
      this.notice.value = null; // it goes well again
    } else {
      this.#tellKept(false);
      this.#replica.forget();
      this.#link.hello();
    }
    this.#advance();
  }

  /** The strip of candidates needs the logits, which a snapshot does not bring. */
  #fetchCandidates(): void {
    const object = selectedObject(this.document.value);
    const mask = object === undefined ? undefined : this.masks.value.get(object.id);
    if (object === undefined || mask === undefined || mask.logits !== null || isDrawn(object)) return;
    if (this.#askedCandidates.get(object.id) === mask.rev) return;
    this.#askedCandidates.set(object.id, mask.rev);
    this.#link.ask({ type: "candidates", object: object.id }, (reply, bytes) => {
      if (reply.type === "candidates_data")
        this.#results.addLogits(object.id, reply.rev, reply.buffers, bytes);
    });
  }
}
