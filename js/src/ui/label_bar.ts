/** The row above everything: which picture this is, how far it is, and what becomes of it. */

import { computed, effect, type ReadonlySignal } from "@preact/signals-core";
import type { LabelActionName } from "../input/label_keymap";
import type { LabelUi, PanelName } from "../state/label_ui";
import type { Labels } from "../state/labels";
import { h, setText } from "./dom";
import { type IconName, icon } from "./icons";
import { STATE_ICONS, STATE_WORDS } from "./label_words";
import { setDisabled } from "./toolbar";

/** Whether the picture on the canvas waits for a reviewer. */
export function isInReview(labels: Labels): ReadonlySignal<boolean> {
  return computed(() => labels.view.value?.current?.in_review ?? false);
}

export function createLabelBar(
  labels: Labels,
  ui: LabelUi,
  isMac: boolean,
  run: (action: { readonly type: LabelActionName }) => void,
  signal: AbortSignal,
): HTMLElement {
  const command = isMac ? "⌘" : "Ctrl+";
  const push = (
    action: LabelActionName,
    kind: string,
    title: string,
    ...inner: ReadonlyArray<Node | string>
  ) => {
    const node = h(
      "button",
      { type: "button", class: `sam2nb-push ${kind}`, "data-action": action, "aria-label": title, title },
      ...inner,
    );
    node.addEventListener("click", () => run({ type: action }), { signal });
    return node;
  };
  const previous = push("previous", "sam2nb-flat", `Previous picture (${command}←)`, icon("before"));
  const next = push("next", "sam2nb-flat", `Next picture (${command}→)`, icon("after"));
  const name = h("span", { class: "sam2nb-image-name" });
  const place = h("span", { class: "sam2nb-image-place" });
  const badge = h("span", { class: "sam2nb-chip" });
  const passText = h("span", {});
  const decideText = h("span", {});
  const pass = push("pass", "", "Skip (Shift+Enter)", icon("on"), passText);
  const decide = push("decide", "sam2nb-primary", `Submit (${command}Enter)`, icon("check"), decideText);
  const isReview = isInReview(labels);
  const stop = effect(() => {
    const view = labels.view.value;
    const current = view?.current ?? null;
    const { isAway, isReachable } = labels.session;
    const isOff = current === null || isAway.value || !isReachable.value;
    setText(name, current?.name.split("/").at(-1) ?? "No picture");
    name.title = current?.name ?? "";
    setText(place, placeOf(view?.length ?? 0, current?.place ?? null));
    badge.hidden = current === null;
    if (current !== null && badge.dataset.state !== current.state) {
      badge.dataset.state = current.state;
      badge.title = STATE_WORDS[current.state];
      badge.replaceChildren(icon(STATE_ICONS[current.state]), h("span", {}, badge.title));
    }
    setText(passText, isReview.value ? "Send back" : "Skip");
    setText(decideText, isReview.value ? "Accept" : "Submit");
    retitle(pass, `${isReview.value ? "Send back to the annotator" : "Skip this picture"} (Shift+Enter)`);
    retitle(decide, `${isReview.value ? "Accept" : "Submit"} and go on (${command}Enter)`);
    for (const button of [pass, decide]) setDisabled(button, isOff);
    const at = current?.place ?? null;
    setDisabled(previous, isOff || at === 0);
    setDisabled(next, isOff || (at !== null && at >= (view?.length ?? 0) - 1));
  });
  signal.addEventListener("abort", stop);
  return h(
    "div",
    { class: "sam2nb-labelbar", role: "toolbar", "aria-label": "Picture of the folder" },
    h("div", { class: "sam2nb-steps" }, previous, place, next),
    h("div", { class: "sam2nb-image" }, name, badge),
    h("div", { class: "sam2nb-space" }),
    ...panelButtons(ui, signal),
    h("span", { class: "sam2nb-rule" }),
    pass,
    decide,
  );
}

function retitle(node: HTMLElement, title: string): void {
  node.title = title;
  node.setAttribute("aria-label", title);
}

function placeOf(length: number, place: number | null): string {
  if (length === 0) return "–";
  return place === null ? `– / ${length}` : `${place + 1} / ${length}`;
}

const PANELS: ReadonlyArray<readonly [PanelName, IconName, string]> = [
  ["queue", "filter", "Queue: filter and order"],
  ["data", "chart", "Look at the data"],
  ["files", "export", "Export and import"],
  ["train", "spark", "Train on what is labelled"],
];

function panelButtons(ui: LabelUi, signal: AbortSignal): ReadonlyArray<HTMLElement> {
  return PANELS.map(([panel, sign, title]) => {
    const words = title.split(/[: ]/)[0] ?? title;
    const text = { queue: words, data: "Data", files: words, train: words }[panel];
    const node = h(
      "button",
      { type: "button", class: "sam2nb-push sam2nb-flat", "data-panel": panel, "aria-label": title, title },
      icon(sign),
      h("span", {}, text),
    );
    node.addEventListener("click", () => (ui.panel.value = ui.panel.peek() === panel ? null : panel), {
      signal,
    });
    const stop = effect(() => node.setAttribute("aria-pressed", String(ui.panel.value === panel)));
    signal.addEventListener("abort", stop);
    return node;
  });
}
