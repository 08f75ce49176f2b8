/**
 * The frames of a video on this page: asked for as views need them, few at a time, and kept while there is room.
 *
 * *show* is what a view wants to see now: at most two requests are under way, the newest wish wins, and once the view
 * rests whatever else was under way is made void. *ahead* is what playing will need, *strip* the thumbnails.
 */

import { type Signal, signal } from "@preact/signals-core";
import type { AnyReply, Ask } from "../protocol/channel";
import { ByteStore } from "./store";

export interface Pixels {
  readonly width: number;
  readonly height: number;
  close(): void;
}

export interface Wish {
  readonly frame: number;
  readonly width: number;
  readonly quality: number;
  /** A smaller picture of the frame will do, if the frame itself takes long. */
  readonly preview: boolean;
}

interface Picture<P> {
  readonly pixels: P;
  readonly width: number;
  readonly quality: number;
}

type Purpose = "show" | "ahead" | "strip";

interface Request {
  readonly purpose: Purpose;
  readonly frames: ReadonlySet<number>;
  readonly width: number;
  readonly quality: number;
  readonly preview: boolean;
  seq: number;
}

export interface FrameEnds<P> {
  readonly ask: (body: Ask, settle: (reply: AnyReply, bytes: ReadonlyArray<Uint8Array>) => void) => number;
  readonly forget: (seq: number) => void;
  readonly decode: (jpeg: Uint8Array) => Promise<P>;
}

const FRAME_BYTES = 160 * 2 ** 20;
const STRIP_BYTES = 16 * 2 ** 20;
const CREDITS: Readonly<Record<Purpose, number>> = { show: 2, ahead: 3, strip: 2 };
const CHUNK: Readonly<Record<Purpose, number>> = { show: 1, ahead: 8, strip: 4 };
export const DRAFT_QUALITY = 80;
export const SHARP_QUALITY = 92;
const STRIP_QUALITY = 70;

export class Frames<P extends Pixels> {
  /** Counts what has come, so that who shows frames looks again. */
  readonly arrived: Signal<number> = signal(0);
  readonly thumbnails: Signal<number> = signal(0);
  /** Frames that cannot be shown, and why. */
  readonly missing: Signal<ReadonlyMap<number, string>> = signal(new Map());
  readonly #ends: FrameEnds<P>;
  readonly #pictures: ByteStore<number, Picture<P>>;
  readonly #strip: ByteStore<number, Picture<P>>;
  readonly #wishes = new Map<object, Wish>();
  readonly #shown = new Map<object, number>();
  readonly #open = new Set<Request>();
  readonly #generation: Record<Purpose, number> = { show: 0, ahead: 0, strip: 0 };
  #ahead: { readonly frames: ReadonlyArray<number>; readonly width: number; readonly together: number } = {
    ...{ frames: [], width: 0, together: 1 },
  };
  #thumbs: { readonly frames: ReadonlyArray<number>; readonly width: number } = { frames: [], width: 0 };
  #key = "";
  #count = 0;

  constructor(ends: FrameEnds<P>, frameBytes = FRAME_BYTES) {
    this.#ends = ends;
    const weigh = ({ pixels }: Picture<P>) => 4 * pixels.width * pixels.height;
    const drop = ({ pixels }: Picture<P>) => pixels.close();
    this.#pictures = new ByteStore(frameBytes, weigh, drop);
    this.#strip = new ByteStore(STRIP_BYTES, weigh, drop);
  }

  get bytes(): number {
    return this.#pictures.bytes + this.#strip.bytes;
  }

  /** The pixels of a frame, as good as they are here. */
  get(frame: number): P | null {
    return this.#pictures.get(frame)?.pixels ?? null;
  }

  has(frame: number): boolean {
    return this.#pictures.peek(frame) !== undefined;
  }

  /** How wide the picture of a frame is here; 0 without one. */
  widthOf(frame: number): number {
    return this.#pictures.peek(frame)?.width ?? 0;
  }

  thumbnail(frame: number): P | null {
    return this.#strip.get(frame)?.pixels ?? null;
  }

  /** A view wants to see this. */
  show(view: object, wish: Wish): void {
    this.#wishes.set(view, wish);
    this.#pump("show");
  }

  /** What a view has on its stage is kept. */
  hold(view: object, frame: number): void {
    this.#shown.set(view, frame);
  }

  /** The view stays where it is: what else was asked to be shown is not wanted any more. */
  rest(view: object): void {
    const wish = this.#wishes.get(view);
    if (wish === undefined || this.#isServed(wish) || this.#isUnderWay(wish, "show")) return;
    this.#void("show");
    this.#pump("show");
  }

  /** Playing will need these, in this order, so many `together`. A `fresh` list makes older ones void. */
  ahead(frames: ReadonlyArray<number>, width: number, fresh = false, together = CHUNK.ahead): void {
    if (fresh) this.#void("ahead");
    this.#ahead = { frames, width, together };
    this.#pump("ahead");
  }

  /** Frames from this one on may be there by now: what could not be shown is tried again. */
  retry(from: number): void {
    const kept = [...this.missing.peek()].filter(([frame]) => frame < from);
    if (kept.length === this.missing.peek().size) return;
    this.missing.value = new Map(kept);
    this.#pump("show");
  }

  /** The timeline shows thumbnails of these. */
  strip(frames: ReadonlyArray<number>, width: number): void {
    this.#thumbs = { frames, width };
    this.#pump("strip");
  }

  /** A view has gone. */
  leave(view: object): void {
    this.#wishes.delete(view);
    this.#shown.delete(view);
  }

  /** The video is this one, with so many frames by now; pictures of another are forgotten. */
  identify(key: string, count: number): void {
    if (key === this.#key) {
      if (count > this.#count) this.retry(this.#count); // they have come since
      this.#count = count;
      return;
    }
    this.clear();
    this.#key = key;
    this.#count = count;
    for (const purpose of ["show", "ahead", "strip"] as const) this.#pump(purpose);
  }

  /** Nothing is under way any more, and what could not be shown may be tried again. */
  restart(): void {
    for (const request of this.#open) this.#ends.forget(request.seq);
    this.#open.clear();
    this.missing.value = new Map();
    for (const purpose of ["show", "ahead", "strip"] as const) this.#pump(purpose);
  }

  /** Forget all pixels. */
  clear(): void {
    for (const request of this.#open) this.#ends.forget(request.seq);
    this.#open.clear();
    this.#key = "";
    this.missing.value = new Map();
    this.#pictures.clear();
    this.#strip.clear();
    this.arrived.value += 1;
    this.thumbnails.value += 1;
  }

  #isServed({ frame, width, quality, preview }: Wish): boolean {
    if (this.missing.peek().has(frame)) return true;
    const known = this.#pictures.peek(frame);
    return known !== undefined && (preview || (known.width >= width && known.quality >= quality));
  }

  #isUnderWay({ frame, width, quality, preview }: Wish, purpose?: Purpose): boolean {
    return [...this.#open].some(
      (request) =>
        (purpose === undefined ? request.purpose !== "strip" : request.purpose === purpose) &&
        request.frames.has(frame) &&
        request.width >= width &&
        request.quality >= quality &&
        (preview || !request.preview),
    );
  }

  #void(purpose: Purpose): void {
    const voided = [...this.#open].filter((request) => request.purpose === purpose);
    for (const request of voided) {
      this.#ends.forget(request.seq);
      this.#open.delete(request);
    }
    if (voided.length > 0) this.#generation[purpose] += 1;
  }

  /** Send what is wanted, as far as there are credits. */
  #pump(purpose: Purpose): void {
    if (this.#key === "") return;
    const count = () => [...this.#open].filter((request) => request.purpose === purpose).length;
    while (count() < CREDITS[purpose]) {
      const wishes = this.#wanted(purpose);
      const [first] = wishes;
      if (first === undefined) return;
      const together = purpose === "ahead" ? this.#ahead.together : CHUNK[purpose];
      const frames = wishes.slice(0, together).map(({ frame }) => frame);
      this.#send(purpose, frames, first);
    }
  }

  #wanted(purpose: Purpose): ReadonlyArray<Wish> {
    const isOpen = (wish: Wish) => !this.#isServed(wish) && !this.#isUnderWay(wish);
    if (purpose === "show") return [...this.#wishes.values()].filter(isOpen);
    if (purpose === "ahead") {
      const { frames, width } = this.#ahead;
      return frames.map((frame) => ({ frame, width, quality: DRAFT_QUALITY, preview: false })).filter(isOpen);
    }
    const { frames, width } = this.#thumbs;
    const asked = new Set([...this.#open].flatMap((r) => (r.purpose === "strip" ? [...r.frames] : [])));
    return frames
      .filter(
        (frame) =>
          !asked.has(frame) && this.#strip.peek(frame) === undefined && !this.missing.peek().has(frame),
      )
      .map((frame) => ({ frame, width, quality: STRIP_QUALITY, preview: false }));
  }

  #send(purpose: Purpose, frames: ReadonlyArray<number>, { width, quality, preview }: Wish): void {
    const request: Request = { purpose, frames: new Set(frames), width, quality, preview, seq: -1 };
    this.#open.add(request);
    const generation = this.#generation[purpose];
    request.seq = this.#ends.ask(
      { type: "frames", frames, width, quality, purpose, generation, preview },
      (reply, bytes) => void this.#take(request, reply, bytes),
    );
  }

  async #take(request: Request, reply: AnyReply, bytes: ReadonlyArray<Uint8Array>): Promise<void> {
    if (reply.type === "frames_data" && reply.key === this.#key) {
      if (reply.missing.length > 0) this.#miss(reply.missing.map(({ frame, text }) => [frame, text]));
      const decoded = reply.frames.map((frame, i) => this.#keep(request, frame, bytes[i], reply.key));
      await Promise.all(decoded);
    } else if (reply.type === "failure" && reply.code !== "cancelled")
      this.#miss([...request.frames].map((frame) => [frame, reply.message]));
    this.#open.delete(request);
    this.#pump(request.purpose);
  }

  async #keep(request: Request, frame: number, jpeg: Uint8Array | undefined, key: string): Promise<void> {
    let pixels: P;
    try {
      pixels = await this.#ends.decode(jpeg ?? new Uint8Array());
    } catch {
      this.#miss([[frame, "the browser cannot show this frame"]]);
      return;
    }
    const store = request.purpose === "strip" ? this.#strip : this.#pictures;
    const known = store.peek(frame);
    const { quality, preview } = request;
    const width = preview ? Math.min(pixels.width, request.width) : request.width;
    const isBetter =
      known === undefined || width > known.width || (width === known.width && quality > known.quality);
    if (key !== this.#key || !isBetter) return pixels.close();
    const held = new Set(store === this.#strip ? this.#thumbs.frames : this.#shown.values());
    store.set(frame, { pixels, width, quality }, (other) => held.has(other));
    if (store === this.#strip) this.thumbnails.value += 1;
    else this.arrived.value += 1;
  }

  #miss(frames: ReadonlyArray<readonly [number, string]>): void {
    this.missing.value = new Map([...this.missing.value, ...frames]);
    this.arrived.value += 1;
  }
}
