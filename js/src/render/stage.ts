/**
 * The four canvases of a view, split by how often they change, and the one animation frame that repaints them. Where no
 * graphics card puts them together, every pixel of every canvas takes time in every frame: one that has nothing to show
 * is taken out, and one is no larger than what it shows, so that no more than that is put together anew.
 */

import type { Box, Extent, Viewport } from "../geometry/viewport";

export type Layer = "picture" | "masks" | "prompts" | "draft";

export interface Painter {
  /** Where on the stage there will be anything; null for nowhere. */
  readonly bounds: (viewport: Viewport) => Box | null;
  readonly paint: (context: CanvasRenderingContext2D, viewport: Viewport) => void;
}

export const LAYERS: ReadonlyArray<Layer> = ["picture", "masks", "prompts", "draft"];
const MAX_RATIO = 2;
// A canvas grows and shrinks in such steps of device pixels: a new size is a new bitmap.
const STEP = 64;

/** All of the stage. */
export function everywhere(view: Viewport): Box {
  return [0, 0, view.stage.width, view.stage.height];
}

export class Stage {
  readonly node: HTMLElement;
  readonly #layers: ReadonlyMap<Layer, CanvasRenderingContext2D>;
  readonly #painters: Readonly<Record<Layer, Painter>>;
  readonly #viewport: () => Viewport;
  readonly #dirty = new Set<Layer>();
  /** In device pixels. */
  #extent: Extent = { width: 0, height: 0 };
  #frame = 0;

  constructor(node: HTMLElement, painters: Readonly<Record<Layer, Painter>>, viewport: () => Viewport) {
    this.node = node;
    this.#painters = painters;
    this.#viewport = viewport;
    const layers = new Map<Layer, CanvasRenderingContext2D>();
    for (const layer of LAYERS) {
      const canvas = document.createElement("canvas");
      canvas.className = `sam2nb-canvas sam2nb-${layer}`;
      canvas.setAttribute("aria-hidden", "true");
      const context = canvas.getContext("2d");
      if (context !== null) layers.set(layer, context);
      node.append(canvas);
    }
    this.#layers = layers;
  }

  /** Repaint these layers in the next frame (all, when none is named). */
  invalidate(...layers: Layer[]): void {
    for (const layer of layers.length > 0 ? layers : LAYERS) this.#dirty.add(layer);
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Call `onResize` with the stage's size in CSS pixels and its device pixel ratio, now and whenever they change. */
  observe(onResize: (stage: Extent, ratio: number) => void, signal: AbortSignal): void {
    const measure = (entry?: ResizeObserverEntry) => {
      const [width, height] = [this.node.clientWidth, this.node.clientHeight];
      const [exact] = entry?.devicePixelContentBoxSize ?? [];
      const ratio = exact !== undefined && width > 0 ? exact.inlineSize / width : window.devicePixelRatio;
      this.#resize(width, height, Math.min(ratio, MAX_RATIO));
      onResize({ width, height }, Math.min(ratio, MAX_RATIO));
      this.#draw(); // a resized canvas is empty: paint before it is shown
    };
    const resized = new ResizeObserver((entries) => measure(entries.at(-1)));
    try {
      resized.observe(this.node, { box: "device-pixel-content-box" });
    } catch {
      resized.observe(this.node); // Safari does not measure device pixels
    }
    const seen = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.invalidate(); // hosts may have discarded the pixels
    });
    seen.observe(this.node);
    this.#watchRatio(measure, signal);
    const shown = () => {
      if (!document.hidden) this.invalidate();
    };
    document.addEventListener("visibilitychange", shown, { signal });
    signal.addEventListener("abort", () => {
      resized.disconnect();
      seen.disconnect();
      cancelAnimationFrame(this.#frame);
      for (const { canvas } of this.#layers.values()) [canvas.width, canvas.height] = [0, 0];
    });
  }

  /** The device pixel ratio changes with the browser's zoom and from screen to screen. */
  #watchRatio(measure: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    const query = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    const changed = () => {
      measure();
      this.#watchRatio(measure, signal);
    };
    query.addEventListener("change", changed, { once: true, signal });
  }

  #resize(width: number, height: number, ratio: number): void {
    this.#extent = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    for (const layer of LAYERS) this.#dirty.add(layer);
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const viewport = this.#viewport();
    for (const layer of this.#dirty) {
      const context = this.#layers.get(layer);
      if (context === undefined) continue;
      const { bounds, paint } = this.#painters[layer];
      const place = this.#place(bounds(viewport), viewport.ratio);
      context.canvas.hidden = place === null;
      if (place === null) continue;
      const { left, top, width, height } = place;
      moveTo(context.canvas, place, viewport.ratio);
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, width, height);
      context.setTransform(viewport.ratio, 0, 0, viewport.ratio, -left, -top);
      paint(context, viewport);
    }
    this.#dirty.clear();
  }

  /** What a canvas must cover to show these bounds, in device pixels; null when none of them is on the stage. */
  #place(box: Box | null, ratio: number): Place | null {
    const { width, height } = this.#extent;
    if (box === null) return null;
    const [left, right] = along(box[0] * ratio, box[2] * ratio, width);
    const [top, bottom] = along(box[1] * ratio, box[3] * ratio, height);
    if (left >= right || top >= bottom) return null;
    return { left, top, width: right - left, height: bottom - top };
  }
}

interface Place extends Extent {
  readonly left: number;
  readonly top: number;
}

/** From and to, made longer to a whole number of steps, within a length. */
function along(from: number, to: number, length: number): readonly [number, number] {
  const start = Math.max(Math.floor(from), 0);
  const steps = Math.ceil((Math.min(to, length) - start) / STEP);
  const span = Math.min(steps * STEP, length);
  const first = Math.min(start, length - span);
  return [first, first + span];
}

function moveTo(canvas: HTMLCanvasElement, { left, top, width, height }: Place, ratio: number): void {
  const { style } = canvas;
  style.transform = left === 0 && top === 0 ? "" : `translate(${left / ratio}px, ${top / ratio}px)`;
  [style.width, style.height] = [`${width / ratio}px`, `${height / ratio}px`];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
}
