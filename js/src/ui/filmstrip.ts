/** The queue as a row of small pictures: where we are, how far each one is, and a way to go there. */

import { effect } from "@preact/signals-core";
import type { Labels, Row } from "../state/labels";
import { h, keepFocus, setText } from "./dom";
import { icon } from "./icons";
import { STATE_ICONS, STATE_WORDS } from "./label_words";

const TILE = 92;
const [WIDTH, HEIGHT] = [84, 58];
const AROUND = 4;

export interface Filmstrip {
  readonly node: HTMLElement;
  /** Give the keyboard to the picture on the canvas. */
  readonly focus: () => void;
}

export function createFilmstrip(labels: Labels, signal: AbortSignal): Filmstrip {
  const strip = new Strip(labels);
  const { node } = strip;
  node.addEventListener("scroll", () => strip.update(), { signal });
  node.addEventListener("wheel", (event) => strip.wheel(event), { signal, passive: false });
  node.addEventListener("keydown", (event) => strip.key(event), { signal });
  const observer = new ResizeObserver(() => strip.resized());
  observer.observe(node);
  const stops = [effect(() => strip.follow()), effect(() => strip.update())];
  signal.addEventListener("abort", () => {
    observer.disconnect();
    for (const stop of stops) stop();
  });
  return { node, focus: () => strip.focusOn(labels.view.peek()?.current?.place ?? 0) };
}

const STEPS = new Map([
  ["ArrowLeft", -1],
  ["ArrowRight", 1],
  ["Home", Number.NEGATIVE_INFINITY],
  ["End", Number.POSITIVE_INFINITY],
]);

/** Only the tiles in sight, and some beside them, are in the page. */
class Strip {
  readonly node: HTMLElement;
  readonly #labels: Labels;
  readonly #track = h("div", { class: "sam2nb-track" });
  readonly #tiles = new Map<number, Tile>();
  #followed: number | null = null;

  constructor(labels: Labels) {
    this.#labels = labels;
    this.node = h(
      "div",
      { class: "sam2nb-strip", role: "listbox", "aria-label": "Pictures", "aria-orientation": "horizontal" },
      this.#track,
    );
  }

  update(): void {
    const view = this.#labels.view.value;
    this.#labels.arrived.value;
    const length = view?.length ?? 0;
    this.#track.style.width = `${length * TILE}px`;
    const { scrollLeft, clientWidth } = this.node;
    const first = Math.max(0, Math.floor(scrollLeft / TILE) - AROUND);
    const last = Math.min(length - 1, Math.ceil((scrollLeft + clientWidth) / TILE) + AROUND);
    for (const [place, tile] of this.#tiles) if (place < first || place > last) this.#drop(place, tile);
    for (let place = first; place <= last; place++)
      this.#tile(place).update(this.#labels.row(place), place === view?.current?.place);
  }

  /** Keep the picture on the canvas in sight when another one comes. */
  follow(): void {
    const place = this.#labels.view.value?.current?.place ?? null;
    if (place === null || place === this.#followed || this.node.clientWidth === 0) return;
    this.#followed = place;
    this.node.scrollLeft = place * TILE - (this.node.clientWidth - TILE) / 2;
  }

  resized(): void {
    this.#followed = null;
    this.follow();
    this.update();
  }

  wheel(event: WheelEvent): void {
    if (event.ctrlKey || event.deltaX !== 0 || this.node.scrollWidth <= this.node.clientWidth) return;
    this.node.scrollLeft += event.deltaY;
    event.preventDefault();
    event.stopPropagation();
  }

  key(event: KeyboardEvent): void {
    const at = [...this.#tiles].find(([, tile]) => tile.node === event.target)?.[0];
    const by = STEPS.get(event.key);
    if (at === undefined || by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.focusOn(at + by);
  }

  focusOn(place: number): void {
    const target = Math.min(Math.max(place, 0), (this.#labels.view.peek()?.length ?? 0) - 1);
    const left = target * TILE;
    const { scrollLeft, clientWidth } = this.node;
    if (left < scrollLeft) this.node.scrollLeft = left;
    if (left + TILE > scrollLeft + clientWidth) this.node.scrollLeft = left + TILE - clientWidth;
    this.update();
    this.#tiles.get(target)?.node.focus({ preventScroll: true });
  }

  #tile(place: number): Tile {
    const known = this.#tiles.get(place);
    if (known !== undefined) return known;
    const tile = new Tile(place, () => {
      const row = this.#labels.row(place);
      if (row !== undefined) this.#labels.move("open", row.image);
    });
    this.#tiles.set(place, tile);
    this.#track.append(tile.node);
    return tile;
  }

  #drop(place: number, tile: Tile): void {
    keepFocus(tile.node);
    tile.node.remove();
    this.#tiles.delete(place);
  }
}

class Tile {
  readonly node: HTMLButtonElement;
  readonly #canvas = h("canvas", { class: "sam2nb-tile-picture", "aria-hidden": "true" });
  readonly #badge = h("span", { class: "sam2nb-tile-badge" });
  readonly #count = h("span", { class: "sam2nb-tile-count" });
  readonly #name = h("span", { class: "sam2nb-tile-name" });
  #drawn: Uint8Array | null = null;

  constructor(place: number, open: () => void) {
    this.node = h(
      "button",
      { type: "button", class: "sam2nb-tile", role: "option", tabindex: -1, "data-place": place },
      this.#canvas,
      this.#badge,
      this.#count,
      this.#name,
    );
    this.node.style.left = `${place * TILE}px`;
    this.node.addEventListener("click", open);
  }

  update(row: Row | undefined, isCurrent: boolean): void {
    this.node.setAttribute("aria-selected", String(isCurrent));
    this.node.tabIndex = isCurrent ? 0 : -1;
    if (row === undefined) return;
    const held = row.holder === "" ? "" : `, ${row.holder} works on it`;
    const words = `${row.name}: ${STATE_WORDS[row.state]}, ${things(row)}${held}`;
    this.node.title = words;
    this.node.setAttribute("aria-label", words);
    this.node.dataset.image = String(row.image);
    this.node.dataset.state = row.state;
    this.node.classList.toggle("sam2nb-tile-held", row.holder !== "");
    if (this.#badge.dataset.state !== row.state) {
      this.#badge.dataset.state = row.state;
      this.#badge.replaceChildren(icon(STATE_ICONS[row.state]));
    }
    setText(this.#name, row.name.split("/").at(-1) ?? row.name);
    setText(this.#count, row.proposed > 0 ? `${row.objects} + ${row.proposed}?` : String(row.objects));
    this.#count.hidden = row.objects === 0 && row.proposed === 0;
    if (row.picture !== null && row.picture !== this.#drawn) void this.#draw(row.picture);
  }

  async #draw(data: Uint8Array): Promise<void> {
    this.#drawn = data;
    try {
      const bitmap = await createImageBitmap(new Blob([data.slice()]));
      const ratio = Math.min(window.devicePixelRatio, 2);
      [this.#canvas.width, this.#canvas.height] = [WIDTH * ratio, HEIGHT * ratio];
      const context = this.#canvas.getContext("2d");
      const scale = Math.max(this.#canvas.width / bitmap.width, this.#canvas.height / bitmap.height);
      const [width, height] = [bitmap.width * scale, bitmap.height * scale];
      if (context === null) return;
      context.imageSmoothingQuality = "high";
      const [left, top] = [(this.#canvas.width - width) / 2, (this.#canvas.height - height) / 2];
      context.drawImage(bitmap, left, top, width, height);
      bitmap.close();
    } catch {
      this.#drawn = null; // a broken picture is a grey tile
    }
  }
}

function things({ objects, proposed }: Row): string {
  const some = objects === 1 ? "1 object" : `${objects} objects`;
  return proposed > 0 ? `${some}, ${proposed} suggested` : some;
}
