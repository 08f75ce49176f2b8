/** The tools in the toolbar, and what can be set of the one in hand. */

import { effect } from "@preact/signals-core";
import type { Action, ActionName } from "../input/keymap";
import { BRUSH_SIZES } from "../state/actions";
import { selectedObject } from "../state/document";
import type { Sheet } from "../state/sheet";
import type { Ui } from "../state/ui";
import type { Runner, ToolId } from "../tools/runner";
import { h, setHidden } from "./dom";
import { type IconName, icon } from "./icons";
import { rove } from "./toolbar";

interface Entry<A> {
  readonly action: A;
  readonly icon: IconName;
  readonly label: string;
  readonly keys: string;
}

const TOOLS: ReadonlyArray<Entry<ToolId>> = [
  { action: "prompt", icon: "pointer", label: "Points and boxes", keys: "V" },
  { action: "scribble", icon: "scribble", label: "Scribble: hints for the model", keys: "S" },
  { action: "brush", icon: "brush", label: "Paint the mask", keys: "P" },
  { action: "eraser", icon: "eraser", label: "Erase the mask", keys: "E" },
  { action: "lasso", icon: "lasso", label: "Go around an area", keys: "D" },
];

/** For points only; the other tools have a size or a choice there. */
const TOGGLES: ReadonlyArray<Entry<ActionName>> = [
  { action: "polarity", icon: "polarity", label: "Clicks mark what is not the object", keys: "X" },
  { action: "auto", icon: "auto", label: "Clicks on the mask take away, others add", keys: "A" },
  { action: "foresee", icon: "foresee", label: "Show what a click would find", keys: "G" },
];

/** One group of tools, one of options; both are one stop of the Tab key. */
export function createTools(
  session: Sheet,
  ui: Ui,
  runner: Runner,
  run: (action: Action) => void,
  signal: AbortSignal,
): HTMLElement {
  const tools = TOOLS.map((entry) => button(entry, "tool"));
  const toggles = TOGGLES.map((entry) => button(entry, "action"));
  const size = h("input", {
    type: "range",
    class: "sam2nb-slider",
    "data-action": "brush",
    "aria-label": "Brush size",
    title: "Brush size (comma and point)",
    min: BRUSH_SIZES[0],
    max: BRUSH_SIZES[1],
  });
  const keep = h("button", {
    type: "button",
    class: "sam2nb-button sam2nb-choice-button",
    "data-action": "refine",
    title: "Keep what you draw, or let the model refine it (R)",
  });
  const options = h("div", { class: "sam2nb-group sam2nb-options" }, ...toggles, size, keep);
  const row = h(
    "div",
    { class: "sam2nb-tools" },
    h("div", { class: "sam2nb-group", role: "group", "aria-label": "Tools" }, ...tools),
    options,
  );
  tools.forEach((node, i) => {
    const tool = TOOLS[i]?.action ?? "prompt";
    node.addEventListener("click", () => run({ type: "tool", tool }), { signal });
  });
  toggles.forEach((node, i) => {
    const type = TOGGLES[i]?.action ?? "polarity";
    node.addEventListener("click", () => run({ type }), { signal });
  });
  size.addEventListener("input", () => (ui.brush.value = size.valueAsNumber), { signal });
  keep.addEventListener("click", () => run({ type: "refine" }), { signal });
  rove([...tools, ...toggles, keep], row, signal);

  const states = [ui.isNegative, ui.isAuto, ui.isForeseeing];
  const stop = effect(() => {
    const tool = runner.tool.value;
    const isPicking = ui.isPicking.value;
    setHidden(options, isPicking);
    tools.forEach((node, i) => {
      node.setAttribute("aria-pressed", String(TOOLS[i]?.action === tool && !isPicking));
    });
    toggles.forEach((node, i) => {
      node.hidden = tool !== "prompt" && (tool !== "scribble" || i > 0);
      node.setAttribute("aria-pressed", String(states[i]?.value ?? false));
    });
    size.hidden = tool === "prompt" || tool === "lasso";
    size.value = String(ui.brush.value);
    const object = selectedObject(session.document.value);
    const keeps = object !== undefined && object.drawn > 0 ? object.kept : ui.keeps.value;
    keep.hidden = tool === "prompt" || tool === "scribble";
    keep.textContent = keeps ? "Keep" : "Refine";
    keep.setAttribute("aria-label", keeps ? "What you draw is kept" : "The model refines what you draw");
  });
  signal.addEventListener("abort", stop);
  return row;
}

function button(
  { action, icon: name, label, keys }: Entry<string>,
  kind: "tool" | "action",
): HTMLButtonElement {
  return h(
    "button",
    {
      type: "button",
      class: "sam2nb-button",
      [kind === "tool" ? "data-tool" : "data-action"]: action,
      "aria-label": label,
      title: `${label} (${keys})`,
      "aria-pressed": "false",
    },
    icon(name),
  );
}
