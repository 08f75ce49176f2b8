/** The list of objects: which are chosen, what they look like, and what can be done with each and with several. */

import { effect } from "@preact/signals-core";
import type { Edit, ObjectView } from "../protocol/messages.gen";
import { chosenObjects } from "../state/document";
import { type Ink, inkOf } from "../state/inks";
import type { Sheet } from "../state/sheet";
import type { Ui } from "../state/ui";
import { h, keepFocus, setHidden, setText } from "./dom";
import type { IconName } from "./icons";
import { icon } from "./icons";
import { nameOf, Row, type RowHands, type RowParts } from "./object_row";

export interface ListParts {
  /** The model's own judgement of its mask, 0 to 1. */
  readonly score: (object: ObjectView) => number | undefined;
  readonly partsOf?: (id: number) => RowParts;
  readonly paintThumbnail?: (object: ObjectView, canvas: HTMLCanvasElement, ink: Ink) => void;
  readonly notes?: NonNullable<RowHands["notes"]>;
  readonly deeds?: RowHands["deeds"];
  /** What can be done with several objects together. */
  readonly together?: ReadonlyArray<{
    readonly icon: IconName;
    readonly label: string;
    readonly editsOf: (chosen: ReadonlyArray<ObjectView>, selected: number | null) => ReadonlyArray<Edit>;
  }>;
}

export function createObjectList(session: Sheet, ui: Ui, parts: ListParts, signal: AbortSignal): HTMLElement {
  const list = h("ul", { class: "sam2nb-objects", "aria-label": "Objects" });
  const empty = h("p", { class: "sam2nb-hint" });
  const said = h("span", { class: "sam2nb-unseen", role: "status" });
  const choose = (id: number, event: MouseEvent) => chooseObject(session, ui, id, event);
  const { deeds = [], notes, paintThumbnail } = parts;
  const hands = { choose, deeds, notes, paintThumbnail };
  const rows = new Map<number, Row>();
  const stop = effect(() => {
    const now = session.document.value;
    const { objects, selected } = now;
    const held = list.contains(document.activeElement) ? document.activeElement : null;
    const picked = ui.picked.value;
    for (const [id, row] of rows) {
      if (objects.some((object) => object.id === id)) continue;
      keepFocus(row.node);
      row.node.remove();
      rows.delete(id);
    }
    objects.forEach((object, index) => {
      const row = rows.get(object.id) ?? new Row(object, session, hands, parts.partsOf?.(object.id));
      rows.set(object.id, row);
      row.update(object, {
        ink: inkOf(object, now, ui.byClass.value),
        score: parts.score(object),
        isSelected: object.id === selected,
        isPicked: picked.has(object.id),
      });
      if (list.children[index] !== row.node) list.insertBefore(row.node, list.children[index] ?? null);
    });
    // A row that moves loses the keyboard, and the next key would go to the notebook.
    if (held instanceof HTMLElement && held.isConnected && held !== document.activeElement)
      held.focus({ preventScroll: true });
    empty.hidden = objects.length > 0;
    setText(empty, ui.isPicking.value ? "What you pick and keep comes here." : FIRST);
    setText(said, sentence(objects, selected));
  });
  const stopRename = effect(() => {
    const id = ui.renaming.value;
    if (id === null) return;
    ui.renaming.value = null;
    rows.get(id)?.rename();
  });
  signal.addEventListener("abort", () => {
    stop();
    stopRename();
  });
  return h(
    "section",
    { class: "sam2nb-section" },
    h("h3", { class: "sam2nb-title" }, "Objects"),
    ...(parts.together === undefined ? [] : [createTogether(session, ui, parts.together, signal)]),
    list,
    empty,
    said,
  );
}

const FIRST = "Click something in the picture: that makes the first object.";

/** What a screen reader hears when another object is selected, or it has become something else. */
function sentence(objects: ReadonlyArray<ObjectView>, selected: number | null): string {
  const index = objects.findIndex(({ id }) => id === selected);
  const object = objects[index];
  if (object === undefined) return "";
  const facts = [object.label, object.locked ? "locked" : "", object.visible ? "" : "hidden"];
  const place = `${index + 1} of ${objects.length}`;
  return [nameOf(object), ...facts.filter((fact) => fact !== ""), place].join(", ");
}

/** A click selects; with Ctrl it picks one more or one less, with Shift all from the selected one to here. */
function chooseObject(session: Sheet, ui: Ui, id: number, event: MouseEvent): void {
  const { objects, selected } = session.document.peek();
  const select = (object: number) => session.edit([{ kind: "select_object", object }]);
  if (event.shiftKey) {
    const [a, b] = [selected, id].map((one) => objects.findIndex((object) => object.id === one));
    if (a === undefined || b === undefined || a < 0 || b < 0) return;
    ui.picked.value = new Set(objects.slice(Math.min(a, b), Math.max(a, b) + 1).map((object) => object.id));
  } else if (event.ctrlKey || event.metaKey) {
    const picked = new Set(ui.picked.peek());
    if (id === selected) return;
    if (!picked.delete(id)) picked.add(id);
    ui.picked.value = picked;
  } else {
    ui.picked.value = new Set();
    select(id);
  }
}

/** The bar of deeds for several objects, as long as several are chosen. */
function createTogether(
  session: Sheet,
  ui: Ui,
  deeds: NonNullable<ListParts["together"]>,
  signal: AbortSignal,
): HTMLElement {
  const count = h("span", {});
  const chosen = () => chosenObjects(session.document.value, ui.picked.value);
  const buttons = deeds.map(({ icon: sign, label, editsOf }) => {
    const button = h(
      "button",
      { type: "button", class: "sam2nb-tool", "aria-label": label, title: label },
      icon(sign),
    );
    button.addEventListener("click", () => session.edit(editsOf(chosen(), session.document.peek().selected)));
    return button;
  });
  const node = h(
    "div",
    { class: "sam2nb-together", role: "group", "aria-label": "Chosen objects" },
    count,
    ...buttons,
  );
  const stop = effect(() => {
    const several = chosen().length;
    setHidden(node, several < 2);
    setText(count, `${several} chosen`);
  });
  signal.addEventListener("abort", stop);
  return node;
}
