/** Two buttons beside the classes, and the field in which a class is named. */

import { MAX_NAME } from "../protocol/messages.gen";
import { addClass, renameClass } from "../state/class_edits";
import { chosenObjects } from "../state/document";
import type { Sheet } from "../state/sheet";
import type { Ui } from "../state/ui";
import { h, setHidden } from "./dom";
import { icon } from "./icons";
import { tool } from "./object_row";

export interface ClassEditor {
  readonly buttons: HTMLElement;
  readonly field: HTMLInputElement;
  /** There is this class to rename, or none. */
  readonly offer: (label: string) => void;
}

export function createClassEditor(sheet: Sheet, ui: Ui): ClassEditor {
  const add = tool("Add a class", icon("plus"));
  const pencil = tool("Rename the class", icon("pencil"));
  const field = h("input", {
    ...{ class: "sam2nb-field", "aria-label": "Class name", placeholder: "class name" },
    ...{ maxlength: MAX_NAME, autocomplete: "off", hidden: true },
  });
  let offered = "";
  let old: string | null = null;
  const open = (label: string | null) => {
    old = label;
    field.value = label ?? "";
    field.hidden = false;
    field.focus();
    field.select();
  };
  const finish = (isKept: boolean) => {
    if (field.hidden) return;
    const name = field.value.trim();
    setHidden(field, true);
    if (!isKept || name === "" || name === old) return;
    const { document } = sheet;
    const chosen = chosenObjects(document.value, ui.picked.value).map(({ id }) => id);
    sheet.edit(
      old === null ? addClass(document.value, name, chosen) : renameClass(document.value, old, name),
    );
  };
  add.addEventListener("click", () => open(null));
  pencil.addEventListener("click", () => open(offered));
  field.addEventListener("blur", () => finish(true));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    finish(event.key === "Enter");
  });
  const offer = (label: string) => {
    offered = label;
    setHidden(pencil, label === "");
  };
  return { buttons: h("div", { class: "sam2nb-together" }, pencil, add), field, offer };
}
