/** The help over the picture: every shortcut there is. */

import { effect } from "@preact/signals-core";
import type { HelpRows } from "../input/keymap";
import type { Ui } from "../state/ui";
import { h } from "./dom";
import { icon } from "./icons";

export function createHelp(ui: Ui, rows: HelpRows, signal: AbortSignal): HTMLElement {
  const close = h(
    "button",
    { type: "button", class: "sam2nb-tool", "aria-label": "Close", title: "Close (Escape)" },
    icon("close"),
  );
  close.addEventListener("click", () => (ui.isHelpOpen.value = false), { signal });
  const groups = rows.map(([title, keyed]) =>
    h(
      "section",
      {},
      h("h3", { class: "sam2nb-title" }, title),
      h(
        "dl",
        { class: "sam2nb-keys" },
        ...keyed.map(([keys, what]) => h("div", {}, h("dt", {}, keys), h("dd", {}, what))),
      ),
    ),
  );
  const panel = h(
    "div",
    { class: "sam2nb-help", role: "dialog", "aria-label": "Help and shortcuts", hidden: true },
    h("div", { class: "sam2nb-help-head" }, h("strong", {}, "Help and shortcuts"), close),
    h(
      "div",
      { class: "sam2nb-help-body", tabindex: 0 },
      h("div", { class: "sam2nb-help-columns" }, ...groups),
    ),
  );
  let wasOpen = false;
  const stop = effect(() => {
    const isOpen = ui.isHelpOpen.value;
    panel.hidden = !isOpen;
    if (isOpen) close.focus({ preventScroll: true });
    else if (wasOpen) panel.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
    wasOpen = isOpen;
  });
  signal.addEventListener("abort", stop);
  return panel;
}
