/** Keys of a focused widget: ours are handled, and none reaches the notebook. Tab goes its way. */

import type { Press } from "./keymap";

export interface KeySink<A extends { readonly type: string }> {
  /** What a key means; null when it is not ours. */
  readonly actionOf: (press: Press) => A | PlaceAction | HideAction | null;
  readonly run: (action: A | PlaceAction | HideAction) => void;
  /** Space is held for panning: told apart from a press by what happens until it is let go. */
  readonly space: (isHeld: boolean) => boolean;
  /** The key that gathers clicks is let go. */
  readonly endBatch: () => void;
}

type PlaceAction = { readonly type: "place"; readonly isNegative: boolean };
type HideAction = { readonly type: "hide-masks" };

// A key held longer than this acts only while it is held.
const HOLD_MS = 350;
const OF_SLIDERS = new Set([
  "ArrowLeft",
  "ArrowRight",
  "ArrowUp",
  "ArrowDown",
  "Home",
  "End",
  "PageUp",
  "PageDown",
]);
const REPEATED = new Set(["cursor", "zoom-in", "zoom-out", "undo", "redo", "step"]);

/** Listen on the root until `signal` is aborted. */
export function listenKeyboard<A extends { readonly type: string }>(
  root: HTMLElement,
  sink: KeySink<A>,
  isMac: boolean,
  signal: AbortSignal,
): void {
  let hidSince: number | null = null;

  const down = (event: KeyboardEvent) => {
    if (event.key === "Tab") return;
    event.stopPropagation();
    if (event.isComposing || isTyping(event)) return;
    const { key, code, ctrlKey, metaKey, shiftKey, altKey } = event;
    const action = sink.actionOf({ key, code, ctrl: ctrlKey, meta: metaKey, shift: shiftKey, alt: altKey });
    if (action === null || isForControl(event)) return;
    event.preventDefault();
    if (action.type === "place") {
      if (!event.repeat) sink.space(true);
      return;
    }
    if (event.repeat && !REPEATED.has(action.type)) return;
    if (action.type === "hide-masks") hidSince = event.timeStamp;
    sink.run(action);
  };
  const up = (event: KeyboardEvent) => {
    if (event.key === "Tab") return;
    event.stopPropagation();
    if (event.key === (isMac ? "Meta" : "Control")) sink.endBatch();
    if (event.key === " " && !isForControl(event) && sink.space(false))
      sink.run({ type: "place", isNegative: event.shiftKey });
    if (event.key.toLowerCase() === "h" && hidSince !== null) {
      if (event.timeStamp - hidSince > HOLD_MS) sink.run({ type: "hide-masks" });
      hidSince = null;
    }
  };
  const blur = (event: FocusEvent) => {
    if (event.relatedTarget instanceof Node && root.contains(event.relatedTarget)) return;
    sink.space(false);
    sink.endBatch();
  };
  const stop = (event: Event) => event.stopPropagation();

  root.addEventListener("keydown", down, { signal });
  root.addEventListener("keyup", up, { signal });
  root.addEventListener("keypress", stop, { signal });
  root.addEventListener("focusout", blur, { signal });
  root.addEventListener("focusin", keepFromHost, { signal });
  root.addEventListener("click", (event) => giveBack(root, event), { signal });
  // The host selects cells and opens its own menu on these.
  root.addEventListener("mousedown", stop, { signal });
  root.addEventListener("dblclick", stop, { signal });
  root.addEventListener(
    "contextmenu",
    (event) => {
      event.stopPropagation();
      if (!isTyping(event)) event.preventDefault();
    },
    { signal },
  );
}

/**
 * Notebook 7 hears keys before we do, and asks the focused element first: a button of ours is `:focus:not(:read-write)`
 * in a notebook, which is all that "d, d" wants. The root's own mark, further up, comes too late.
 */
function keepFromHost({ target }: FocusEvent): void {
  if (target instanceof Element) target.setAttribute("data-lm-suppress-shortcuts", "true");
}

/** A button that the mouse has pressed does not keep the keys: Space would press it again, not the picture. */
function giveBack(root: HTMLElement, { detail, target }: MouseEvent): void {
  const button = target instanceof Element ? target.closest("button") : null;
  if (detail === 0 || button === null || button !== document.activeElement) return;
  if (button.closest('[role="dialog"], [role="alertdialog"], [role="menu"]') === null)
    root.focus({ preventScroll: true });
}

/** Whether a text field or a menu has the key. */
function isTyping(event: Event): boolean {
  if (event.target instanceof HTMLSelectElement) return true;
  return event.target instanceof HTMLInputElement && event.target.type !== "range";
}

/** Whether the focused control itself uses the key. */
function isForControl(event: KeyboardEvent): boolean {
  if (event.target instanceof HTMLButtonElement) return event.key === "Enter" || event.key === " ";
  return event.target instanceof HTMLInputElement && OF_SLIDERS.has(event.key);
}
