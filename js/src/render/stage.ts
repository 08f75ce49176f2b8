/** The four canvases of a view, split by how often they change, and the one animation frame that repaints them. */

import type { Extent, Viewport } from "../geometry/viewport";

export type Layer = "picture" | "masks" | "prompts" | "draft";
export type Paint = (context: CanvasRenderingContext2D, viewport: Viewport) => void;

export const LAYERS: ReadonlyArray<Layer> = ["picture", "masks", "prompts", "draft"];
const MAX_RATIO = 2;

export class Stage {
  readonly node: HTMLElement;
  readonly #layers: ReadonlyMap<Layer, CanvasRenderingContext2D>;
  readonly #paint: Readonly<Record<Layer, Paint>>;
  readonly #viewport: () => Viewport;
  readonly #dirty = new Set<Layer>();
  #frame = 0;

  constructor(node: HTMLElement, paint: Readonly<Record<Layer, Paint>>, viewport: () => Viewport) {
    this.node = node;
    this.#paint = paint;
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
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    for (const { canvas } of this.#layers.values()) {
      if (canvas.width === across && canvas.height === down) continue;
      [canvas.width, canvas.height] = [across, down];
      for (const layer of LAYERS) this.#dirty.add(layer);
    }
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const viewport = this.#viewport();
    for (const layer of this.#dirty) {
      const context = this.#layers.get(layer);
      if (context === undefined || context.canvas.width === 0) continue;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, context.canvas.width, context.canvas.height);
      context.setTransform(viewport.ratio, 0, 0, viewport.ratio, 0, 0);
      this.#paint[layer](context, viewport);
    }
    this.#dirty.clear();
  }
}
