/** Moves one view through a video: wishes for frames, playing, resting, and what is asked when it rests. */

import { batch, effect } from "@preact/signals-core";
import type { Range } from "../geometry/timeline";
import { DRAFT_QUALITY, SHARP_QUALITY } from "./frames";
import { type Clock, framesAhead, startClock, tickClock } from "./playback";
import type { VideoSession } from "./video_session";
import type { VideoUi } from "./video_ui";

const WIDTHS = [320, 640, 960, 1280, 1920, 2560, 3840] as const;
const DRAFT_MOST = 1280;
const LOOK_MS = 150;
const SHARP_MS = 300;
const MASKS_AROUND = 6;
const STREAM_AHEAD = 3; // frames of a stream that playing waits for, beyond those that have come
const STREAM_STEP = 10; // how far beyond them one may step, and wait
const WAY = 32; // frames passed by that are remembered
const ROUND = 12; // so few frames before the end of a range, those of its beginning are fetched

/** How wide to ask for a frame that is shown `width` device pixels wide. */
export function widthFor(width: number, own: number, most = Number.POSITIVE_INFINITY): number {
  return Math.min(WIDTHS.find((step) => step >= width) ?? own, own, most);
}

export class Viewer {
  readonly #session: VideoSession;
  readonly #ui: VideoUi;
  #stageWidth = 0;
  #clock: Clock | null = null;
  #tickedAt = 0;
  #animation = 0;
  #resting: Array<ReturnType<typeof setTimeout>> = [];
  #restedAt: number | null = null;
  #recalling: ReturnType<typeof setTimeout> | undefined;
  #knownLast = 0;
  /** Frames the view came by and had no picture of, the latest last. */
  #passed: number[] = [];

  constructor(session: VideoSession, ui: VideoUi, signal: AbortSignal) {
    this.#session = session;
    this.#ui = ui;
    const stops = [
      effect(() => this.#follow()),
      effect(() => this.#settle()),
      effect(() => this.#onSent()),
      effect(() => this.#onPlaying()),
      effect(() => this.#onRecall()),
      effect(() => this.#onGrowth()),
    ];
    signal.addEventListener("abort", () => {
      for (const stop of stops) stop();
      for (const timer of this.#resting) clearTimeout(timer);
      clearTimeout(this.#recalling);
      cancelAnimationFrame(this.#animation);
      session.frames.leave(this);
      session.fetcher.leave(this);
    });
  }

  get first(): number {
    return this.#session.info.peek()?.oldest ?? 0;
  }

  get last(): number {
    return Math.max(0, (this.#session.info.peek()?.frames ?? 1) - 1);
  }

  /** Be at a frame; playing ends. */
  goTo(frame: number): void {
    batch(() => {
      this.#ui.isPlaying.value = false;
      const last = this.last + (this.#isToCome ? STREAM_STEP : 0);
      this.#ui.frame.value = Math.min(Math.max(Math.round(frame), this.first), last);
    });
  }

  step(by: number): void {
    this.goTo(this.#ui.frame.peek() + by);
  }

  /**
   * Play or stop; from the end it begins anew, or goes on with a stream as its frames come. With a range chosen it goes
   * round in that.
   */
  play(isOn = !this.#ui.isPlaying.peek()): void {
    if (isOn && this.#session.info.peek() === null) return;
    if (this.#isToCome) this.#session.frames.retry(this.last + 1);
    const { first, last } = this.#bounds;
    const frame = this.#ui.frame.peek();
    const isInside = frame < last && (this.#ui.range.peek() === null || frame >= first);
    if (isOn && !isInside) this.#ui.frame.value = first;
    this.#ui.isPlaying.value = isOn;
  }

  /** Whether this is a stream, and more of it than is known. */
  get #isToCome(): boolean {
    return this.#session.info.peek()?.complete === false;
  }

  /** Whether playing goes on as a stream does. */
  get #isStreaming(): boolean {
    return this.#isToCome && this.#ui.range.peek() === null;
  }

  /** Where playing goes: the chosen range, or all, a stream's next frames included. */
  get #bounds(): Range {
    const range = this.#ui.range.peek();
    const first = range?.first ?? this.first;
    if (this.#isStreaming) return { first, last: Math.max(this.last, this.#ui.frame.peek()) + STREAM_AHEAD };
    return { first, last: Math.min(range?.last ?? this.last, this.last) };
  }

  /** The picture is shown so wide, in device pixels. */
  showAt(width: number): void {
    this.#stageWidth = width;
    this.#wish(DRAFT_QUALITY);
    this.#rest();
  }

  #rate(): number {
    return (this.#session.info.peek()?.fps ?? 25) * this.#ui.speed.peek();
  }

  /** Wish for the frame the view is at, unless playing brings it. */
  #follow(): void {
    const { frame, isPlaying } = this.#ui;
    frame.value;
    this.#session.info.value?.key;
    if (isPlaying.value) return;
    this.#wish(DRAFT_QUALITY);
    this.#rest();
  }

  #wish(quality: number): void {
    const info = this.#session.info.peek();
    if (info === null || this.#stageWidth === 0 || this.#ui.isPlaying.peek()) return;
    const preview = quality !== SHARP_QUALITY;
    const width = widthFor(this.#stageWidth, info.width, preview ? DRAFT_MOST : undefined);
    this.#session.frames.show(this, { frame: this.#ui.frame.peek(), width, quality, preview });
  }

  /** The picture has come, or never will: the stage shows it. */
  #settle(): void {
    const { frame, shown } = this.#ui;
    this.#session.frames.arrived.value;
    const target = frame.value;
    const isHere = this.#session.frames.has(target) || this.#session.frames.missing.peek().has(target);
    if (this.#session.info.value === null) return;
    const at = isHere ? target : this.#passedBy(target);
    if (at === undefined) return;
    this.#session.frames.hold(this, at);
    shown.value = at;
    this.#wantMasks(at, isHere);
    if (!isHere) return;
    this.#passed = [];
    this.#dwell(target);
  }

  /** On the way to a frame: the latest one whose picture has come, so that who drags the playhead sees where. */
  #passedBy(target: number): number | undefined {
    if (this.#passed.at(-1) !== target) this.#passed = [...this.#passed.slice(1 - WAY), target];
    const place = this.#passed.findLastIndex((frame) => this.#session.frames.has(frame));
    const frame = this.#passed[place];
    this.#passed.splice(0, place + 1); // and none of those before it any more
    return frame;
  }

  #wantMasks(frame: number, isResting: boolean): void {
    this.#session.lanes.all.value;
    const ahead = this.#clock === null ? this.#neighbours(frame) : framesAhead(this.#clock, this.last);
    this.#session.fetcher.want(this, isResting ? [frame, ...ahead] : [frame]);
  }

  #neighbours(frame: number): ReadonlyArray<number> {
    const around = [];
    for (let by = 1; by <= MASKS_AROUND; by++)
      for (const near of [frame + by, frame - by])
        if (near >= this.first && near <= this.last) around.push(near);
    return around;
  }

  /** The view has moved: some moments without another move make void what was asked for on the way here. */
  #rest(): void {
    for (const timer of this.#resting) clearTimeout(timer);
    this.#resting = [];
    this.#restedAt = null;
    if (this.#ui.isPlaying.peek() || this.#session.info.peek() === null) return;
    this.#resting = [setTimeout(() => this.#session.frames.rest(this), LOOK_MS)];
    if (this.#ui.shown.peek() === this.#ui.frame.peek()) this.#dwell(this.#ui.frame.peek());
  }

  /**
   * The picture is there: some moments later the kernel hears where we are, and is asked for the sharp one. Not
   * before, lest it decodes the same frame for the model while we wait for it; so of a preview the sharp one goes first.
   */
  #dwell(frame: number): void {
    const info = this.#session.info.peek();
    if (this.#ui.isPlaying.peek() || this.#restedAt === frame || info === null) return;
    this.#restedAt = frame;
    const known = this.#session.frames.widthOf(frame);
    const isPreview = known > 0 && known < widthFor(this.#stageWidth, info.width, DRAFT_MOST);
    this.#resting.push(
      setTimeout(() => this.#session.look(frame), isPreview ? SHARP_MS : LOOK_MS),
      setTimeout(() => this.#wish(SHARP_QUALITY), isPreview ? LOOK_MS : SHARP_MS),
    );
  }

  #onSent(): void {
    const { frame, count } = this.#session.sentTo.value;
    if (count > 0) this.goTo(frame);
  }

  #onPlaying(): void {
    cancelAnimationFrame(this.#animation);
    const { isPlaying, speed } = this.#ui;
    speed.value;
    if (!isPlaying.value) {
      this.#clock = null;
      return;
    }
    this.#clock = startClock(this.#ui.shown.peek(), this.#rate());
    this.#tickedAt = performance.now();
    this.#fetchAhead(true);
    this.#animation = requestAnimationFrame((now) => this.#play(now));
  }

  #play(now: number): void {
    const before = this.#clock;
    if (before === null) return;
    const elapsed = Math.min(Math.max(now - this.#tickedAt, 0) / 1000, 0.25);
    this.#tickedAt = now;
    const { frames } = this.#session;
    const isStream = this.#isStreaming;
    const isMissing = (frame: number) => frames.missing.peek().has(frame);
    const isBeyond = (frame: number) => isStream && frame > this.last;
    const isReady = (frame: number) => frames.has(frame) || (isMissing(frame) && !isBeyond(frame));
    const { first, last } = this.#bounds;
    const isRound = this.#ui.range.peek() !== null && before.shown >= last && isReady(first);
    const clock = isRound
      ? { ...before, position: first, shown: first }
      : tickClock(before, elapsed, this.#rate(), last, isReady, isStream ? 1 : undefined);
    this.#clock = clock;
    if (clock.shown !== before.shown) this.#ui.frame.value = clock.shown;
    if (clock.shown !== before.shown || clock.stride !== before.stride)
      this.#fetchAhead(clock.stride !== before.stride);
    const next = Array.from({ length: clock.stride }, (_, i) => clock.shown + 1 + i);
    const isAtEnd = clock.shown >= last || next.some((frame) => isBeyond(frame) && isMissing(frame));
    if (isAtEnd && this.#ui.range.peek() === null) this.#ui.isPlaying.value = false;
    else this.#animation = requestAnimationFrame((later) => this.#play(later));
  }

  #fetchAhead(fresh: boolean): void {
    const info = this.#session.info.peek();
    if (info === null || this.#clock === null) return;
    const width = widthFor(this.#stageWidth, info.width, DRAFT_MOST);
    const { first, last } = this.#bounds;
    const ahead = framesAhead(this.#clock, last);
    const round =
      this.#ui.range.peek() === null ? [] : [first, ...framesAhead({ ...this.#clock, shown: first }, last)];
    const together = this.#isStreaming && ahead.at(-1) === last ? 1 : undefined; // each as it comes
    this.#session.frames.ahead(ahead.length < ROUND ? [...ahead, ...round] : ahead, width, fresh, together);
  }

  /** The memory panel follows the frame at rest, and what has become known of it. */
  #onRecall(): void {
    const { isMemoryOpen, isPlaying, shown, recalled } = this.#ui;
    const frame = shown.value;
    this.#session.results.value;
    this.#session.lanes.all.value;
    if (!isMemoryOpen.value || isPlaying.value || this.#session.info.value === null) return;
    clearTimeout(this.#recalling);
    this.#recalling = setTimeout(() => {
      this.#session.recall(frame, (objects) => {
        if (objects !== null && this.#ui.shown.peek() === frame) recalled.value = { frame, objects };
      });
    }, LOOK_MS);
  }

  /** A view at the end of a stream goes on with it. */
  #onGrowth(): void {
    const info = this.#session.info.value;
    if (info === null) return;
    const last = Math.max(0, info.frames - 1);
    const isAtEnd = this.#ui.frame.peek() === this.#knownLast;
    if (info.live && isAtEnd && last > this.#knownLast && !this.#ui.isPlaying.peek())
      this.#ui.frame.value = last;
    if (this.#ui.frame.peek() < info.oldest) this.#ui.frame.value = info.oldest;
    if (info.complete && this.#ui.frame.peek() > last) this.#ui.frame.value = last; // it ended before that came
    this.#knownLast = last;
  }
}
