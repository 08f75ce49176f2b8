/** Two buttons beside the classes, and the field in which a class is named. */

import { MAX_NAME } from "../protocol/messages.gen";
import { addClass, refusal, renameClass } from "../state/class_edits";
import { chosenObjects } from "../state/document";
import type { Sheet } from "../state/sheet";
import type { Ui } from "../state/ui";
import { h, setHidden, setText } from "./dom";
import { icon } from "./icons";
import { tool } from "./object_row";

export interface ClassEditor {
  readonly buttons: HTMLElement;
  readonly field: HTMLInputElement;
  /** Why a name cannot be had. */
  readonly words: HTMLElement;
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
  const words = h("p", { class: "sam2nb-hint", role: "status", hidden: true });
  const complain = (text: string) => {
    words.hidden = text === "";
    setText(words, text);
    field.setAttribute("aria-invalid", String(text !== ""));
  };
  let isTyping = false;
  let offered = "";
  let old: string | null = null;
  const open = (label: string | null) => {
    old = label;
    complain("");
    field.value = label ?? "";
    field.hidden = false;
    isTyping = true;
    field.focus();
    field.select();
  };
  const finish = (isKept: boolean) => {
    if (!isTyping) return;
    const name = field.value.trim();
    const { document } = sheet;
    const problem = isKept ? refusal(document.value, old, name) : "";
    complain(problem);
    if (problem !== "") return; // what was typed stays, to be typed over
    isTyping = false; // before the keyboard leaves the field, which ends it, too
    setHidden(field, true);
    if (!isKept || name === "" || name === old) return;
    const chosen = chosenObjects(document.value, ui.picked.value).map(({ id }) => id);
    sheet.edit(
      old === null ? addClass(document.value, name, chosen) : renameClass(document.value, old, name),
    );
  };
  add.addEventListener("click", () => open(null));
  pencil.addEventListener("click", () => open(offered));
  field.addEventListener("input", () => complain(""));
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
  return { buttons: h("div", { class: "sam2nb-together" }, pencil, add), field, words, offer };
}
