/** The classes to choose from. A click or a key gives one to the chosen objects, and to every new one; an `editor` adds and renames them. */

import { effect } from "@preact/signals-core";
import { classKeys } from "../input/class_keys";
import { cssColor } from "../render/masks";
import { chosenObjects } from "../state/document";
import type { Sheet } from "../state/sheet";
import type { Ui } from "../state/ui";
import type { ClassEditor } from "./class_editor";
import { h, keepFocus, setHidden } from "./dom";

export function createClasses(
  session: Sheet,
  ui: Ui,
  choose: (index: number) => void,
  signal: AbortSignal,
  editor?: ClassEditor,
): HTMLElement {
  const list = h("div", { class: "sam2nb-classes", role: "group", "aria-label": "Class" });
  const node = h(
    "section",
    { class: "sam2nb-section", hidden: true },
    h(
      "div",
      { class: "sam2nb-headed" },
      h("h3", { class: "sam2nb-title" }, "Class"),
      ...(editor === undefined ? [] : [editor.buttons]),
    ),
    list,
    ...(editor === undefined ? [] : [editor.field, editor.words]),
  );
  let shown: unknown = null;
  const stop = effect(() => {
    const { classes, current, selected, objects } = session.document.value;
    setHidden(node, classes.length === 0 && (editor === undefined || !session.isOpen.value));
    if (JSON.stringify(classes) !== shown) {
      shown = JSON.stringify(classes);
      keepFocus(list);
      const keys = classKeys(classes);
      list.replaceChildren(
        ...classes.map(({ name, color }, index) => {
          const key = keys[index];
          const button = h(
            "button",
            {
              ...{ type: "button", class: "sam2nb-button sam2nb-kind", "data-class": name },
              title: key === null ? name : `${name} (${key})`,
            },
            h("span", { class: "sam2nb-dot" }),
            h("b", {}, name),
            h("kbd", {}, key ?? ""),
          );
          button.style.setProperty("--sam2nb-swatch", cssColor(color));
          button.addEventListener("click", () => choose(index));
          return button;
        }),
      );
    }
    const chosen = chosenObjects({ objects, selected }, ui.picked.value);
    const isForNext = chosen.length === 0 || ui.isPicking.value;
    const labels = new Set(isForNext ? [current] : chosen.map(({ label }) => label));
    const [label = ""] = labels;
    editor?.offer(labels.size === 1 ? label : "");
    classes.forEach(({ name }, index) => {
      const button = list.children[index];
      button?.setAttribute("aria-pressed", String(labels.has(name)));
      button?.classList.toggle("sam2nb-current", name === current);
    });
  });
  signal.addEventListener("abort", stop);
  return node;
}
