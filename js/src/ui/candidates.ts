/** The three masks an ambiguous click can mean, as thumbnails with scores; choosing one needs no answer from the kernel. */

import { effect, type ReadonlySignal } from "@preact/signals-core";
import { cutout, paintThumbnail } from "../render/thumbnail";
import { isAmbiguous, isBare, selectedObject } from "../state/document";
import { inkOf } from "../state/inks";
import { bounds, levels, preview, ranked, shownCandidate } from "../state/masks";
import type { Session } from "../state/session";
import type { Sheet } from "../state/sheet";
import type { Ui } from "../state/ui";
import type { ToolId } from "../tools/runner";
import { h, setHidden, setText } from "./dom";

const SIZE = { width: 72, height: 56 };
const COUNT = 3;

interface Thumbnail {
  readonly node: HTMLButtonElement;
  readonly canvas: HTMLCanvasElement;
  readonly score: HTMLElement;
  readonly level: HTMLElement;
  /** Which of the model's candidates it shows: the likeliest come first. */
  candidate: number;
}

/** What the chooser needs of a picture, or of a video's frame. */
export type Offering = Pick<Session, "document" | "masks" | "bitmap"> & Pick<Sheet, "edit" | "info">;

/** The chooser, and below it `more`. Where nothing is to choose, it says what the tool in hand does. */
export function createCandidates(
  session: Offering,
  ui: Ui,
  tool: ReadonlySignal<ToolId>,
  signal: AbortSignal,
  more: ReadonlyArray<Node> = [],
): HTMLElement {
  const thumbnails = Array.from({ length: COUNT }, (_, place) => createThumbnail(place, session, ui));
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
    setText(
      title,
      isOffered ? "Which one?" : object !== undefined && object.drawn > 0 ? "Drawn by hand" : "What to do",
    );
    setText(hint, hintFor(object, tool.value));
    if (!isOffered) return;
    const order = ranked(mask?.scores ?? null);
    const names = levels(logits);
    const shapes = order.map((candidate) => preview(logits, candidate, image, object.threshold));
    const window = cutout(bounds(shapes), image, SIZE);
    const ink = inkOf(object, session.document.value, ui.byClass.value);
    const chosen = shownCandidate(object, mask);
    thumbnails.forEach((thumbnail, place) => {
      const { node, score, level } = thumbnail;
      const [shape, candidate] = [shapes[place], order[place]];
      node.hidden = shape === undefined;
      if (shape === undefined || candidate === undefined) return;
      thumbnail.candidate = candidate;
      node.dataset.candidate = String(candidate);
      node.setAttribute("aria-pressed", String(candidate === chosen));
      node.classList.toggle("sam2nb-best", place === 0);
      const iou = mask?.scores?.iou[candidate] ?? 0;
      const name = names[candidate] ?? null;
      setText(score, iou.toFixed(2));
      setText(level, name ?? "");
      const words = `Mask ${place + 1}${name === null ? "" : `, ${name}`}, predicted fit ${iou.toFixed(2)}`;
      node.setAttribute("aria-label", words);
      paintThumbnail(thumbnail.canvas, SIZE, shape, window, image, bitmap, ink);
    });
  });
  signal.addEventListener("abort", stop);
  const node = h("section", { class: "sam2nb-section sam2nb-choice" }, title, strip, hint, ...more);
  const stopHiding = effect(() => setHidden(node, ui.isPicking.value)); // clicks do not mark then
  signal.addEventListener("abort", stopHiding);
  return node;
}

const STROKES: Readonly<Record<Exclude<ToolId, "prompt">, string>> = {
  scribble: "Draw a line over the object; with the right button, over what is not part of it.",
  brush: "Paint the mask by hand; with the right button, erase it.",
  eraser: "Erase from the mask what is not part of the object.",
  lasso: "Draw around what is part of the object; with the right button, around what is not.",
};

function hintFor(object: ReturnType<typeof selectedObject>, tool: ToolId): string {
  if (object !== undefined && !isBare(object)) {
    if (isAmbiguous(object)) return "Thinking about your click…";
    if (object.kept) return "It stays as you drew it. Paint on, or let the model refine it.";
    if (object.drawn > 0) return "The model goes on from your drawing.";
    if (tool === "prompt") return "Click to add, right click to take away, drag points to move them.";
  }
  return tool === "prompt"
    ? "Click on an object, or drag a box around it. Right click marks what is not part of it."
    : STROKES[tool];
}

function createThumbnail(place: number, session: Offering, ui: Ui): Thumbnail {
  const canvas = h("canvas", { class: "sam2nb-thumb", "aria-hidden": "true" });
  const score = h("span", { class: "sam2nb-candidate-score" });
  const level = h("span", { class: "sam2nb-level" });
  const node = h(
    "button",
    {
      type: "button",
      class: "sam2nb-candidate",
      "aria-pressed": "false",
      title: `Take this mask (${place + 1})`,
    },
    canvas,
    h("span", { class: "sam2nb-candidate-line" }, h("kbd", {}, String(place + 1)), score),
    level,
  );
  const thumbnail: Thumbnail = { node, canvas, score, level, candidate: place };
  node.addEventListener("click", () => {
    const object = selectedObject(session.document.value);
    if (object !== undefined)
      session.edit([{ kind: "choose_candidate", object: object.id, candidate: thumbnail.candidate }]);
  });
  node.addEventListener("pointerenter", () => (ui.previewed.value = thumbnail.candidate));
  node.addEventListener("pointerleave", () => (ui.previewed.value = null));
  return thumbnail;
}
