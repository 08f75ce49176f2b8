/** What is noted about an object: the questions of its class, whatever else was noted, and a field for more. */

import type { Attribute, AttributeView, LabelClass, ObjectView } from "../protocol/messages.gen";
import { h, keepFocus, setText } from "./dom";
import type { Note, Notes } from "./object_row";

type Value = AttributeView["value"];

export class AttributeList implements Notes {
  readonly node = h("div", { class: "sam2nb-notes" });
  readonly #note: Note;
  #shown = "";

  constructor(note: Note) {
    this.#note = note;
  }

  update({ label, attributes }: ObjectView, classes: ReadonlyArray<LabelClass>): void {
    const asked = classes.find(({ name }) => name === label)?.attributes ?? [];
    const shown = JSON.stringify([asked, attributes]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const active = document.activeElement;
    const held = this.node.contains(active) ? active?.getAttribute("aria-label") : null;
    const typed = active instanceof HTMLInputElement ? active.value : "";
    keepFocus(this.node);
    const values = new Map(attributes.map(({ name, value }) => [name, value]));
    const free = attributes.filter(({ name }) => !asked.some((one) => one.name === name));
    this.node.replaceChildren(
      ...asked.map((one) => line(one.name, field(one, values.get(one.name), this.#note))),
      ...free.map(({ name, value }) => line(name, field(questionOf(name, value), value, this.#note))),
      this.#adder(new Set([...asked.map(({ name }) => name), ...values.keys()])),
    );
    for (const control of this.node.querySelectorAll<HTMLElement>("input, select"))
      if (control.getAttribute("aria-label") === held) {
        if (control instanceof HTMLInputElement) control.value = typed; // half a word is not lost
        control.focus({ preventScroll: true });
      }
  }

  /** `name: value`, with the kind read off the value. */
  #adder(taken: ReadonlySet<string>): HTMLElement {
    const input = h("input", {
      ...{ class: "sam2nb-field", type: "text", placeholder: "note: value", "aria-label": "New note" },
      ...{ title: "A name, a colon and a text, a number, yes or no", autocomplete: "off" },
    });
    const amiss = h("p", { class: "sam2nb-hint", role: "status", hidden: true });
    const complain = (words: string) => {
      amiss.hidden = words === "";
      setText(amiss, words);
      input.setAttribute("aria-invalid", String(words !== ""));
    };
    const take = () => {
      const typed = noteFrom(input.value, taken);
      complain(typeof typed === "string" ? typed : "");
      if (typeof typed === "string" || typed === null) return;
      input.value = "";
      this.#note(typed.name, typed.value);
    };
    input.addEventListener("change", take);
    input.addEventListener("input", () => complain(""));
    return h("div", {}, input, amiss);
  }
}

/** What a line of `name: value` notes, besides what is noted already; null for nothing, or what is amiss in words. */
export function noteFrom(
  text: string,
  taken: ReadonlySet<string>,
): { readonly name: string; readonly value: NonNullable<Value> } | string | null {
  if (text.trim() === "") return null;
  const [, name = "", value = ""] = /^\s*([^:]+?)\s*:\s*(.+?)\s*$/.exec(text) ?? [];
  if (name === "" || value === "") return "Write a name, a colon and a value: colour: red";
  return taken.has(name) ? `“${name}” is noted already: change it there.` : { name, value: read(value) };
}

/** A value as it is meant: 3.5 is a number, yes and no are flags, all else is text. */
export function read(text: string): Value {
  if (/^(yes|no|true|false)$/i.test(text)) return /^(yes|true)$/i.test(text);
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : text;
}

function questionOf(name: string, value: Value): Attribute {
  const kind = typeof value === "string" ? "text" : typeof value === "number" ? "number" : "flag";
  return { name, kind, choices: [] };
}

function line(name: string, control: HTMLElement): HTMLElement {
  return h("label", { class: "sam2nb-note" }, h("span", {}, name), control);
}

function field({ name, kind, choices }: Attribute, value: Value | undefined, note: Note): HTMLElement {
  if (kind === "choice" || kind === "flag") {
    const options = kind === "flag" ? ["yes", "no"] : choices;
    const now = typeof value === "boolean" ? (value ? "yes" : "no") : (value ?? "");
    const select = h("select", { class: "sam2nb-field", "aria-label": name });
    for (const option of ["", ...options])
      select.append(h("option", { value: option, selected: option === now }, option === "" ? "–" : option));
    select.addEventListener("change", () => {
      const chosen = select.value;
      note(name, chosen === "" ? null : kind === "flag" ? chosen === "yes" : chosen);
    });
    return select;
  }
  const type = kind === "number" ? "number" : "text";
  const input = h("input", { class: "sam2nb-field", type, step: "any", "aria-label": name });
  let known = value === undefined ? "" : String(value);
  input.value = known;
  const take = () => {
    const text = input.value.trim();
    if (text === known || (kind === "number" && text !== "" && !Number.isFinite(input.valueAsNumber))) return;
    known = text;
    note(name, text === "" ? null : kind === "text" ? text : input.valueAsNumber);
  };
  input.addEventListener("change", take);
  input.addEventListener("blur", take);
  return input;
}
