/** What all views of one widget on this page share: the document's replica, the masks, the picture, the connection. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { type Ask, Channel, type Send, type Settle } from "../protocol/channel";
import { receive } from "../protocol/codecs";
import {
  type DocumentView,
  type Edit,
  type Event as KernelEvent,
  type PictureInfo,
  type Pong,
  type Reply,
  type Status,
  VERSION,
} from "../protocol/messages.gen";
import { EditError, EMPTY_DOCUMENT, isAmbiguous, selectedObject } from "./document";
import type { ObjectMask } from "./masks";
import { Picture } from "./picture";
import { Replica } from "./replica";
import { type Bytes, Results } from "./results";

/** `waiting`: nothing heard for a while, it may be busy with a cell. `lost`: long enough to stop taking clicks. */
export type Connection = "greeting" | "live" | "waiting" | "lost";

const TICK_MS = 250;
const WAITING_MS = 1_500;
const LOST_MS = 5_000;
const SLEPT_MS = 3_000;
const MISSING_MS = 2_000;

export class Session {
  readonly document: Signal<DocumentView> = signal(EMPTY_DOCUMENT);
  readonly info: Signal<PictureInfo | null> = signal(null);
  readonly status: Signal<Status> = signal({ state: "loading", text: "" });
  readonly connection: Signal<Connection> = signal("greeting");
  /** Words about what went wrong, until somebody has read them. */
  readonly notice: Signal<string | null> = signal(null);
  /** How many results have come. */
  readonly results: Signal<number> = signal(0);
  /** The revision the kernel has confirmed, and whether that holds everything done here. */
  readonly rev: Signal<number> = signal(0);
  readonly isSettled: Signal<boolean> = signal(true);
  /** Whether edits are taken: there is a picture, and a kernel that answers. */
  readonly isOpen: ReadonlySignal<boolean> = computed(
    () => this.info.value !== null && this.connection.value !== "lost",
  );

  readonly #channel: Channel;
  readonly #replica = new Replica();
  readonly #results = new Results(this.#replica);
  readonly #picture: Picture;
  readonly #now: () => number;
  readonly #askedCandidates = new Map<number, number>();
  #epoch: string | null = null;
  #views = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #tickedAt = 0;
  #missingSince: number | null = null;
  #heardRev = 0;

  constructor(view: string, send: Send, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#channel = new Channel(view, (request) => {
      try {
        send(request);
      } catch (error) {
        console.warn("sam2_notebook: the kernel's end of this widget is gone", error); // silence will show it
      }
    });
    this.#picture = new Picture(
      (width) => this.#ask({ type: "picture", width }, (reply, bytes) => this.#onPicture(reply, bytes)),
      (words) => {
        this.notice.value = words;
      },
    );
  }

  get bitmap(): ReadonlySignal<ImageBitmap | null> {
    return this.#picture.bitmap;
  }

  get masks(): ReadonlySignal<ReadonlyMap<number, ObjectMask>> {
    return this.#results.masks;
  }

  /** A view appears: say hello. Returns what to call when it goes. */
  attach(): () => void {
    this.#views += 1;
    this.#tickedAt = this.#now();
    this.#channel.forgiveSilence(this.#tickedAt);
    this.#timer ??= setInterval(() => this.tick(), TICK_MS);
    this.#hello();
    return () => {
      this.#views -= 1;
      if (this.#views > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#picture.drop();
    };
  }

  /** Make edits, shown at once, as one step of the history; an `open` step goes on until `close`. */
  edit(edits: ReadonlyArray<Edit>, open = false): void {
    if (!this.isOpen.value || edits.length === 0) return;
    try {
      this.#replica.edit(edits, open);
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      this.notice.value = error.message;
      return;
    }
    this.#advance();
  }

  /** The open step is complete. */
  close(): void {
    this.#replica.close();
    this.#advance();
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
    const received = receive(content, buffers);
    if (typeof received === "string") {
      console.warn(`sam2_notebook: ignored ${received}`);
      return;
    }
    const { message, bytes } = received;
    batch(() => {
      if ("view" in message) {
        if (!this.#channel.receive(message, bytes)) return;
        if (message.type === "pong") this.#onPong(message);
        this.#judgeConnection(this.#now());
      } else if (this.#epoch !== null && message.epoch !== this.#epoch) this.#hello();
      else if (this.#epoch !== null) this.#onEvent(message, bytes);
    });
  }

  /** Time passes. */
  tick(): void {
    const now = this.#now();
    if (now - this.#tickedAt > SLEPT_MS) this.#channel.forgiveSilence(now);
    this.#tickedAt = now;
    this.#channel.tick(now);
    this.#judgeConnection(now);
    this.#lookForMissing(now);
  }

  #onEvent(event: KernelEvent, bytes: Bytes): void {
    this.#channel.hear();
    switch (event.type) {
      case "document":
        this.#hear(event.document);
        return this.#advance();
      case "result":
        this.results.value += 1;
        this.#results.take(event, bytes);
        return this.#fetchCandidates();
      case "status":
        return this.#onStatus(event.status);
    }
  }

  #onPong({ epoch, rev }: Pong): void {
    if (this.#epoch !== null && epoch !== this.#epoch) this.#hello();
    this.#heardRev = rev;
  }

  #onStatus(status: Status): void {
    this.status.value = status;
    if (status.state === "error" && status.text !== "") this.notice.value = status.text;
  }

  #hello(): void {
    if (!this.#channel.isGreeting)
      this.#channel.hello(this.#now(), (reply, bytes) => this.#onSnapshot(reply, bytes));
  }

  #ask(body: Ask, settle: Settle): void {
    this.#channel.ask(body, this.#now(), (reply, bytes) => {
      if (reply.type === "failure") this.notice.value = reply.message;
      settle(reply, bytes);
    });
  }

  #onSnapshot(snapshot: Reply, bytes: Bytes): void {
    if (snapshot.type === "failure") this.notice.value = snapshot.message;
    if (snapshot.type !== "snapshot") return;
    if (snapshot.version !== VERSION)
      this.notice.value =
        "This page and the kernel speak different versions. Restart the kernel and reload the page.";
    if (snapshot.epoch !== this.#epoch) {
      this.#channel.drop();
      this.#askedCandidates.clear();
      this.#results.reset();
      this.#replica.reset(snapshot.document, snapshot.picture);
      this.#epoch = snapshot.epoch;
      this.#heardRev = 0;
    } else this.#hear(snapshot.document);
    this.info.value = snapshot.picture;
    this.#picture.retire(snapshot.picture.key);
    this.#onStatus(snapshot.status);
    this.#results.restore(snapshot, bytes);
    this.#advance();
  }

  #hear(document: DocumentView): void {
    const before = this.#replica.base;
    this.#replica.hear(document);
    this.#results.compare(before, this.#replica.base);
  }

  #onPicture(reply: Reply, bytes: Bytes): void {
    if (reply.type === "picture_data") this.#picture.take(reply, bytes[0] ?? new Uint8Array());
    else this.#picture.fail();
  }

  /** Ask for the next step, and show where we are. */
  #advance(): void {
    const ask = this.#replica.next();
    if (ask !== null) this.#ask(ask, (reply) => this.#onStep(ask, reply));
    batch(() => {
      this.document.value = this.#replica.shown;
      this.rev.value = this.#replica.base.rev;
      this.isSettled.value = this.#replica.isSettled;
      this.#results.prune(this.document.value);
      this.#fetchCandidates();
    });
  }

  #onStep(ask: Ask, reply: Reply): void {
    if (reply.type === "ack") {
      const before = this.#replica.base;
      this.#replica.done(reply.rev);
      this.#results.compare(before, this.#replica.base);
      if (ask.type === "edit") this.#results.done(ask.edits, reply.rev);
      this.notice.value = null; // it goes well again
    } else {
      this.#replica.forget();
      this.#hello();
    }
    this.#advance();
  }

  /** The strip of candidates needs the logits, which a snapshot does not bring. */
  #fetchCandidates(): void {
    const object = selectedObject(this.document.value);
    const mask = object === undefined ? undefined : this.masks.value.get(object.id);
    if (object === undefined || mask === undefined || mask.logits !== null || !isAmbiguous(object)) return;
    if (this.#askedCandidates.get(object.id) === mask.rev) return;
    this.#askedCandidates.set(object.id, mask.rev);
    this.#ask({ type: "candidates", object: object.id }, (reply, bytes) => {
      if (reply.type === "candidates_data")
        this.#results.addLogits(object.id, reply.rev, reply.buffers, bytes);
    });
  }

  #judgeConnection(now: number): void {
    const was = this.connection.value;
    if (this.#channel.silence(now) >= LOST_MS) this.connection.value = "lost";
    else if (this.#epoch === null) this.connection.value = "greeting";
    else this.connection.value = this.#channel.patience(now) >= WAITING_MS ? "waiting" : "live";
    if (this.connection.value === "lost" && was !== "lost") this.#hello();
  }

  /** Messages can be dropped on the way: what the kernel has spoken of and what then never comes is asked for. */
  #lookForMissing(now: number): void {
    const isMissing =
      this.#replica.isBehind(this.#heardRev) || (this.#results.isIncomplete && this.#replica.isSettled);
    if (!isMissing) this.#missingSince = null;
    else this.#missingSince ??= now;
    if (this.#missingSince === null || now - this.#missingSince < MISSING_MS) return;
    this.#missingSince = now;
    this.#hello();
  }
}
