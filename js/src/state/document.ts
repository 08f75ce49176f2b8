/** The page's twin of `sam2_notebook/values/document.py`: `apply` says what an edit makes of the document. Pure. */

import { pathPlaces } from "../geometry/strokes";
import type { Extent, Vec } from "../geometry/viewport";
import {
  type Attribute,
  type AttributeView,
  type DocumentView,
  type Edit,
  type LabelClass,
  MAX_NAME,
  MAX_OBJECTS,
  MAX_PATH,
  MAX_POINTS,
  MAX_STROKES,
  MAX_THRESHOLD,
  MAX_WIDTH,
  type ObjectView,
  type PointView,
  type StrokeView,
  type VideoEdit,
} from "../protocol/messages.gen";

/** An edit that does not fit the document; nothing has changed. */
export class EditError extends Error {}

/** An edit of what somebody has locked: nothing is wrong, it is only not done. */
export class LockedError extends EditError {
  constructor({ id, name }: Pick<ObjectView, "id" | "name">) {
    super(`${name || `object ${id}`} is locked; unlock it first (L)`);
  }
}

type Saying = Extract<
  Edit,
  { kind: "add_point" | "move_point" | "remove_point" | "set_box" | "add_stroke" | "remove_stroke" }
>;
type Drawing = Extract<Edit, { kind: "clear_prompts" | "paint_mask" | "set_mask" | "keep_mask" }>;
/** The edits that choose of what the model has said. */
export type Choosing = Extract<Edit, { kind: "choose_candidate" | "set_threshold" }>;
/** The edits that change what a mask is made from. */
export type PromptEdit = Saying | Drawing;
type ObjectEdit = Exclude<Edit, { kind: "add_object" | "set_classes" | "choose_class" }>;
type Prompts = Pick<ObjectView, "points" | "box" | "strokes">;

/** An object that nothing was said of. */
export const NOTHING_SAID = {
  ...{ visible: true, locked: false, label: "", attributes: [] },
  ...{
    points: [],
    box: null,
    strokes: [],
    drawn: 0,
    kept: false,
    proposed: false,
    candidate: null,
    threshold: 0,
  },
  ...{ scores: null, result_rev: null, area: 0 },
} satisfies Partial<ObjectView>;

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

/** The selected object and those picked beside it, in drawing order. */
export function chosenObjects(
  { objects, selected }: Pick<DocumentView, "objects" | "selected">,
  picked: ReadonlySet<number>,
): ReadonlyArray<ObjectView> {
  return objects.filter(({ id }) => id === selected || picked.has(id));
}

/** The id the next new object takes. */
export function nextId(document: DocumentView): number {
  return document.objects.reduce((highest, object) => Math.max(highest, object.id), 0) + 1;
}

/** The colour the next new object takes: the first that no object has. */
export function nextColor(document: DocumentView): number {
  const used = new Set(document.objects.map((object) => object.color));
  let color = 0;
  while (used.has(color)) color++;
  return color;
}

/** Whether nothing was said of an object, by prompts or by hand. */
export function isBare(object: ObjectView): boolean {
  return !hasPrompts(object) && object.drawn === 0;
}

/** Whether the mask is what was drawn by hand, not the model's. */
export function isDrawn(object: ObjectView): boolean {
  return object.drawn > 0 && (object.kept || !hasPrompts(object));
}

/** Whether the model is asked about a single click and nothing else, and gives three candidates. */
export function isAmbiguous(object: ObjectView): boolean {
  const { points, box, strokes, drawn } = object;
  return points.length === 1 && box === null && strokes.length === 0 && drawn === 0;
}

export const hasPrompts = ({ points, box, strokes }: Prompts): boolean =>
  points.length > 0 || box !== null || strokes.length > 0;

const SAYING = ["add_point", "move_point", "remove_point", "set_box", "add_stroke", "remove_stroke"];
const OF_PROMPTS = new Set<string>([...SAYING, "clear_prompts", "paint_mask", "set_mask", "keep_mask"]);

/** Whether an edit changes what the mask is made from. */
export function changesPrompts(edit: Edit): edit is PromptEdit {
  return OF_PROMPTS.has(edit.kind);
}

/** Whether an edit chooses of what the model has said already. */
export function changesChoice(edit: Edit): edit is Choosing {
  return edit.kind === "choose_candidate" || edit.kind === "set_threshold";
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
  if (object.locked && changesMask(edit)) throw new LockedError(object);
  return applyTo(document, adopts(edit) ? { ...object, proposed: false } : object, edit, image);
}

/** Whether an edit of a suggestion accepts it. */
function adopts(edit: ObjectEdit): boolean {
  return !["show_object", "lock_object", "recolor_object", "select_object", "remove_object"].includes(
    edit.kind,
  );
}

/** Whether a locked object refuses an edit. */
function changesMask(edit: ObjectEdit): boolean {
  if (edit.kind === "cut_overlap") return edit.loser === "object";
  return (
    changesPrompts(edit) ||
    changesChoice(edit) ||
    ["remove_object", "merge_objects", "split_object"].includes(edit.kind)
  );
}

function applyTo(document: DocumentView, object: ObjectView, edit: ObjectEdit, image: Extent): DocumentView {
  switch (edit.kind) {
    case "remove_object":
      return remove(document, edit.object);
    case "accept_object":
      return replace(document, object);
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
    case "move_object":
      return moved(document, object, edit.place);
    case "merge_objects":
      return merged(document, object.id, edit.others);
    case "split_object":
    case "cut_overlap":
      return document; // what comes of it, only the kernel can tell
    case "choose_candidate":
      if (edit.candidate !== null && (edit.candidate < 0 || edit.candidate > 2))
        throw new EditError("a click has the candidates 0, 1 and 2");
      return replace(document, { ...object, candidate: edit.candidate });
    case "set_threshold":
      if (!(Math.abs(edit.threshold) <= MAX_THRESHOLD))
        throw new EditError(`a threshold is a logit from -${MAX_THRESHOLD} to ${MAX_THRESHOLD}`);
      return replace(document, { ...object, threshold: edit.threshold });
    case "paint_mask":
      checkStroke(edit, image);
      return replace(document, drawnBy(object, (isDrawn(object) ? object.drawn : 1) + 1, true));
    case "set_mask":
      if (edit.counts === "") throw new EditError("a mask has at least one pixel");
      return edit.counts === null
        ? replace(document, drawnBy(object, 0))
        : replace(document, drawnBy({ ...object, ...NO_PROMPTS }, 1));
    case "keep_mask":
      if (object.drawn === 0) throw new EditError(`${object.name} has no mask drawn by hand`);
      return replace(document, drawnBy(object, object.drawn, edit.kept));
    case "clear_prompts":
      return replace(document, drawnBy({ ...object, ...NO_PROMPTS }, 0));
    default: {
      if (object.kept) throw new EditError(KEPT);
      const prompts = edited(object, edit);
      check(prompts, image);
      return replace(document, { ...object, ...prompts, candidate: null, threshold: 0 });
    }
  }
}

const KEPT =
  "This mask is kept as it was drawn. Press R to let the model go on from it, or N to begin a new object.";
const NO_PROMPTS: Prompts = { points: [], box: null, strokes: [] };

function drawnBy(object: ObjectView, drawn: number, kept = false): ObjectView {
  return { ...object, drawn, kept, candidate: null, threshold: 0 };
}

const codePoints = (text: string): number => [...text].length; // Python counts these, JavaScript UTF-16 units

/** A class that the document takes. */
function known(document: DocumentView, label: string): string {
  if (codePoints(label) > MAX_NAME) throw new EditError(`a class has at most ${MAX_NAME} characters`);
  if (label !== "" && document.classes.length > 0 && findClass(document, label) === undefined)
    throw new EditError(`there is no class "${label}"`);
  return label;
}

function withClasses(document: DocumentView, classes: ReadonlyArray<LabelClass>): DocumentView {
  const names = new Set(classes.map(({ name }) => name));
  const twice = classes.find(({ name }, index) => classes.findIndex((one) => one.name === name) < index);
  if (twice !== undefined) throw new EditError(`there is already a class "${twice.name}"`);
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

function moved(document: DocumentView, object: ObjectView, place: number): DocumentView {
  const others = document.objects.filter(({ id }) => id !== object.id);
  if (place < 0 || place > others.length)
    throw new EditError(`the drawing order has the places 0 to ${others.length}`);
  return { ...document, objects: others.toSpliced(place, 0, object) };
}

function merged(document: DocumentView, id: number, others: ReadonlyArray<number>): DocumentView {
  if (others.length === 0 || others.includes(id) || new Set(others).size < others.length)
    throw new EditError("merging takes several objects, each once");
  for (const other of others) {
    const object = findObject(document, other);
    if (object === undefined) throw new EditError(`there is no object ${other}`);
    if (object.locked) throw new LockedError(object);
  }
  return { ...document, objects: document.objects.filter((one) => !others.includes(one.id)), selected: id };
}

function add(document: DocumentView, id: number): DocumentView {
  if (findObject(document, id) !== undefined) throw new EditError(`there already is an object ${id}`);
  if (id < 0 || id >= 2 ** 31) throw new EditError("an object's id is a whole number from 0 to 2147483647");
  if (document.objects.length >= MAX_OBJECTS)
    throw new EditError(`one picture takes at most ${MAX_OBJECTS} objects; remove one first`);
  const color = nextColor(document);
  const label = document.current;
  const object: ObjectView = { ...NOTHING_SAID, id, name: `object ${id}`, color, label };
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

function edited(prompts: Prompts, edit: Saying): Prompts {
  const { points, box, strokes } = prompts;
  switch (edit.kind) {
    case "add_point": {
      if (edit.label !== 0 && edit.label !== 1) throw new EditError("a point's label is 1 or 0");
      const far = ({ x, y }: PointView) => Math.max(Math.abs(x - edit.x), Math.abs(y - edit.y)) >= 0.5;
      return { points: [...points.filter(far), { x: edit.x, y: edit.y, label: edit.label }], box, strokes };
    }
    case "move_point": {
      const { x, y } = edit;
      return { points: points.with(edit.index, { ...at(points, edit.index, "point"), x, y }), box, strokes };
    }
    case "remove_point":
      at(points, edit.index, "point");
      return { points: points.filter((_, index) => index !== edit.index), box, strokes };
    case "set_box":
      if (edit.box !== null && (edit.box[0] === edit.box[2] || edit.box[1] === edit.box[3]))
        throw new EditError("a box has a width and a height");
      return { points, box: edit.box, strokes };
    case "add_stroke": {
      const { path, width, label } = edit;
      return { points, box, strokes: [...strokes, { path, width, label }] };
    }
    case "remove_stroke":
      at(strokes, edit.index, "scribble");
      return { points, box, strokes: strokes.filter((_, index) => index !== edit.index) };
  }
}

function at<T>(list: ReadonlyArray<T>, index: number, what: string): T {
  const item = list[index];
  if (item === undefined)
    throw new EditError(`there is no ${what} number ${index}; the object has ${list.length}`);
  return item;
}

function check({ points, box, strokes }: Prompts, image: Extent): void {
  if (points.length > MAX_POINTS) throw new EditError(`one object takes at most ${MAX_POINTS} points`);
  if (strokes.length > MAX_STROKES) throw new EditError(`one object takes at most ${MAX_STROKES} scribbles`);
  checkPlaces(points, image);
  for (const stroke of strokes) checkStroke(stroke, image);
  if (box === null) return;
  const corners = [
    { x: box[0], y: box[1] },
    { x: box[2], y: box[3] },
  ];
  checkPlaces(corners, image);
  if (box[2] < box[0] || box[3] < box[1]) throw new EditError("a box is given as left, top, right, bottom");
}

function checkPlaces(places: ReadonlyArray<Vec>, image: Extent): void {
  for (const { x, y } of places) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) throw new EditError("coordinates are finite numbers");
    if (x < 0 || y < 0 || x > image.width || y > image.height)
      throw new EditError(`(${x}, ${y}) lies outside the picture`);
  }
}

function checkStroke({ path, width, label }: StrokeView, image: Extent): void {
  if (!(width >= 0 && width <= MAX_WIDTH)) throw new EditError(`a brush is 0 to ${MAX_WIDTH} pixels wide`);
  if (label !== 0 && label !== 1) throw new EditError("a stroke's label is 1 or 0");
  if (path.length > MAX_PATH) throw new EditError("this path is too long; draw it in two strokes");
  try {
    const places = pathPlaces(path);
    if (places.length === 0) throw new EditError("a stroke has at least one place");
    checkPlaces(places, image);
  } catch (error) {
    throw error instanceof RangeError ? new EditError(error.message) : error;
  }
}
