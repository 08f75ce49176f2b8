/** What adding and renaming a class comes to: edits that are one step of the history. */

import { type DocumentView, type Edit, type LabelClass, PALETTE } from "../protocol/messages.gen";

type Known = Pick<DocumentView, "classes" | "objects" | "current">;

/** A new class, in a colour that no other has while there are some left, for the chosen objects and for new ones. */
export function addClass({ classes }: Known, name: string, chosen: ReadonlyArray<number>): Edit[] {
  const made: LabelClass = { name, color: freeColor(classes), hotkey: null, attributes: [] };
  return [
    { kind: "set_classes", classes: [...classes, made] },
    { kind: "choose_class", label: name },
    ...chosen.map((object): Edit => ({ kind: "classify_object", object, label: name })),
  ];
}

/** Another name for a class, for its objects, too. */
export function renameClass({ classes, objects, current }: Known, old: string, name: string): Edit[] {
  const renamed = classes.map((one) => (one.name === old ? { ...one, name } : one));
  const made = renamed.filter((one) => one.name === name).map((one) => ({ ...one, hotkey: null }));
  return [
    { kind: "set_classes", classes: [...classes, ...made] }, // both, until no object is of the old one
    ...objects
      .filter(({ label }) => label === old)
      .map(({ id }): Edit => ({ kind: "classify_object", object: id, label: name })),
    ...(current === "" ? [] : [{ kind: "choose_class", label: current === old ? name : current } as const]),
    { kind: "set_classes", classes: renamed },
  ];
}

/** Why a class cannot have this name, `old` one or a new one; empty if it can. */
export function refusal({ classes }: Pick<Known, "classes">, old: string | null, name: string): string {
  const has = (wanted: string) => classes.some((one) => one.name === wanted);
  if (name === old || !has(name)) return "";
  return `there is already a class "${name}"`;
}

function freeColor(classes: ReadonlyArray<LabelClass>): string {
  const colors = PALETTE.map(
    ({ rgb }) => `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`,
  );
  const taken = new Set(classes.map(({ color }) => color));
  return colors.find((color) => !taken.has(color)) ?? colors[classes.length % colors.length] ?? "#808080";
}
