/** The timeline: scrub over ruler and filmstrip, a lane for each object, stretched by the wheel. */

import { effect, untracked } from "@preact/signals-core";
import {
  panWindow,
  pitch,
  stripFrames,
  type Track,
  windowAround,
  xOf,
  zoomWindow,
} from "../geometry/timeline";
import type { VideoObjectView } from "../protocol/messages.gen";
import {
  ARCS,
  type Inks,
  LANE,
  type LaneLook,
  paintArcs,
  paintLabel,
  paintLane,
  paintRuler,
  paintStrip,
  RULER,
} from "../render/timeline";
import { inkOf } from "../state/inks";
import { timeCode } from "../state/playback";
import type { VideoSession } from "../state/video_session";
import type { VideoUi } from "../state/video_ui";
import type { Viewer } from "../state/viewer";
import { h } from "./dom";
import { listenTimeline } from "./timeline_input";

const STRIP = 40;
const GAP = 4;
const GUTTER = 104;
const NARROW_GUTTER = 64;
const NARROW = 560;
const THUMB_PX = 128;

export interface TimelineParts {
  readonly session: VideoSession;
  readonly ui: VideoUi;
  readonly viewer: Viewer;
  readonly signal: AbortSignal;
}

export class Timeline {
  readonly node: HTMLElement;
  readonly lanes: HTMLElement;
  readonly #parts: TimelineParts;
  readonly #head = h("canvas", { class: "sam2nb-timeline-head", "aria-hidden": "true" });
  readonly #body = h("canvas", { class: "sam2nb-timeline-lanes", "aria-hidden": "true" });
  readonly #playhead = h("div", { class: "sam2nb-playhead", "aria-hidden": "true" });
  readonly #range = h("div", { class: "sam2nb-range", "aria-hidden": "true", hidden: true });
  #width = 0;
  #frame = 0;
  #isHeadOld = true;

  constructor(parts: TimelineParts) {
    this.#parts = parts;
    this.lanes = h("div", { class: "sam2nb-lanes" }, this.#body);
    this.node = h(
      "div",
      { class: "sam2nb-timeline", role: "slider", tabindex: 0, "aria-label": "Timeline", "aria-valuemin": 0 },
      this.#head,
      this.lanes,
      this.#range,
      this.#playhead,
    );
    this.#watch();
    listenTimeline(this, parts);
  }

  /** The frames that are shown, and where. */
  get track(): Track {
    const { ui, session } = this.#parts;
    const left = this.#width < NARROW ? NARROW_GUTTER : GUTTER;
    const last = Math.max(0, (session.info.peek()?.frames ?? 1) - 1);
    const window = ui.window.peek() ?? { first: 0, last };
    return { first: window.first, last: Math.min(window.last, last), left, width: this.#width - left - 8 };
  }

  /** The object whose lane is at a height of the lanes' canvas. */
  objectAt(y: number): VideoObjectView | undefined {
    return this.#parts.session.document.peek().objects[Math.floor(y / LANE)];
  }

  zoom(factor: number, x: number): void {
    const { ui } = this.#parts;
    ui.window.value = zoomWindow(this.track, factor, x, this.#frames);
  }

  /** Move the window by CSS pixels; false when all frames are shown anyway. */
  pan(by: number): boolean {
    const { ui } = this.#parts;
    const window = ui.window.peek();
    if (window === null) return false;
    ui.window.value = panWindow(window, by / pitch(this.track), this.#frames);
    return true;
  }

  get #frames(): number {
    return this.#parts.session.info.peek()?.frames ?? 1;
  }

  #watch(): void {
    const { session, ui, signal } = this.#parts;
    const repaint = (isHead = true) => {
      this.#isHeadOld ||= isHead;
      this.#frame ||= requestAnimationFrame(() => this.#paint());
    };
    const resized = new ResizeObserver(() => {
      this.#width = this.node.clientWidth;
      this.#place();
      repaint();
    });
    resized.observe(this.node);
    const themed = new MutationObserver(() => repaint());
    themed.observe(document.body, { attributes: true });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => repaint(), { signal });
    const stops = [
      effect(() => {
        session.document.value;
        session.info.value;
        session.frames.thumbnails.value;
        ui.window.value;
        ui.viewport.value.ratio;
        ui.isMemoryOpen.value;
        ui.byClass.value;
        ui.recalled.value;
        repaint();
      }),
      effect(() => {
        session.lanes.all.value;
        repaint(false); // while objects are followed, lanes change all the time and the filmstrip does not
      }),
      effect(() => {
        session.info.value;
        ui.frame.value;
        ui.window.value;
        ui.range.value;
        this.#place();
      }),
      effect(() => {
        const frame = ui.frame.value;
        const window = ui.window.peek();
        if (window !== null) ui.window.value = windowAround(window, frame, this.#frames);
      }),
    ];
    signal.addEventListener("abort", () => {
      resized.disconnect();
      themed.disconnect();
      cancelAnimationFrame(this.#frame);
      for (const stop of stops) stop();
    });
  }

  /** Playhead, range and what a screen reader hears. */
  #place(): void {
    const { session, ui } = this.#parts;
    const track = this.track;
    const frame = ui.frame.peek();
    this.#playhead.dataset.frame = String(frame);
    this.#playhead.style.transform = `translateX(${xOf(track, frame)}px)`;
    const range = ui.range.peek();
    this.#range.hidden = range === null;
    if (range !== null) {
      const half = pitch(track) / 2;
      const left = Math.max(xOf(track, range.first) - half, track.left);
      const right = Math.min(xOf(track, range.last) + half, track.left + track.width);
      this.#range.style.left = `${left}px`;
      this.#range.style.width = `${Math.max(0, right - left)}px`;
    }
    const info = session.info.peek();
    if (info === null) return;
    this.node.setAttribute("aria-valuemax", String(info.frames - 1));
    this.node.setAttribute("aria-valuenow", String(frame));
    const seconds = session.times.peek()?.[frame] ?? frame / info.fps;
    this.node.setAttribute("aria-valuetext", `frame ${frame}, ${timeCode(seconds)}`);
  }

  #paint(): void {
    this.#frame = 0;
    const { session, ui } = this.#parts;
    const info = session.info.peek();
    if (info === null || this.#width < NARROW_GUTTER + 40) return;
    const style = getComputedStyle(this.node);
    const ink = (name: string) => style.getPropertyValue(`--sam2nb-${name}`);
    const inks: Inks = {
      ...{ text: ink("text"), faint: ink("faint"), line: ink("line") },
      ...{ brand: ink("brand"), surface: ink("surface") },
    };
    const high = RULER + STRIP + GAP + (ui.isMemoryOpen.peek() ? ARCS : 0);
    if (this.#isHeadOld) {
      const head = sized(this.#head, this.#width, high, ui.viewport.peek().ratio);
      if (head !== null) this.#paintHead(head, inks, info.width / info.height);
      this.#isHeadOld = false;
    }
    this.#paintLanes(inks);
  }

  #paintHead(context: CanvasRenderingContext2D, inks: Inks, aspect: number): void {
    const { session, ui } = this.#parts;
    const track = this.track;
    paintRuler(context, track, inks);
    const wide = Math.min(Math.max(STRIP * aspect, 24), 120);
    const pictureOf = (frame: number) => session.frames.thumbnail(frame);
    paintStrip(context, track, { y: RULER, wide, high: STRIP }, pictureOf, inks);
    untracked(() =>
      session.frames.strip(
        stripFrames(track, wide).map(({ frame }) => frame),
        THUMB_PX,
      ),
    );
    const recalled = ui.recalled.peek();
    if (!ui.isMemoryOpen.peek() || recalled === null) return;
    const document = session.document.peek();
    const { objects, selected } = document;
    const shown = recalled.objects.find(({ object }) => object === selected) ?? recalled.objects[0];
    const object = objects.find(({ id }) => id === shown?.object);
    const ink = object === undefined ? 0 : inkOf(object, document, ui.byClass.peek());
    if (shown !== undefined) paintArcs(context, track, RULER + STRIP + GAP, recalled.frame, shown, ink);
  }

  #paintLanes(inks: Inks): void {
    const { session, ui } = this.#parts;
    const document = session.document.peek();
    const { objects, selected } = document;
    const context = sized(this.#body, this.#width, objects.length * LANE, ui.viewport.peek().ratio);
    if (context === null) return;
    objects.forEach((object, i) => {
      const lane = session.lanes.all.peek().get(object.id);
      const ink = inkOf(object, document, ui.byClass.peek());
      const look: LaneLook = { object, ink, lane, isSelected: object.id === selected, y: i * LANE };
      paintLabel(context, this.track.left, look, inks);
      paintLane(context, this.track, look, inks);
    });
  }
}

/** A canvas of this size in CSS pixels, cleared; null when there is nothing to draw on. */
function sized(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  ratio: number,
): CanvasRenderingContext2D | null {
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) {
    [canvas.width, canvas.height] = [across, down];
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  if (context === null || across === 0 || down === 0) return null;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, across, down);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
