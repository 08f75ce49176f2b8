/** A remark about the selected object, kept with it. */

import { effect } from "@preact/signals-core";
import { findObject, selectedObject } from "../state/document";
import type { Labels } from "../state/labels";
import { h } from "./dom";

const NOTE = "note";
const MOST = 10_000;

export function createNote(labels: Labels, signal: AbortSignal): HTMLElement {
  const input = h("textarea", {
    class: "sam2nb-field sam2nb-note",
    rows: 2,
    maxlength: MOST,
    "aria-label": "Note",
  });
  input.placeholder = "A remark for whoever looks at it next";
  const node = h("section", { class: "sam2nb-section" }, h("h3", { class: "sam2nb-title" }, "Note"), input);
  let of: number | null = null;
  const noteOf = (id: number | null) => {
    const value = findObject(labels.session.document.peek(), id)?.attributes.find(
      ({ name }) => name === NOTE,
    )?.value;
    return typeof value === "string" ? value : "";
  };
  const keep = () => {
    const text = input.value.trim();
    if (of === null || findObject(labels.session.document.peek(), of) === undefined || text === noteOf(of))
      return;
    labels.session.edit([
      { kind: "set_attribute", object: of, name: NOTE, value: text === "" ? null : text },
    ]);
  };
  input.addEventListener("blur", keep, { signal });
  input.addEventListener(
    "keydown",
    (event) => {
      event.stopPropagation();
      if (event.isComposing || (event.key !== "Escape" && !(event.key === "Enter" && !event.shiftKey)))
        return;
      event.preventDefault();
      if (event.key === "Escape") input.value = noteOf(of);
      input.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
    },
    { signal },
  );
  const stop = effect(() => {
    const selected = selectedObject(labels.session.document.value);
    node.hidden = selected === undefined;
    const id = selected?.id ?? null;
    if (document.activeElement === input && id === of) return;
    if (document.activeElement === input) keep();
    of = id;
    input.value = noteOf(id);
  });
  signal.addEventListener("abort", stop);
  return node;
}
