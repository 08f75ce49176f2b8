/** The sheet beside the picture that holds what is not done for every picture: queue, data, files, training. */

import { effect } from "@preact/signals-core";
import type { LabelUi, PanelName } from "../state/label_ui";
import type { Labels } from "../state/labels";
import { h } from "./dom";
import { icon } from "./icons";
import { createDataPanel } from "./label_data";
import { createFilesPanel } from "./label_files";
import { createQueuePanel } from "./label_queue";
import { createTrainPanel } from "./label_train";

const TITLES: Readonly<Record<PanelName, string>> = {
  queue: "Queue",
  data: "Data",
  files: "Export and import",
  train: "Training",
};

export function createLabelPanel(labels: Labels, ui: LabelUi, signal: AbortSignal): HTMLElement {
  const close = h(
    "button",
    { type: "button", class: "sam2nb-tool", "aria-label": "Close", title: "Close (Escape)" },
    icon("close"),
  );
  close.addEventListener("click", () => (ui.panel.value = null), { signal });
  const title = h("strong", {});
  const parts: Readonly<Record<PanelName, HTMLElement>> = {
    queue: createQueuePanel(labels, signal),
    data: createDataPanel(labels, ui, signal),
    files: createFilesPanel(labels, signal),
    train: createTrainPanel(labels, signal),
  };
  const node = h(
    "div",
    { class: "sam2nb-help sam2nb-panel", role: "dialog", hidden: true },
    h("div", { class: "sam2nb-help-head" }, title, close),
    h("div", { class: "sam2nb-help-body" }, ...Object.values(parts)),
  );
  let shown: PanelName | null = null;
  const stop = effect(() => {
    const panel = ui.panel.value;
    node.hidden = panel === null;
    for (const [name, part] of Object.entries(parts)) part.hidden = name !== panel;
    if (panel !== null) {
      title.textContent = TITLES[panel];
      node.setAttribute("aria-label", TITLES[panel]);
      if (panel !== shown) close.focus({ preventScroll: true });
    } else if (shown !== null) node.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
    shown = panel;
  });
  signal.addEventListener("abort", stop);
  return node;
}

/** A button with words. */
export function push(words: string, action: string, run: () => void, kind = ""): HTMLButtonElement {
  const node = h("button", { type: "button", class: `sam2nb-push ${kind}`, "data-action": action }, words);
  node.addEventListener("click", run);
  return node;
}

/** The button that a form has for what Enter does in its fields. */
export function submit(words: string, action: string, kind = ""): HTMLButtonElement {
  return h("button", { type: "submit", class: `sam2nb-push ${kind}`, "data-action": action }, words);
}

/** A field with its name above it. */
export function field(name: string, ...inner: ReadonlyArray<Node>): HTMLElement {
  return h("label", { class: "sam2nb-labelled" }, h("span", {}, name), ...inner);
}

export function choice(name: string, options: ReadonlyArray<readonly [string, string]>): HTMLSelectElement {
  const node = h("select", { class: "sam2nb-select", "aria-label": name });
  setOptions(node, options);
  return node;
}

/** Offer these, and keep what was chosen if it is still there. */
export function setOptions(node: HTMLSelectElement, options: ReadonlyArray<readonly [string, string]>): void {
  const key = JSON.stringify(options);
  if (node.dataset.options === key) return;
  const { value } = node;
  node.dataset.options = key;
  node.replaceChildren(...options.map(([word, text]) => h("option", { value: word }, text)));
  if (options.some(([word]) => word === value)) node.value = value;
}
