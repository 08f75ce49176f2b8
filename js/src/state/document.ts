/** The page's twin of `sam2_notebook/values/document.py`: `apply` says what an edit makes of the document. Pure. */

import type { Extent } from "../geometry/viewport";
import {
  type Attribute,
  type AttributeView,
  type DocumentView,
  type Edit,
  type LabelClass,
  MAX_NAME,
  MAX_OBJECTS,
  MAX_POINTS,
  type ObjectView,
  type PointView,
  type VideoEdit,
} from "../protocol/messages.gen";

/** An edit that does not fit the document; nothing has changed. */
export class EditError extends Error {}

export type PromptEdit = Extract<
  Edit,
  { kind: "add_point" | "move_point" | "remove_point" | "set_box" | "clear_prompts" }
>;
type ObjectEdit = Exclude<Edit, { kind: "add_object" | "set_classes" | "choose_class" }>;
type Prompts = Pick<ObjectView, "points" | "box">;

export const EMPTY_DOCUMENT: DocumentView = {
  rev: 0,
  objects: [],
  selected: null,
  classes: [],
  current: "",
  can_undo: false,
  can_redo: false,
};

export function findObject(document: DocumentView, id: number | null): ObjectView | undefined {
  return document.objects.find((object) => object.id === id);
}

export function selectedObject(document: DocumentView): ObjectView | undefined {
  return findObject(document, document.selected);
}

/** The id the next new object takes. */
export function nextId(document: DocumentView): number {
  return document.objects.reduce((highest, object) => Math.max(highest, object.id), 0) + 1;
}

/** Whether the prompts are a single click, which has three candidates. */
export function isAmbiguous(object: Prompts): boolean {
  return object.points.length === 1 && object.box === null;
}

/** Whether an edit changes what the model is asked. */
export function changesPrompts(edit: Edit): edit is PromptEdit {
  return ["add_point", "move_point", "remove_point", "set_box", "clear_prompts"].includes(edit.kind);
}

/** The object an edit is about; null when it is about all. */
export function objectOf(edit: Edit | VideoEdit): number | null {
  return "object" in edit ? edit.object : null;
}

/** Whether edits together are a step of the undo history. */
export function isStep(edits: ReadonlyArray<Edit | VideoEdit>): boolean {
  return edits.some(({ kind }) => kind !== "select_object" && kind !== "choose_class");
}

export function findClass(document: Pick<DocumentView, "classes">, name: string): LabelClass | undefined {
  return document.classes.find((known) => known.name === name);
}

/** The document after all of the edits, or none: EditError. */
export function applyAll(document: DocumentView, edits: ReadonlyArray<Edit>, image: Extent): DocumentView {
  const after = edits.reduce((state, edit) => apply(state, edit, image), document);
  return isStep(edits) ? { ...after, can_undo: true, can_redo: false } : after;
}

/** The document after an edit; EditError if it does not fit. Its revision is the kernel's to count. */
export function apply(document: DocumentView, edit: Edit, image: Extent): DocumentView {
  if (edit.kind === "add_object") return add(document, edit.object);
  if (edit.kind === "set_classes") return withClasses(document, edit.classes);
  if (edit.kind === "choose_class") return { ...document, current: known(document, edit.label) };
  const object = findObject(document, edit.object);
  if (object === undefined) throw new EditError(`there is no object ${edit.object}`);
  if (object.locked && changesMask(edit))
    throw new EditError(`${object.name || `object ${object.id}`} is locked; unlock it first`);
  return applyTo(document, object, edit, image);
}

/** Whether a locked object refuses an edit. */
function changesMask(edit: ObjectEdit): boolean {
  return changesPrompts(edit) || edit.kind === "choose_candidate" || edit.kind === "remove_object";
}

function applyTo(document: DocumentView, object: ObjectView, edit: ObjectEdit, image: Extent): DocumentView {
  switch (edit.kind) {
    case "remove_object":
      return remove(document, edit.object);
    case "select_object":
      return { ...document, selected: edit.object };
    case "rename_object":
      if (codePoints(edit.name) > MAX_NAME) throw new EditError(`a name has at most ${MAX_NAME} characters`);
      return replace(document, { ...object, name: edit.name });
    case "recolor_object":
      if (edit.color < 0) throw new EditError("a colour is an index of at least 0 into the palette");
      return replace(document, { ...object, color: edit.color });
    case "show_object":
      return replace(document, { ...object, visible: edit.visible });
    case "lock_object":
      return replace(document, { ...object, locked: edit.locked });
    case "classify_object": {
      const classified = replace(document, { ...object, label: known(document, edit.label) });
      return document.classes.length === 0 ? classified : { ...classified, current: edit.label };
    }
    case "set_attribute":
      return replace(document, { ...object, attributes: noted(document, object, edit) });
    case "choose_candidate":
      if (edit.candidate !== null && (edit.candidate < 0 || edit.candidate > 2))
        throw new EditError("a click has the candidates 0, 1 and 2");
      return replace(document, { ...object, candidate: edit.candidate });
    default: {
      const prompts = edited(object, edit);
      check(prompts, image);
      return replace(document, { ...object, ...prompts, candidate: null });
    }
  }
}

// Python counts characters, JavaScript counts UTF-16 units.
const codePoints = (text: string): number => [...text].length;

/** A class that the document takes. */
function known(document: DocumentView, label: string): string {
  if (codePoints(label) > MAX_NAME) throw new EditError(`a class has at most ${MAX_NAME} characters`);
  if (label !== "" && document.classes.length > 0 && findClass(document, label) === undefined)
    throw new EditError(`there is no class "${label}"`);
  return label;
}

function withClasses(document: DocumentView, classes: ReadonlyArray<LabelClass>): DocumentView {
  const names = new Set(classes.map(({ name }) => name));
  if (names.size < classes.length) throw new EditError("the classes of a picture differ from one another");
  const orphan = document.objects.find(({ label }) => names.size > 0 && label !== "" && !names.has(label));
  if (orphan !== undefined)
    throw new EditError(`${orphan.name} is of the class "${orphan.label}"; give it another class first`);
  const current = names.has(document.current) ? document.current : (classes[0]?.name ?? "");
  return { ...document, classes, current };
}

function noted(
  document: DocumentView,
  object: ObjectView,
  { name, value }: Extract<Edit, { kind: "set_attribute" }>,
): ReadonlyArray<AttributeView> {
  const others = object.attributes.filter((noted) => noted.name !== name);
  if (value === null) return others;
  const asked = findClass(document, object.label)?.attributes.find((asked) => asked.name === name);
  if (name.trim() !== name || name === "" || codePoints(name) > MAX_NAME)
    throw new EditError(`an attribute has a name of 1 to ${MAX_NAME} characters`);
  if (asked !== undefined && !answers(asked, value))
    throw new EditError(`"${name}" is a ${asked.kind}; ${JSON.stringify(value)} is none of its values`);
  const at = object.attributes.findIndex((noted) => noted.name === name);
  return at < 0 ? [...others, { name, value }] : object.attributes.with(at, { name, value });
}

function answers({ kind, choices }: Attribute, value: string | number | boolean): boolean {
  if (kind === "choice") return typeof value === "string" && choices.includes(value);
  return { text: "string", number: "number", flag: "boolean" }[kind] === typeof value;
}

function add(document: DocumentView, id: number): DocumentView {
  if (findObject(document, id) !== undefined) throw new EditError(`there already is an object ${id}`);
  if (id < 0 || id >= 2 ** 31) throw new EditError("an object's id is a whole number from 0 to 2147483647");
  if (document.objects.length >= MAX_OBJECTS)
    throw new EditError(`one picture takes at most ${MAX_OBJECTS} objects; remove one first`);
  const used = new Set(document.objects.map((object) => object.color));
  let color = 0;
  while (used.has(color)) color++;
  const empty = { points: [], box: null, candidate: null, scores: null, result_rev: null, area: 0 };
  const told = { visible: true, locked: false, label: document.current, attributes: [] };
  const object: ObjectView = { id, name: `object ${id}`, color, ...told, ...empty };
  return { ...document, objects: [...document.objects, object], selected: id };
}

function remove(document: DocumentView, id: number): DocumentView {
  const objects = document.objects.filter((object) => object.id !== id);
  const selected = document.selected === id ? (objects.at(-1)?.id ?? null) : document.selected;
  return { ...document, objects, selected };
}

function replace(document: DocumentView, object: ObjectView): DocumentView {
  return { ...document, objects: document.objects.map((other) => (other.id === object.id ? object : other)) };
}

function edited(prompts: Prompts, edit: PromptEdit): Prompts {
  const { points, box } = prompts;
  switch (edit.kind) {
    case "add_point": {
      if (edit.label !== 0 && edit.label !== 1) throw new EditError("a point's label is 1 or 0");
      const far = ({ x, y }: PointView) => Math.max(Math.abs(x - edit.x), Math.abs(y - edit.y)) >= 0.5;
      return { points: [...points.filter(far), { x: edit.x, y: edit.y, label: edit.label }], box };
    }
    case "move_point":
      return {
        points: points.with(checkIndex(points, edit.index), {
          ...at(points, edit.index),
          x: edit.x,
          y: edit.y,
        }),
        box,
      };
    case "remove_point":
      checkIndex(points, edit.index);
      return { points: points.filter((_, index) => index !== edit.index), box };
    case "set_box":
      return { points, box: edit.box };
    case "clear_prompts":
      return { points: [], box: null };
  }
}

function checkIndex(points: ReadonlyArray<PointView>, index: number): number {
  at(points, index);
  return index;
}

function at(points: ReadonlyArray<PointView>, index: number): PointView {
  const point = points[index];
  if (point === undefined)
    throw new EditError(`there is no point number ${index}; the object has ${points.length}`);
  return point;
}

function check({ points, box }: Prompts, image: Extent): void {
  if (points.length > MAX_POINTS) throw new EditError(`one object takes at most ${MAX_POINTS} points`);
  const corners =
    box === null
      ? []
      : [
          { x: box[0], y: box[1] },
          { x: box[2], y: box[3] },
        ];
  for (const { x, y } of [...points, ...corners]) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) throw new EditError("coordinates are finite numbers");
    if (x < 0 || y < 0 || x > image.width || y > image.height)
      throw new EditError(`(${x}, ${y}) lies outside the picture`);
  }
  if (box !== null && (box[2] < box[0] || box[3] < box[1]))
    throw new EditError("a box is given as left, top, right, bottom");
}
