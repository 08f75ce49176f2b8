/** One row of the list of objects: what it is, what it looks like, and what can be done with it. */

import {
  type Edit,
  type LabelClass,
  MAX_NAME,
  type ObjectView,
  PALETTE,
  type SetAttribute,
} from "../protocol/messages.gen";
import { cssColor } from "../render/masks";
import { findObject } from "../state/document";
import type { Ink } from "../state/inks";
import type { Sheet } from "../state/sheet";
import { h, setText } from "./dom";
import { type IconName, icon } from "./icons";

/** What a list shows of an object beyond what every list does. */
export interface RowParts {
  readonly below: ReadonlyArray<HTMLElement>;
  readonly update: (object: ObjectView) => void;
}

export type Note = (name: string, value: SetAttribute["value"]) => void;

/** How an object stands among the others. */
export interface Standing {
  readonly ink: Ink;
  readonly score: number | undefined;
  readonly isSelected: boolean;
  readonly isPicked: boolean;
}

/** What is noted about an object, and fields to change that. */
export interface Notes {
  readonly node: HTMLElement;
  readonly update: (object: ObjectView, classes: ReadonlyArray<LabelClass>) => void;
}

export interface RowHands {
  /** Choose the row as a click with these keys held does. */
  readonly choose: (id: number, event: MouseEvent) => void;
  /** Deeds of the list's owner, each with a sign and words. */
  readonly deeds: ReadonlyArray<{
    readonly icon: IconName;
    readonly label: string;
    readonly run: (id: number) => void;
  }>;
  readonly notes: ((note: Note) => Notes) | undefined;
  readonly paintThumbnail: ((object: ObjectView, canvas: HTMLCanvasElement, ink: Ink) => void) | undefined;
}

export class Row {
  readonly node: HTMLLIElement;
  readonly #session: Sheet;
  readonly #parts: RowParts | undefined;
  readonly #hands: RowHands;
  readonly #thumbnail = h("canvas", { class: "sam2nb-mini", "aria-hidden": "true" });
  readonly #swatch = tool("Colour");
  readonly #name = h("button", { type: "button", class: "sam2nb-name" });
  readonly #what = h("span", { class: "sam2nb-score" });
  readonly #eye = tool("Hide");
  readonly #lock = tool("Lock");
  readonly #guard = tool("Unlock", icon("lock"));
  readonly #trash = tool("Remove", icon("trash"));
  readonly #more = tool("More", icon("more"));
  readonly #palette = h("div", {
    ...{ class: "sam2nb-palette", role: "group", "aria-label": "Colours", hidden: true },
  });
  readonly #notes: Notes | undefined;
  readonly #details: HTMLElement;
  #object: ObjectView;

  constructor(object: ObjectView, session: Sheet, hands: RowHands, parts: RowParts | undefined) {
    this.#object = object;
    this.#session = session;
    this.#hands = hands;
    this.#parts = parts;
    this.#swatch.classList.add("sam2nb-swatch");
    const pencil = tool("Rename (F2)", icon("pencil"));
    for (const quiet of [this.#trash, this.#more]) quiet.classList.add("sam2nb-quiet");
    const isDrawn = hands.paintThumbnail !== undefined;
    const line = h(
      "div",
      { class: "sam2nb-row" },
      isDrawn ? this.#thumbnail : h("span", { class: "sam2nb-dot" }),
      h("div", { class: "sam2nb-told" }, this.#name, this.#what),
      ...[this.#eye, this.#guard, this.#trash, this.#more],
    );
    const deeds = hands.deeds.map(({ icon: sign, label, run }) => {
      const button = tool(label, icon(sign));
      button.addEventListener("click", () => run(this.#object.id));
      return button;
    });
    this.#notes = hands.notes?.((name, value) =>
      this.#edit({ kind: "set_attribute", object: this.#object.id, name, value }),
    );
    this.#details = h(
      "div",
      { class: "sam2nb-details", hidden: true },
      h("div", { class: "sam2nb-deeds" }, pencil, this.#swatch, this.#lock, ...deeds),
      this.#palette,
      ...(this.#notes === undefined ? [] : [this.#notes.node]),
    );
    this.node = h(
      "li",
      { class: "sam2nb-object", "data-object": object.id },
      line,
      ...(parts?.below ?? []),
      this.#details,
    );
    this.#listen(pencil);
  }

  #listen(pencil: HTMLElement): void {
    this.node.addEventListener("click", (event) => {
      const isTool =
        event.target instanceof Element &&
        event.target.closest(".sam2nb-tool, .sam2nb-details, input, select") !== null;
      if (!isTool) this.#hands.choose(this.#object.id, event);
    });
    const lock = () =>
      this.#edit({ kind: "lock_object", object: this.#object.id, locked: !this.#object.locked });
    this.#name.addEventListener("dblclick", () => this.rename());
    pencil.addEventListener("click", () => this.rename());
    this.#lock.addEventListener("click", lock);
    this.#guard.addEventListener("click", () => {
      this.#name.focus({ preventScroll: true }); // the button goes
      lock();
    });
    this.#trash.addEventListener("click", () =>
      this.#edit({ kind: "remove_object", object: this.#object.id }),
    );
    this.#eye.addEventListener("click", () =>
      this.#edit({ kind: "show_object", object: this.#object.id, visible: !this.#object.visible }),
    );
    this.#swatch.addEventListener("click", () => this.#togglePalette());
    this.#more.addEventListener("click", () => {
      this.#details.hidden = !this.#details.hidden;
      this.#more.setAttribute("aria-expanded", String(!this.#details.hidden));
      if (!this.#details.hidden) this.node.scrollIntoView({ block: "nearest" });
    });
    this.#more.setAttribute("aria-expanded", "false");
  }

  update(object: ObjectView, { ink, score, isSelected, isPicked }: Standing): void {
    this.#object = object;
    this.#parts?.update(object);
    this.node.classList.toggle("sam2nb-selected", isSelected);
    this.node.classList.toggle("sam2nb-picked", isPicked);
    this.node.classList.toggle("sam2nb-hidden", !object.visible);
    this.#name.setAttribute("aria-current", String(isSelected));
    this.#name.setAttribute("aria-pressed", String(isSelected || isPicked));
    this.node.style.setProperty("--sam2nb-swatch", cssColor(ink));
    this.#swatch.style.setProperty("--sam2nb-swatch", cssColor(object.color));
    const shown = nameOf(object);
    setText(this.#name, shown);
    this.#name.title = shown;
    const fit = score === undefined ? "" : score.toFixed(2);
    setText(this.#what, [object.label, fit].filter((word) => word !== "").join(" · "));
    this.#what.title = fit === "" ? "" : "How well the model thinks its mask fits (predicted IoU)";
    toggle(this.#eye, object.visible ? "eye" : "eye-off", object.visible ? "Hide" : "Show");
    toggle(this.#lock, object.locked ? "lock" : "unlock", object.locked ? "Unlock" : "Lock: keep as it is");
    this.#eye.setAttribute("aria-pressed", String(!object.visible));
    this.#lock.setAttribute("aria-pressed", String(object.locked));
    this.#guard.hidden = !object.locked;
    this.#trash.hidden = object.locked;
    this.#hands.paintThumbnail?.(object, this.#thumbnail, ink);
    this.#notes?.update(object, this.#session.document.peek().classes);
  }

  #edit(edit: Edit): void {
    this.#session.edit([edit]);
  }

  #togglePalette(): void {
    this.#palette.hidden = !this.#palette.hidden;
    if (this.#palette.hidden) return this.#palette.replaceChildren();
    const swatches = PALETTE.map(({ name }, color) => {
      const swatch = tool(name);
      swatch.classList.add("sam2nb-swatch");
      swatch.style.setProperty("--sam2nb-swatch", cssColor(color));
      swatch.addEventListener("click", () => {
        this.#togglePalette();
        this.#swatch.focus();
        this.#edit({ kind: "recolor_object", object: this.#object.id, color });
      });
      return swatch;
    });
    this.#palette.replaceChildren(...swatches);
  }

  /** A text field in the name's place: Enter and leaving keep what it says, Escape does not. */
  rename(): void {
    const field = h("input", { class: "sam2nb-field", "aria-label": "Name", maxlength: MAX_NAME });
    field.value = this.#object.name;
    this.#name.replaceWith(field);
    field.focus();
    field.select();
    let isOver = false;
    const finish = (isKept: boolean, hasKeys: boolean) => {
      if (isOver) return;
      isOver = true;
      const name = field.value.trim();
      field.replaceWith(this.#name);
      if (hasKeys) this.#name.focus();
      // the object itself may be what has gone
      const isThere = findObject(this.#session.document.peek(), this.#object.id) !== undefined;
      if (isKept && isThere && name !== "" && name !== this.#object.name)
        this.#edit({ kind: "rename_object", object: this.#object.id, name });
    };
    // what has taken the keyboard keeps it
    field.addEventListener("blur", ({ relatedTarget }) => finish(true, relatedTarget === null));
    field.addEventListener("keydown", (event) => {
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      event.stopPropagation();
      finish(event.key === "Enter", true);
    });
  }
}

export function nameOf({ id, name }: Pick<ObjectView, "id" | "name">): string {
  return name === "" ? `object ${id}` : name;
}

/** The sign and the words of a button that does one of two things. */
function toggle(button: HTMLButtonElement, sign: IconName, label: string): void {
  if (button.title === label && button.firstChild !== null) return;
  button.replaceChildren(icon(sign));
  button.title = label;
  button.setAttribute("aria-label", label);
}

export function tool(label: string, ...children: ReadonlyArray<Node>): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: "sam2nb-tool", "aria-label": label, title: label },
    ...children,
  );
}
