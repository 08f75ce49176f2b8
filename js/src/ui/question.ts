/** A question over the picture: nothing is done until somebody has chosen. */

import { effect } from "@preact/signals-core";
import type { Labels } from "../state/labels";
import { h } from "./dom";

export function createQuestion(labels: Labels, signal: AbortSignal): HTMLElement {
  const text = h("p", { class: "sam2nb-question-text" });
  const buttons = h("div", { class: "sam2nb-question-buttons" });
  const box = h(
    "div",
    { class: "sam2nb-question", role: "alertdialog", "aria-label": "Question" },
    text,
    buttons,
  );
  const shade = h("div", { class: "sam2nb-shade", hidden: true }, box);
  const close = () => {
    shade.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
    labels.question.value = null;
  };
  const stop = effect(() => {
    const question = labels.question.value;
    shade.hidden = question === null;
    if (question === null) return;
    text.textContent = question.text;
    const made = question.choices.map(([words, run], index) => {
      const node = h(
        "button",
        { type: "button", class: `sam2nb-push${index === 0 ? " sam2nb-primary" : ""}`, "data-choice": index },
        words,
      );
      node.addEventListener("click", () => {
        close();
        run();
      });
      return node;
    });
    buttons.replaceChildren(...made);
    made[0]?.focus({ preventScroll: true });
  });
  shade.addEventListener(
    "keydown",
    (event) => {
      const at = event.target instanceof HTMLElement ? [...buttons.children].indexOf(event.target) : -1;
      if (event.key === "Escape") close();
      else if ((event.key === "ArrowRight" || event.key === "ArrowLeft") && at >= 0) {
        const by = event.key === "ArrowRight" ? 1 : -1;
        const next = [...buttons.children].at((at + by) % buttons.children.length);
        if (next instanceof HTMLElement) next.focus();
      } else if (event.key === "Enter" || event.key === " " || event.key === "Tab") return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  signal.addEventListener("abort", stop);
  return shade;
}
