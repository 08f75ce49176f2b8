/** What lies under the pointer: its place, its colour, the object there; a cross through it, and a magnifier. */

import { effect, signal as state } from "@preact/signals-core";
import { toImage, type Vec } from "../geometry/viewport";
import { pathOf } from "../render/masks";
import { findObject } from "../state/document";
import { mayHold, type Shape } from "../state/masks";
import { h, setText } from "./dom";
import type { Easel, Motif } from "./easel";
import { nameOf } from "./object_row";

const LOUPE = 132;
const PIXELS = 11;

/** The words for the foot of a view, and what lies over its stage. */
export function createReadout(
  { stage, sheet, ui, signal }: Easel,
  motif: Motif,
): { readonly words: HTMLElement; readonly over: HTMLElement } {
  const words = h("span", { class: "sam2nb-readout" });
  const across = h("div", { class: "sam2nb-hair" });
  const down = h("div", { class: "sam2nb-hair" });
  const loupe = h("canvas", { class: "sam2nb-loupe" });
  const over = h("div", { class: "sam2nb-over", "aria-hidden": "true" }, across, down, loupe);
  const pointer = state<Vec | null>(null);
  const look = (event: PointerEvent) => {
    const frame = stage.getBoundingClientRect();
    pointer.value = { x: event.clientX - frame.left, y: event.clientY - frame.top };
  };
  stage.addEventListener("pointermove", look, { signal });
  stage.addEventListener("pointerleave", () => (pointer.value = null), { signal });
  const stop = effect(() => {
    const view = ui.viewport.value;
    const at = ui.cursor.value ?? pointer.value;
    const bitmap = motif.bitmap.value;
    const place = at === null ? null : toImage(view, at);
    const [x, y] = [Math.floor(place?.x ?? -1), Math.floor(place?.y ?? -1)];
    const isInside = bitmap !== null && x >= 0 && y >= 0 && x < view.image.width && y < view.image.height;
    over.hidden = at === null || !isInside;
    if (at === null || place === null || !isInside) return setText(words, "");
    const [red = 0, green = 0, blue = 0] = pixelOf(bitmap, place, view.image.width);
    const hit = motif.masks().findLast(({ shape }) => isIn(shape, place));
    const object = findObject(sheet.document.value, hit?.id ?? null);
    const what = object === undefined ? [] : [nameOf(object), object.label].filter((word) => word !== "");
    setText(words, [`${x}, ${y}`, `rgb ${red} ${green} ${blue}`, ...what].join(" · "));
    across.hidden = down.hidden = !ui.hasCross.value || ui.cursor.value !== null;
    loupe.hidden = !ui.hasLoupe.value;
    across.style.cssText = `left:0;right:0;height:1px;top:${Math.round(at.y)}px`;
    down.style.cssText = `top:0;bottom:0;width:1px;left:${Math.round(at.x)}px`;
    if (!loupe.hidden) paintLoupe(loupe, bitmap, place, view.image.width, at);
  });
  signal.addEventListener("abort", stop);
  return { words, over };
}

let probe: CanvasRenderingContext2D | null = null;

/** One pixel to look at, made when it is first needed. */
function spot(): CanvasRenderingContext2D | null {
  probe ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", {
    willReadFrequently: true,
  });
  return probe;
}

function isIn(shape: Shape, at: Vec): boolean {
  return mayHold(shape, at) && (spot()?.isPointInPath(pathOf(shape), at.x, at.y, "evenodd") ?? false);
}

/** Red, green, blue of the picture at a place; of a picture that travels smaller, about. */
function pixelOf(bitmap: ImageBitmap, { x, y }: Vec, width: number): Iterable<number> {
  const scale = bitmap.width / width;
  spot()?.drawImage(bitmap, Math.floor(x * scale), Math.floor(y * scale), 1, 1, 0, 0, 1, 1);
  return spot()?.getImageData(0, 0, 1, 1).data ?? [];
}

/** Some pixels about a place, large, with a frame about the one; in the corner that is farther from the pointer. */
function paintLoupe(
  canvas: HTMLCanvasElement,
  bitmap: ImageBitmap,
  place: Vec,
  width: number,
  at: Vec,
): void {
  const ratio = Math.min(window.devicePixelRatio, 2);
  canvas.width = canvas.height = LOUPE * ratio;
  canvas.classList.toggle("sam2nb-right", at.x < LOUPE + 40);
  const context = canvas.getContext("2d");
  if (context === null) return;
  const scale = bitmap.width / width;
  const [x, y] = [Math.floor(place.x) - (PIXELS - 1) / 2, Math.floor(place.y) - (PIXELS - 1) / 2];
  const side = LOUPE / PIXELS;
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, x * scale, y * scale, PIXELS * scale, PIXELS * scale, 0, 0, LOUPE, LOUPE);
  for (const [ink, line] of [
    ["#000", 3],
    ["#fff", 1],
  ] as const) {
    context.strokeStyle = ink;
    context.lineWidth = line;
    context.strokeRect((LOUPE - side) / 2, (LOUPE - side) / 2, side, side);
  }
}
