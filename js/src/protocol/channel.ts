/**
 * Requests and their answers. Every request has a number; one that stays unanswered is sent again with the same
 * number, ever more rarely, until somebody answers or it is dropped. Time is told by the caller, so tests need no clock.
 */

import {
  type LabelReply,
  type LabelRequest,
  type Reply,
  type Request,
  VERSION,
  type VideoReply,
  type VideoRequest,
} from "./messages.gen";

/** What a page of any widget may ask, and what it may be answered. */
export type AnyRequest = Request | VideoRequest | LabelRequest;
export type AnyReply = Reply | VideoReply | LabelReply;

/** What carries a message to the kernel. */
export type Send = (request: AnyRequest) => void;

type Body<R extends AnyRequest> = R extends AnyRequest ? Omit<R, "view" | "seq"> : never;

/** A request as its maker writes it: the channel adds who asks, and the number. */
export type Ask = Body<Exclude<AnyRequest, { type: "hello" | "ping" }>>;

/** Gets the one answer to a request, and the buffers that came with it. */
export type Settle = (reply: AnyReply, bytes: ReadonlyArray<Uint8Array>) => void;

interface Waiting {
  readonly request: AnyRequest;
  readonly since: number;
  readonly settle: Settle;
  dueAt: number;
  delay: number;
}

const FIRST_RESEND_MS = 2_000;
const LAST_RESEND_MS = 10_000;
const PING_WAITING_MS = 2_000;
const PING_IDLE_MS = 10_000;

export class Channel {
  readonly #view: string;
  readonly #send: Send;
  readonly #waiting = new Map<number, Waiting>();
  #seq = 0;
  #pingedAt = Number.NEGATIVE_INFINITY;
  #unheardSince: number | null = null;

  constructor(view: string, send: Send) {
    this.#view = view;
    this.#send = send;
  }

  /** Ask something; `settle` gets the one answer. Returns the request's number. */
  ask(body: Ask, now: number, settle: Settle): number {
    const seq = this.#seq++;
    this.#start({ ...body, view: this.#view, seq }, now, settle);
    return seq;
  }

  /** Wait for this answer no more. */
  forget(seq: number): void {
    this.#waiting.delete(seq);
  }

  /** Ask for everything. Of several hellos only the newest is waited for. */
  hello(now: number, settle: Settle): void {
    for (const [seq, { request }] of this.#waiting) if (request.type === "hello") this.#waiting.delete(seq);
    this.#start({ type: "hello", version: VERSION, view: this.#view, seq: this.#seq++ }, now, settle);
  }

  /** Whether a hello is under way. */
  get isGreeting(): boolean {
    return [...this.#waiting.values()].some(({ request }) => request.type === "hello");
  }

  /** The kernel has said something, if not to us. */
  hear(): void {
    this.#unheardSince = null;
  }

  /** Hand in an answer; false when nobody waits for it (another view's, or a second one). */
  receive(reply: AnyReply, bytes: ReadonlyArray<Uint8Array> = []): boolean {
    if (reply.view !== this.#view) return false;
    this.hear();
    const waiting = this.#waiting.get(reply.seq);
    if (waiting === undefined) return reply.type === "pong";
    this.#waiting.delete(reply.seq);
    waiting.settle(reply, bytes);
    return true;
  }

  /** Send again what is due, and a sign of life when it is time. */
  tick(now: number): void {
    for (const waiting of this.#waiting.values()) {
      if (now < waiting.dueAt) continue;
      waiting.delay = Math.min(waiting.delay * 2, LAST_RESEND_MS);
      waiting.dueAt = now + waiting.delay;
      this.#post(waiting.request, now);
    }
    const every = this.#waiting.size > 0 || this.#unheardSince !== null ? PING_WAITING_MS : PING_IDLE_MS;
    if (now - this.#pingedAt >= every) this.ping(now);
  }

  /** Ask whether the kernel is there, at once. */
  ping(now: number): void {
    this.#pingedAt = now;
    this.#post({ type: "ping", view: this.#view, seq: this.#seq++ }, now);
  }

  /** How long we have asked without any answer, in milliseconds. */
  silence(now: number): number {
    return this.#unheardSince === null ? 0 : now - this.#unheardSince;
  }

  /** How long the oldest unanswered request has waited, in milliseconds; but for frames, which a camera may owe us. */
  patience(now: number): number {
    let oldest = now;
    for (const { since, request } of this.#waiting.values())
      if (request.type !== "frames") oldest = Math.min(oldest, since);
    return now - oldest;
  }

  /** The page slept: time that passed meanwhile is nobody's silence. */
  forgiveSilence(now: number): void {
    if (this.#unheardSince !== null) this.#unheardSince = now;
  }

  /** Wait for nothing any more. */
  drop(): void {
    this.#waiting.clear();
    this.#unheardSince = null;
  }

  #start(request: AnyRequest, now: number, settle: Settle): void {
    this.#waiting.set(request.seq, {
      request,
      settle,
      since: now,
      delay: FIRST_RESEND_MS,
      dueAt: now + FIRST_RESEND_MS,
    });
    this.#post(request, now);
  }

  #post(request: AnyRequest, now: number): void {
    this.#unheardSince ??= now;
    this.#send(request);
  }
}
