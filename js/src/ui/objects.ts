/** The list of objects: which one is selected, their colours, names and scores, and what can be done with each. */

import { effect } from "@preact/signals-core";
import { MAX_NAME, type ObjectView, PALETTE } from "../protocol/messages.gen";
import { cssColor } from "../render/masks";
import type { Sheet } from "../state/sheet";
import { h, setText } from "./dom";
import { icon } from "./icons";

/** What a list shows of an object beyond what every list does. */
export interface RowParts {
  /** In the row, before the button that removes. */
  readonly tools: ReadonlyArray<HTMLElement>;
  readonly below: ReadonlyArray<HTMLElement>;
  readonly update: (object: ObjectView) => void;
}

export interface ListParts {
  /** The model's own judgement of its mask, 0 to 1. */
  readonly score: (object: ObjectView) => number | undefined;
  readonly partsOf?: (id: number) => RowParts;
}

export function createObjectList(session: Sheet, parts: ListParts, signal: AbortSignal): HTMLElement {
  const list = h("ul", { class: "sam2nb-objects", "aria-label": "Objects" });
  const empty = h(
    "p",
    { class: "sam2nb-hint" },
    "Click something in the picture: that makes the first object.",
  );
  const rows = new Map<number, Row>();
  const stop = effect(() => {
    const { objects, selected } = session.document.value;
    for (const [id, row] of rows) {
      if (objects.some((object) => object.id === id)) continue;
      row.node.remove();
      rows.delete(id);
    }
    objects.forEach((object, index) => {
      const row = rows.get(object.id) ?? new Row(object, session, parts.partsOf?.(object.id));
      rows.set(object.id, row);
      row.update(object, parts.score(object), object.id === selected);
      if (list.children[index] !== row.node) list.insertBefore(row.node, list.children[index] ?? null);
    });
    empty.hidden = objects.length > 0;
  });
  signal.addEventListener("abort", stop);
  return h(
    "section",
    { class: "sam2nb-section" },
    h("h3", { class: "sam2nb-title" }, "Objects"),
    list,
    empty,
  );
}

class Row {
  readonly node: HTMLLIElement;
  readonly #session: Sheet;
  readonly #parts: RowParts | undefined;
  readonly #swatch = tool("Colour");
  readonly #name = h("button", { type: "button", class: "sam2nb-name" });
  readonly #score = h("span", { class: "sam2nb-score" });
  readonly #eye = tool("Show or hide");
  readonly #palette = h("div", {
    class: "sam2nb-palette",
    role: "group",
    "aria-label": "Colours",
    hidden: true,
  });
  #object: ObjectView;
  #isEyeOpen: boolean | null = null;

  constructor(object: ObjectView, session: Sheet, parts: RowParts | undefined) {
    this.#object = object;
    this.#session = session;
    this.#parts = parts;
    this.#swatch.classList.add("sam2nb-swatch");
    const pencil = tool("Rename", icon("pencil"));
    const trash = tool("Remove", icon("trash"));
    pencil.classList.add("sam2nb-quiet");
    trash.classList.add("sam2nb-quiet");
    const line = h(
      "div",
      { class: "sam2nb-row" },
      this.#swatch,
      this.#name,
      this.#score,
      pencil,
      this.#eye,
      ...(parts?.tools ?? []),
      trash,
    );
    this.node = h(
      "li",
      { class: "sam2nb-object", "data-object": object.id },
      line,
      ...(parts?.below ?? []),
      this.#palette,
    );
    this.node.addEventListener("click", (event) => {
      const isTool =
        event.target instanceof Element && event.target.closest(".sam2nb-tool, input, select") !== null;
      if (!isTool) this.#edit({ kind: "select_object", object: this.#object.id });
    });
    this.#name.addEventListener("dblclick", () => this.#rename());
    pencil.addEventListener("click", () => this.#rename());
    trash.addEventListener("click", () => {
      this.node.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
      this.#edit({ kind: "remove_object", object: this.#object.id });
    });
    this.#eye.addEventListener("click", () =>
      this.#edit({ kind: "show_object", object: this.#object.id, visible: !this.#object.visible }),
    );
    this.#swatch.addEventListener("click", () => this.#togglePalette());
  }

  update(object: ObjectView, score: number | undefined, isSelected: boolean): void {
    this.#object = object;
    this.#parts?.update(object);
    this.node.classList.toggle("sam2nb-selected", isSelected);
    this.node.classList.toggle("sam2nb-hidden", !object.visible);
    this.#name.setAttribute("aria-current", String(isSelected));
    this.#swatch.style.setProperty("--sam2nb-swatch", cssColor(object.color));
    const shown = object.name === "" ? `object ${object.id}` : object.name;
    setText(this.#name, shown);
    this.#name.title = shown;
    setText(this.#score, score === undefined ? "" : score.toFixed(2));
    this.#score.title = score === undefined ? "" : "How well the model thinks its mask fits (predicted IoU)";
    if (object.visible === this.#isEyeOpen) return;
    this.#isEyeOpen = object.visible;
    this.#eye.replaceChildren(icon(object.visible ? "eye" : "eye-off"));
    this.#eye.setAttribute("aria-pressed", String(!object.visible));
  }

  #edit(edit: Parameters<Sheet["edit"]>[0][number]): void {
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
  #rename(): void {
    const field = h("input", { class: "sam2nb-field", "aria-label": "Name", maxlength: MAX_NAME });
    field.value = this.#object.name;
    this.#name.replaceWith(field);
    field.focus();
    field.select();
    let isOver = false;
    const finish = (isKept: boolean) => {
      if (isOver) return;
      isOver = true;
      const name = field.value.trim();
      field.replaceWith(this.#name);
      this.#name.focus();
      if (isKept && name !== "" && name !== this.#object.name)
        this.#edit({ kind: "rename_object", object: this.#object.id, name });
    };
    field.addEventListener("blur", () => finish(true));
    field.addEventListener("keydown", (event) => {
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      event.stopPropagation();
      finish(event.key === "Enter");
    });
  }
}

export function tool(label: string, ...children: ReadonlyArray<Node>): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: "sam2nb-tool", "aria-label": label, title: label },
    ...children,
  );
}
