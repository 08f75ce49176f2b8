/** The three masks an ambiguous click can mean, as thumbnails with scores; choosing one needs no answer from the kernel. */

import { effect } from "@preact/signals-core";
import type { Box, Extent } from "../geometry/viewport";
import { cssColor, pathOf } from "../render/masks";
import { isAmbiguous, isBare, selectedObject } from "../state/document";
import { bounds, preview, type Shape, shownCandidate } from "../state/masks";
import type { Session } from "../state/session";
import type { Sheet } from "../state/sheet";
import type { Ui } from "../state/ui";
import { h, setText } from "./dom";

const WIDTH = 72;
const HEIGHT = 56;
const COUNT = 3;
const MARGIN = 0.12;

interface Thumbnail {
  readonly node: HTMLButtonElement;
  readonly canvas: HTMLCanvasElement;
  readonly score: HTMLElement;
}

/** What the chooser needs of a picture, or of a video's frame. */
export type Offering = Pick<Session, "document" | "masks" | "info" | "bitmap"> & Pick<Sheet, "edit">;

export function createCandidates(session: Offering, ui: Ui, signal: AbortSignal): HTMLElement {
  const thumbnails = Array.from({ length: COUNT }, (_, index) => createThumbnail(index, session, ui));
  const strip = h(
    "div",
    { class: "sam2nb-candidates", role: "group", "aria-label": "Masks this click can mean" },
    ...thumbnails.map(({ node }) => node),
  );
  const title = h("h3", { class: "sam2nb-title" });
  const hint = h("p", { class: "sam2nb-hint" });
  const stop = effect(() => {
    const object = selectedObject(session.document.value);
    const mask = object === undefined ? undefined : session.masks.value.get(object.id);
    const [image, bitmap] = [session.info.value, session.bitmap.value];
    const logits = mask?.logits ?? null;
    const isOffered =
      object !== undefined && image !== null && logits !== null && logits.count > 1 && isAmbiguous(object);
    strip.hidden = !isOffered;
    hint.hidden = isOffered;
    setText(title, isOffered ? "Which one?" : "What to do");
    setText(hint, hintFor(object));
    if (!isOffered) return;
    const shapes = thumbnails.slice(0, logits.count).map((_, index) => preview(logits, index, image));
    const window = frame(bounds(shapes), image);
    const chosen = shownCandidate(object, mask);
    thumbnails.forEach((thumbnail, index) => {
      const { node, score } = thumbnail;
      const shape = shapes[index];
      node.hidden = shape === undefined;
      node.setAttribute("aria-pressed", String(index === chosen));
      node.classList.toggle("sam2nb-best", index === mask?.scores?.best);
      const iou = mask?.scores?.iou[index];
      setText(score, iou === undefined ? "" : iou.toFixed(2));
      const words =
        iou === undefined
          ? ""
          : `, predicted fit ${iou.toFixed(2)}${index === mask?.scores?.best ? ", best" : ""}`;
      node.setAttribute("aria-label", `Mask ${index + 1}${words}`);
      if (shape !== undefined) draw(thumbnail, shape, window, image, bitmap, object.color);
    });
  });
  signal.addEventListener("abort", stop);
  return h("section", { class: "sam2nb-section sam2nb-choice" }, title, strip, hint);
}

function hintFor(object: ReturnType<typeof selectedObject>): string {
  if (object === undefined || isBare(object))
    return "Click on an object, or drag a box around it. Right click marks what is not part of it.";
  return isAmbiguous(object)
    ? "Thinking about your click…"
    : "Click to add, right click to take away, drag points to move them.";
}

function createThumbnail(index: number, session: Offering, ui: Ui): Thumbnail {
  const canvas = h("canvas", { class: "sam2nb-thumb", "aria-hidden": "true" });
  const score = h("span", { class: "sam2nb-candidate-score" });
  const node = h(
    "button",
    {
      type: "button",
      class: "sam2nb-candidate",
      "data-candidate": index,
      "aria-pressed": "false",
      title: `Take this mask (${index + 1})`,
    },
    canvas,
    h("span", { class: "sam2nb-candidate-line" }, h("kbd", {}, String(index + 1)), score),
  );
  node.addEventListener("click", () => {
    const object = selectedObject(session.document.value);
    if (object !== undefined)
      session.edit([{ kind: "choose_candidate", object: object.id, candidate: index }]);
  });
  const show = (candidate: number | null) => () => {
    ui.previewed.value = candidate;
  };
  node.addEventListener("pointerenter", show(index));
  node.addEventListener("pointerleave", show(null));
  return { node, canvas, score };
}

/** Scale and offset of the picture in a thumbnail: all candidates and some margin, as far as there is picture. */
function frame(box: Box | null, image: Extent): readonly [number, number, number] {
  const [left, top, right, bottom] = box ?? [0, 0, image.width, image.height];
  const room = 1 + 2 * MARGIN;
  const around = Math.min(WIDTH / ((right - left) * room), HEIGHT / ((bottom - top) * room));
  const scale = Math.max(around, WIDTH / image.width, HEIGHT / image.height);
  const along = (centre: number, length: number, size: number) =>
    Math.min(0, Math.max(length - size * scale, length / 2 - centre * scale));
  return [
    scale,
    along((left + right) / 2, WIDTH, image.width),
    along((top + bottom) / 2, HEIGHT, image.height),
  ];
}

function draw(
  { canvas }: Thumbnail,
  shape: Shape,
  [scale, x, y]: readonly [number, number, number],
  image: Extent,
  bitmap: ImageBitmap | null,
  color: number,
): void {
  const ratio = Math.min(window.devicePixelRatio, 2);
  [canvas.width, canvas.height] = [Math.round(WIDTH * ratio), Math.round(HEIGHT * ratio)];
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.scale(ratio, ratio);
  context.translate(x, y);
  context.scale(scale, scale);
  context.imageSmoothingQuality = "high";
  if (bitmap !== null) context.drawImage(bitmap, 0, 0, image.width, image.height);
  context.fillStyle = cssColor(color, 0.6);
  context.fill(pathOf(shape), "evenodd");
  context.strokeStyle = cssColor(color);
  context.lineWidth = 1.25 / scale;
  context.stroke(pathOf(shape));
}
