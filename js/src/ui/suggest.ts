/** The button that asks for suggestions, and the small menu of who to ask and for which pictures. */

import { effect } from "@preact/signals-core";
import type { LabelUi } from "../state/label_ui";
import type { Labels } from "../state/labels";
import { h, setHidden } from "./dom";
import { icon } from "./icons";

type Source = "everything" | "detector" | "model";

const WORDS: Readonly<Record<Source, string>> = {
  everything: "Segment everything",
  detector: "The detector's boxes",
  model: "Your model's masks",
};

export function createSuggestButton(labels: Labels, ui: LabelUi, signal: AbortSignal): HTMLElement {
  const main = h(
    "button",
    { type: "button", class: "sam2nb-button", "data-action": "suggest", "aria-label": "Suggest masks" },
    icon("spark"),
    h("span", {}, "Suggest"),
  );
  main.title = "Suggest masks for this picture (U)";
  const more = h(
    "button",
    {
      ...{ type: "button", class: "sam2nb-button sam2nb-more", "data-action": "suggest-menu" },
      ...{
        "aria-label": "Whom to ask",
        "aria-haspopup": "menu",
        title: "Whom to ask, and for which pictures",
      },
    },
    icon("down"),
  );
  const menu = h("div", { class: "sam2nb-menu", role: "menu", hidden: true });
  const node = h("div", { class: "sam2nb-group sam2nb-suggest" }, main, more, menu);
  const close = () => {
    if (!ui.isSuggestOpen.peek()) return;
    ui.isSuggestOpen.value = false;
    more.focus({ preventScroll: true });
  };
  const ask = (source: Source, everywhere: boolean) => () => {
    close();
    labels.suggest(source, everywhere);
  };
  main.addEventListener("click", () =>
    labels.suggest(labels.view.peek()?.sources.at(-1) ?? "everything", false),
  );
  more.addEventListener("click", () => (ui.isSuggestOpen.value = !ui.isSuggestOpen.peek()));
  node.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !node.contains(event.relatedTarget))
      ui.isSuggestOpen.value = false;
  });
  node.addEventListener("keydown", (event) => {
    if (ui.isSuggestOpen.peek()) menuKey(event, menu, close);
  });
  let made = "";
  const stop = effect(() => {
    const sources = labels.view.value?.sources ?? [];
    const isRunning = labels.view.value?.jobs.some(
      ({ kind, state }) => kind === "suggest" && state === "running",
    );
    main.setAttribute("aria-busy", String(isRunning === true));
    if (sources.join() !== made) {
      made = sources.join();
      menu.replaceChildren(
        ...sources.flatMap((source) => [
          item(`${WORDS[source]}: this picture`, `suggest-${source}`, ask(source, false)),
          item(`${WORDS[source]}: all new pictures`, `suggest-${source}-all`, ask(source, true)),
        ]),
      );
    }
    setHidden(menu, !ui.isSuggestOpen.value);
    more.setAttribute("aria-expanded", String(ui.isSuggestOpen.value));
    if (ui.isSuggestOpen.value) menu.querySelector("button")?.focus({ preventScroll: true });
  });
  signal.addEventListener("abort", stop);
  return node;
}

function menuKey(event: KeyboardEvent, menu: HTMLElement, close: () => void): void {
  const items = [...menu.querySelectorAll("button")];
  const at = items.findIndex((item) => item.isSameNode(document.activeElement));
  const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (event.key === "Escape") close();
  else if (by !== 0) items.at((at + by) % items.length)?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function item(words: string, action: string, run: () => void): HTMLElement {
  const node = h("button", { type: "button", role: "menuitem", "data-action": action }, words);
  node.addEventListener("click", run);
  return node;
}
