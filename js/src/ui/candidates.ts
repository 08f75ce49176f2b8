/** The three masks an ambiguous click can mean, as thumbnails with scores; choosing one needs no answer from the kernel. */

import { effect } from "@preact/signals-core";
import { cutout, paintThumbnail } from "../render/thumbnail";
import { isAmbiguous, isBare, selectedObject } from "../state/document";
import { inkOf } from "../state/inks";
import { bounds, preview, shownCandidate } from "../state/masks";
import type { Session } from "../state/session";
import type { Sheet } from "../state/sheet";
import type { Ui } from "../state/ui";
import { h, setText } from "./dom";

const SIZE = { width: 72, height: 56 };
const COUNT = 3;

interface Thumbnail {
  readonly node: HTMLButtonElement;
  readonly canvas: HTMLCanvasElement;
  readonly score: HTMLElement;
}

/** What the chooser needs of a picture, or of a video's frame. */
export type Offering = Pick<Session, "document" | "masks" | "bitmap"> & Pick<Sheet, "edit" | "info">;

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
    const window = cutout(bounds(shapes), image, SIZE);
    const ink = inkOf(object, session.document.value, ui.byClass.value);
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
      if (shape !== undefined) paintThumbnail(thumbnail.canvas, SIZE, shape, window, image, bitmap, ink);
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
