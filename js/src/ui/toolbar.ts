/** The row of buttons above the picture. One stop of the Tab key; arrow keys move within. */

import { effect } from "@preact/signals-core";
import type { ActionName } from "../input/keymap";
import type { Sheet } from "../state/sheet";
import type { Ui } from "../state/ui";
import { h } from "./dom";
import { type IconName, icon } from "./icons";

interface Entry {
  readonly action: ActionName;
  readonly icon: IconName;
  readonly label: string;
  readonly keys: string;
  readonly isToggle?: boolean;
  readonly text?: string;
}

const GROUPS: ReadonlyArray<ReadonlyArray<Entry>> = [
  [{ action: "new-object", icon: "plus", label: "New object", keys: "N", text: "Object" }],
  [
    { action: "undo", icon: "undo", label: "Undo", keys: "Ctrl+Z" },
    { action: "redo", icon: "redo", label: "Redo", keys: "Ctrl+Shift+Z" },
  ],
  [
    {
      action: "polarity",
      icon: "polarity",
      label: "Clicks mark what is not the object",
      keys: "X",
      isToggle: true,
    },
  ],
  [
    { action: "zoom-out", icon: "zoom-out", label: "Zoom out", keys: "−" },
    { action: "zoom-in", icon: "zoom-in", label: "Zoom in", keys: "+" },
    { action: "fit", icon: "fit", label: "Fit the picture", keys: "F" },
    { action: "one-to-one", icon: "one-to-one", label: "Actual pixels", keys: "Shift+F" },
  ],
  [
    { action: "hide-masks", icon: "eye", label: "Hide masks", keys: "H", isToggle: true },
    { action: "outline", icon: "outline", label: "Outlines, solid, filled", keys: "O" },
    { action: "looks", icon: "looks", label: "View settings", keys: "W", isToggle: true },
  ],
];

const HELP: Entry = { action: "help", icon: "help", label: "Help and shortcuts", keys: "?", isToggle: true };

export function createToolbar(
  session: Sheet,
  ui: Ui,
  isMac: boolean,
  run: (action: { readonly type: ActionName }) => void,
  signal: AbortSignal,
  more: ReadonlyArray<Node> = [],
  tools: HTMLElement | null = null,
): HTMLElement {
  const buttons = new Map<string, HTMLButtonElement>();
  const make = (entry: Entry) => {
    const node = button(entry, isMac);
    buttons.set(entry.action, node);
    node.addEventListener("click", () => run({ type: entry.action }), { signal });
    return node;
  };
  const groups = GROUPS.map((group) => h("div", { class: "sam2nb-group" }, ...group.map(make)));
  const bar = h(
    "div",
    { class: "sam2nb-toolbar", role: "toolbar", "aria-label": "Segmentation tools" },
    ...groups.slice(0, 2),
    ...(tools === null ? groups.slice(2, 3) : [tools]),
    ...groups.slice(3),
    h("div", { class: "sam2nb-space" }),
    ...more,
    make(HELP),
  );
  rove([...buttons.values()], bar, signal);

  const toggled = {
    "hide-masks": ui.masksHidden,
    looks: ui.isLooksOpen,
    polarity: ui.isNegative,
    help: ui.isHelpOpen,
  };
  const stop = effect(() => {
    const { can_undo, can_redo } = session.document.value;
    const isOff = session.connection.value === "lost" || session.info.value === null;
    setDisabled(buttons.get("undo"), isOff || !can_undo);
    setDisabled(buttons.get("redo"), isOff || !can_redo);
    setDisabled(buttons.get("new-object"), isOff);
    for (const [action, state] of Object.entries(toggled))
      buttons.get(action)?.setAttribute("aria-pressed", String(state.value));
  });
  signal.addEventListener("abort", stop);
  return bar;
}

function button(entry: Entry, isMac: boolean): HTMLButtonElement {
  const keys = isMac ? entry.keys.replace("Ctrl+Shift+", "⇧⌘").replace("Ctrl+", "⌘") : entry.keys;
  return h(
    "button",
    {
      type: "button",
      class: "sam2nb-button",
      "data-action": entry.action,
      "aria-label": entry.label,
      title: `${entry.label} (${keys})`,
      "aria-pressed": entry.isToggle === true ? "false" : false,
    },
    icon(entry.icon),
    ...(entry.text === undefined ? [] : [h("span", {}, entry.text)]),
  );
}

// `disabled` would drop the focus, and the key after it would go to the notebook.
export function setDisabled(node: HTMLButtonElement | undefined, isDisabled: boolean): void {
  node?.setAttribute("aria-disabled", String(isDisabled));
}

/** One of the buttons can be tabbed to, the arrow keys move on to the others. */
export function rove(buttons: ReadonlyArray<HTMLButtonElement>, bar: HTMLElement, signal: AbortSignal): void {
  const choose = (chosen: HTMLButtonElement | undefined) => {
    for (const node of buttons) node.tabIndex = node === chosen ? 0 : -1;
  };
  choose(buttons[0]);
  const keydown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!(event.target instanceof HTMLButtonElement) || !buttons.includes(event.target) || by === 0) return;
    const shown = buttons.filter((node) => !node.hidden);
    const next = shown.at((shown.indexOf(event.target) + by) % shown.length);
    choose(next);
    next?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  bar.addEventListener("keydown", keydown, { signal });
  bar.addEventListener(
    "focusin",
    (event) => choose(buttons.find((node) => node === event.target) ?? buttons[0]),
    { signal },
  );
}
