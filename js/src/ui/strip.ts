/** The strip of all pictures, with what is shown or found in each; the chosen one is on the stage. */

import { effect } from "@preact/signals-core";
import type { VideoObjectView } from "../protocol/messages.gen";
import { cssColor, paintMasks } from "../render/masks";
import { type Finding, findingOf, type SetUi } from "../state/set_ui";
import type { VideoSession } from "../state/video_session";
import { extentOf } from "../state/video_sheet";
import type { Viewer } from "../state/viewer";
import { h, setText } from "./dom";

const HEIGHT = 76;
const WIDEST = 132;
const MOST_MARKS = 6;
const LOOK = { opacity: 0.5, outlineOnly: false };

interface Cell {
  readonly node: HTMLButtonElement;
  readonly canvas: HTMLCanvasElement;
  readonly marks: HTMLElement;
}

export interface StripParts {
  readonly session: VideoSession;
  readonly ui: SetUi;
  readonly viewer: Viewer;
  readonly signal: AbortSignal;
}

export class Strip {
  readonly node = h("div", { class: "sam2nb-strip", role: "listbox", "aria-label": "Pictures" });
  readonly #parts: StripParts;
  readonly #cells: Cell[] = [];
  readonly #visible = new Set<number>();
  readonly #watch: IntersectionObserver;
  #frame = 0;

  constructor(parts: StripParts) {
    this.#parts = parts;
    const { session, ui, signal } = parts;
    this.#watch = new IntersectionObserver((entries) => this.#onSeen(entries), {
      root: this.node,
      rootMargin: "0px 200px",
    });
    const stops = [
      effect(() => this.#build(session.info.value?.frames ?? 0)),
      effect(() => {
        for (const read of [session.frames.thumbnails, session.masks.arrived, session.lanes.all]) read.value;
        for (const read of [session.document, session.info, ui.confidence]) read.value;
        this.#invalidate();
      }),
      effect(() => this.#choose(ui.frame.value)),
    ];
    signal.addEventListener("abort", () => {
      for (const stop of stops) stop();
      this.#watch.disconnect();
      cancelAnimationFrame(this.#frame);
      session.fetcher.leave(this);
    });
  }

  #build(count: number): void {
    while (this.#cells.length > count) this.#cells.pop()?.node.remove();
    for (let index = this.#cells.length; index < count; index++) {
      const canvas = h("canvas", { class: "sam2nb-thumb" });
      const marks = h("span", { class: "sam2nb-marks" });
      const node = h(
        "button",
        { type: "button", class: "sam2nb-cell", role: "option", "data-picture": index, tabindex: -1 },
        canvas,
        h("span", { class: "sam2nb-cell-number" }, String(index)),
        marks,
      );
      node.addEventListener("click", () => this.#parts.viewer.goTo(index));
      this.#cells.push({ node, canvas, marks });
      this.node.append(node);
      this.#watch.observe(node);
    }
    this.#choose(this.#parts.ui.frame.peek());
  }

  #choose(frame: number): void {
    this.#cells.forEach(({ node }, index) => {
      node.setAttribute("aria-selected", String(index === frame));
    });
    const chosen = this.#cells[frame]?.node;
    if (chosen === undefined) return;
    const { offsetLeft, offsetWidth } = chosen;
    const { scrollLeft, clientWidth } = this.node;
    if (offsetLeft < scrollLeft) this.node.scrollLeft = offsetLeft - 8;
    else if (offsetLeft + offsetWidth > scrollLeft + clientWidth)
      this.node.scrollLeft = offsetLeft + offsetWidth - clientWidth + 8;
  }

  #onSeen(entries: ReadonlyArray<IntersectionObserverEntry>): void {
    for (const { target, isIntersecting } of entries) {
      const index = Number((target as HTMLElement).dataset.picture);
      if (isIntersecting) this.#visible.add(index);
      else this.#visible.delete(index);
    }
    this.#invalidate();
  }

  #invalidate(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    const { session } = this.#parts;
    const frames = [...this.#visible].sort((a, b) => a - b);
    if (session.info.peek() === null || frames.length === 0) return;
    session.frames.strip(frames, Math.round(WIDEST * devicePixelRatio));
    session.fetcher.want(this, frames);
    for (const frame of frames) this.#paintCell(frame);
  }

  #paintCell(frame: number): void {
    const { session, ui } = this.#parts;
    const cell = this.#cells[frame];
    const extent = extentOf(session.info.peek(), frame);
    if (cell === undefined || extent === null) return;
    const scale = Math.min(HEIGHT / extent.height, WIDEST / extent.width);
    const wide = Math.max(24, Math.round(extent.width * scale));
    const high = Math.max(24, Math.round(extent.height * scale));
    const { canvas } = cell;
    canvas.width = Math.round(wide * devicePixelRatio);
    canvas.height = Math.round(high * devicePixelRatio);
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${high}px`;
    const context = canvas.getContext("2d");
    if (context === null) return;
    const thumb = session.frames.thumbnail(frame);
    if (thumb !== null) context.drawImage(thumb, 0, 0, canvas.width, canvas.height);
    const { objects, selected } = session.document.peek();
    const findings = objects.map((object) => this.#finding(object, frame));
    const masks = objects.flatMap((object, i) => {
      const shape = session.masks.shape(frame, object.id);
      const finding = findings[i];
      if (shape === null || !object.visible || finding === undefined || finding.state === "absent") return [];
      return [
        {
          id: object.id,
          shape,
          color: object.color,
          isSelected: object.id === selected,
          isStale: finding.isStale,
        },
      ];
    });
    context.scale(devicePixelRatio, devicePixelRatio);
    const view = { ...ui.viewport.peek(), offset: { x: 0, y: 0 }, scale };
    paintMasks(context, view, masks, LOOK);
    cell.marks.replaceChildren(
      ...objects.slice(0, MOST_MARKS).flatMap((object, i) => {
        const finding = findings[i];
        return finding === undefined ? [] : [mark(object, finding)];
      }),
    );
    const words = objects.map((object, i) => wordsOf(object, findings[i])).join("; ");
    cell.node.setAttribute("aria-label", `Picture ${frame}${words === "" ? "" : `: ${words}`}`);
    cell.node.title = words;
  }

  #finding({ id, frames }: VideoObjectView, frame: number): Finding {
    const { session, ui } = this.#parts;
    const isShown = frames.some((said) => said.frame === frame);
    return findingOf(session.lanes, id, frame, isShown, ui.confidence.peek());
  }
}

const percent = (presence: number | null): string => `${Math.round((presence ?? 0) * 100)}`;

function mark(object: VideoObjectView, { state, isStale, presence }: Finding): HTMLElement {
  const node = h("span", { class: "sam2nb-mark", "data-finding": state, "data-stale": isStale });
  node.style.setProperty("--sam2nb-swatch", cssColor(object.color));
  setText(node, state === "found" ? percent(presence) : "");
  return node;
}

export function wordsOf({ name }: VideoObjectView, finding: Finding | undefined): string {
  if (finding === undefined || finding.state === "unknown") return `${name} not looked for`;
  const stale = finding.isStale ? ", out of date" : "";
  if (finding.state === "shown") return `${name} shown here`;
  if (finding.state === "absent") return `${name} not there${stale}`;
  return `${name} found, ${percent(finding.presence)} % sure${stale}`;
}
