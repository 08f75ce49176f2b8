/** The connection of one widget on this page to its kernel: greeting, silence, restarts, and what was lost on the way. */

import { batch, type Signal, signal } from "@preact/signals-core";
import { type AnyReply, type Ask, Channel, type Send, type Settle } from "../protocol/channel";
import { type AnyEvent, receive } from "../protocol/codecs";
import { VERSION, type Wire } from "../protocol/messages.gen";
import { EditError, LockedError } from "./document";

/** `waiting`: nothing heard for a while, it may be busy with a cell. `lost`: long enough to stop taking clicks. */
export type Connection = "greeting" | "live" | "waiting" | "lost";

export type Bytes = ReadonlyArray<Uint8Array>;

/** What a session makes of what comes. */
export interface Ends {
  readonly wire: Wire;
  /** The answer to a hello; `isNew` when the kernel, or its widget, is another one than before. */
  readonly snapshot: (snapshot: Snapshotted, bytes: Bytes, isNew: boolean) => void;
  readonly event: (event: AnyEvent, bytes: Bytes) => void;
  /** Whether something has not come that the kernel, now at `rev`, has spoken of. */
  readonly isMissing: (rev: number) => boolean;
  /** The last view has gone. */
  readonly idle: () => void;
}

export type Snapshotted = Extract<AnyReply, { type: "snapshot" | "video_snapshot" }>;

const TICK_MS = 250;
const WAITING_MS = 1_500;
const LOST_MS = 5_000;
const SLEPT_MS = 3_000;
const MISSING_MS = 2_000;

export class Link {
  readonly connection: Signal<Connection> = signal("greeting");
  /** Words about what went wrong, until somebody has read them. */
  readonly notice: Signal<string | null> = signal(null);
  /** Why an edit was not made, when nothing is wrong, until the next one. */
  readonly hint: Signal<string | null> = signal(null);
  readonly now: () => number;
  readonly #channel: Channel;
  readonly #ends: Ends;
  #epoch: string | null = null;
  #views = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #tickedAt = 0;
  #missingSince: number | null = null;
  #heardRev = 0;

  constructor(view: string, send: Send, now: () => number, ends: Ends) {
    this.now = now;
    this.#ends = ends;
    this.#channel = new Channel(view, (request) => {
      try {
        send(request);
      } catch (error) {
        console.warn("sam2_notebook: the kernel's end of this widget is gone", error); // silence will show it
      }
    });
  }

  /** Names one life of the kernel's end; null before it has spoken. */
  get epoch(): string | null {
    return this.#epoch;
  }

  /** A view appears: say hello. Returns what to call when it goes. */
  attach(): () => void {
    this.#views += 1;
    this.#tickedAt = this.now();
    this.#channel.forgiveSilence(this.#tickedAt);
    this.#timer ??= setInterval(() => this.tick(), TICK_MS);
    this.hello();
    return () => {
      this.#views -= 1;
      if (this.#views > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#ends.idle();
    };
  }

  /** Ask for everything, unless that is under way. */
  hello(): void {
    if (!this.#channel.isGreeting)
      this.#channel.hello(this.now(), (reply, bytes) => this.#onSnapshot(reply, bytes));
  }

  /** Ask something; what goes wrong is noted in words. Returns the request's number. */
  ask(body: Ask, settle: Settle): number {
    return this.#channel.ask(body, this.now(), (reply, bytes) => {
      if (reply.type === "failure" && reply.code !== "cancelled") this.notice.value = reply.message;
      settle(reply, bytes);
    });
  }

  /** An edit was not made: say why. Throws what is no EditError. */
  refuse(error: unknown): void {
    if (!(error instanceof EditError)) throw error;
    const isLocked = error instanceof LockedError;
    (isLocked ? this.hint : this.notice).value = error.message;
  }

  /** Wait for this answer no more. */
  forget(seq: number): void {
    this.#channel.forget(seq);
  }

  /** Something came from the kernel. */
  receive(content: unknown, buffers: unknown): void {
    const received = receive(this.#ends.wire, content, buffers);
    if (typeof received === "string") {
      console.warn(`sam2_notebook: ignored ${received}`);
      return;
    }
    const { message, bytes } = received;
    batch(() => {
      if ("view" in message) {
        if (!this.#channel.receive(message, bytes)) return;
        if (message.type === "pong") this.#onPong(message.epoch, message.rev);
        this.#judge(this.now());
      } else if (this.#epoch !== null && message.epoch !== this.#epoch) this.hello();
      else if (this.#epoch !== null) {
        this.#channel.hear();
        this.#ends.event(message, bytes);
      }
    });
  }

  /** Time passes. */
  tick(): void {
    const now = this.now();
    if (now - this.#tickedAt > SLEPT_MS) this.#channel.forgiveSilence(now);
    this.#tickedAt = now;
    this.#channel.tick(now);
    this.#judge(now);
    this.#lookForMissing(now);
  }

  #onPong(epoch: string, rev: number): void {
    if (this.#epoch !== null && epoch !== this.#epoch) this.hello();
    this.#heardRev = rev;
  }

  #onSnapshot(reply: AnyReply, bytes: Bytes): void {
    if (reply.type === "failure") this.notice.value = reply.message;
    if (reply.type !== "snapshot" && reply.type !== "video_snapshot") return;
    if (reply.version !== VERSION)
      this.notice.value =
        "This page and the kernel speak different versions. Restart the kernel and reload the page.";
    const isNew = reply.epoch !== this.#epoch;
    if (isNew) {
      this.#channel.drop();
      this.#epoch = reply.epoch;
      this.#heardRev = 0;
    }
    this.#ends.snapshot(reply, bytes, isNew);
  }

  #judge(now: number): void {
    const was = this.connection.value;
    if (this.#channel.silence(now) >= LOST_MS) this.connection.value = "lost";
    else if (this.#epoch === null) this.connection.value = "greeting";
    else this.connection.value = this.#channel.patience(now) >= WAITING_MS ? "waiting" : "live";
    if (this.connection.value === "lost" && was !== "lost") this.hello();
  }

  /** Messages can be dropped on the way: what the kernel has spoken of and what then never comes is asked for. */
  #lookForMissing(now: number): void {
    if (!this.#ends.isMissing(this.#heardRev)) this.#missingSince = null;
    else this.#missingSince ??= now;
    if (this.#missingSince === null || now - this.#missingSince < MISSING_MS) return;
    this.#missingSince = now;
    this.hello();
  }
}
