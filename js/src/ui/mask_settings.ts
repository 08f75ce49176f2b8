/** What can be set of a mask: where the model's edge is cut, and whether what was drawn is kept. */

import { effect } from "@preact/signals-core";
import { isDrawn, selectedObject } from "../state/document";
import type { Session } from "../state/session";
import type { Ui } from "../state/ui";
import { h, setHidden, setText } from "./dom";

// Beyond this logit nearly nothing, or nearly everything, is in a mask.
const EDGE_LIMIT = 8;

/** Where the model's edge is cut: computed here while the slider moves, and by the kernel once it rests. */
export function createEdge(session: Session, ui: Ui, signal: AbortSignal): HTMLElement {
  const input = h("input", {
    type: "range",
    class: "sam2nb-slider",
    "data-action": "threshold",
    "aria-label": "How sure the model must be of a pixel",
    title: "Tighter or looser: how sure the model must be of a pixel (double click: as the model has it)",
    min: -EDGE_LIMIT,
    max: EDGE_LIMIT,
    step: 0.25,
  });
  const value = h("output", { class: "sam2nb-score" });
  const line = h("label", { class: "sam2nb-edge" }, h("span", {}, "Edge"), input, value);
  const settle = (threshold: number) => {
    const object = selectedObject(session.document.peek());
    ui.threshold.value = null;
    if (object !== undefined && object.threshold !== threshold)
      session.edit([{ kind: "set_threshold", object: object.id, threshold }]);
  };
  input.addEventListener("input", () => (ui.threshold.value = input.valueAsNumber), { signal });
  input.addEventListener("change", () => settle(input.valueAsNumber), { signal });
  input.addEventListener("dblclick", () => settle(0), { signal });
  const stop = effect(() => {
    const object = selectedObject(session.document.value);
    const mask = object === undefined ? undefined : session.masks.value.get(object.id);
    const isSet = object !== undefined && !isDrawn(object) && mask !== undefined && mask.logits !== null;
    setHidden(line, !isSet);
    const threshold = ui.threshold.value ?? object?.threshold ?? 0;
    input.value = String(threshold);
    setText(value, threshold === 0 ? "0" : `${threshold > 0 ? "+" : "−"}${Math.abs(threshold)}`);
  });
  signal.addEventListener("abort", stop);
  return line;
}

/** Keep what was drawn, or let the model go on from it. */
export function createHand(session: Session, signal: AbortSignal): HTMLElement {
  const choices = [
    { kept: true, words: "Keep as drawn" },
    { kept: false, words: "Refine" },
  ].map(({ kept, words }) => {
    const node = h("button", { type: "button", class: "sam2nb-button", "data-kept": String(kept) }, words);
    node.title = `${words} (R)`;
    node.addEventListener(
      "click",
      () => {
        const object = selectedObject(session.document.peek());
        if (object !== undefined && object.kept !== kept)
          session.edit([{ kind: "keep_mask", object: object.id, kept }]);
      },
      { signal },
    );
    return { kept, node };
  });
  const row = h(
    "div",
    { class: "sam2nb-hand", role: "group", "aria-label": "Your drawing" },
    ...choices.map(({ node }) => node),
  );
  const stop = effect(() => {
    const object = selectedObject(session.document.value);
    setHidden(row, object === undefined || object.drawn === 0);
    for (const { kept, node } of choices) node.setAttribute("aria-pressed", String(object?.kept === kept));
  });
  signal.addEventListener("abort", stop);
  return row;
}
