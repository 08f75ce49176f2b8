/**
 * The page's twin of `sam2_notebook/values/video_document.py`. Seen from a frame a video is a picture: `seenFrom` gives
 * its document, and the edits of pictures are applied to that. Pure.
 */

import type { Extent } from "../geometry/viewport";
import type {
  DocumentView,
  Edit,
  FramePromptsView,
  ObjectView,
  VideoDocumentView,
  VideoEdit,
  VideoObjectView,
} from "../protocol/messages.gen";
import { apply, EditError, findObject, isStep, LockedError, NOTHING_SAID, type PromptEdit } from "./document";

export const EMPTY_VIDEO: VideoDocumentView = {
  rev: 0,
  objects: [],
  selected: null,
  classes: [],
  current: "",
  can_undo: false,
  can_redo: false,
};

const OF_PROMPTS: ReadonlySet<string> = new Set([
  ...["add_point", "move_point", "remove_point", "set_box", "clear_prompts", "set_mask", "choose_candidate"],
]);

/** A mask of no pixel in a frame of so many: says that the object is not there. In COCO's text form. */
export function emptyCounts(pixels: number): string {
  let text = "";
  for (let left = pixels; ; ) {
    const group = left & 31;
    left >>= 5;
    const isLast = left === 0 && (group & 16) === 0;
    text += String.fromCharCode(48 + group + (isLast ? 0 : 32));
    if (isLast) return text;
  }
}

/** Whether an edit changes what the model is told. */
export function changesVideoPrompts(
  edit: VideoEdit,
): edit is PromptEdit | Extract<Edit, { kind: "choose_candidate" }> {
  return OF_PROMPTS.has(edit.kind);
}

export function findVideoObject(document: VideoDocumentView, id: number | null): VideoObjectView | undefined {
  return document.objects.find((object) => object.id === id);
}

const nothingIn = (frame: number): FramePromptsView => ({
  ...{ frame, points: [], box: null, mask: false, candidate: null },
});

/** Whether it is a lone click, which can mean three things. */
const isLoneClick = ({ points, box, mask }: FramePromptsView) => points.length === 1 && box === null && !mask;

/** What was said of an object in a frame. */
export function saidIn(object: VideoObjectView, frame: number): FramePromptsView {
  return object.frames.find((said) => said.frame === frame) ?? nothingIn(frame);
}

/** The document as one frame has it. */
export function seenFrom(document: VideoDocumentView, frame: number): DocumentView {
  const objects = document.objects.map((object): ObjectView => {
    const said = saidIn(object, frame);
    const { points, box } = said;
    const { frames, ...told } = object;
    return { ...NOTHING_SAID, ...told, points, box, candidate: isLoneClick(said) ? said.candidate : null };
  });
  return { ...document, objects };
}

/** The document after all of the edits in a frame, or none: EditError. */
export function applyAllInFrame(
  document: VideoDocumentView,
  edits: ReadonlyArray<VideoEdit>,
  frame: number,
  size: Extent,
): VideoDocumentView {
  const after = edits.reduce((state, edit) => applyInFrame(state, edit, frame, size), document);
  return isStep(edits) ? { ...after, can_undo: true, can_redo: false } : after;
}

/** The document after an edit in a frame; EditError if it does not fit. */
export function applyInFrame(
  document: VideoDocumentView,
  edit: VideoEdit,
  frame: number,
  size: Extent,
): VideoDocumentView {
  switch (edit.kind) {
    case "choose_candidate":
      return chosen(document, apply(seenFrom(document, frame), edit, size), edit.object, frame);
    case "set_threshold":
    case "add_stroke":
    case "remove_stroke":
    case "paint_mask":
    case "keep_mask":
      throw new EditError(
        "a video takes clicks, boxes and whole masks; scribbles and paint are for pictures",
      );
    case "merge_objects":
    case "split_object":
    case "cut_overlap":
      throw new EditError("the objects of a video are not merged, split or cut; that is for pictures");
    case "set_mask": {
      const object = findVideoObject(document, edit.object);
      if (object === undefined) throw new EditError(`there is no object ${edit.object}`);
      if (object.locked) throw new LockedError(object);
      return masked(document, object, frame, edit.counts !== null);
    }
    default:
      return merged(document, apply(seenFrom(document, frame), edit, size), edit, frame);
  }
}

function chosen(
  document: VideoDocumentView,
  seen: DocumentView,
  id: number,
  frame: number,
): VideoDocumentView {
  const object = findVideoObject(document, id);
  const said = object === undefined ? nothingIn(frame) : saidIn(object, frame);
  if (object === undefined || !isLoneClick(said))
    throw new EditError("only a lone click has candidates to choose from; in a tracked frame, click first");
  const candidate = findObject(seen, id)?.candidate ?? null;
  return changed(document, id, { frames: saying(object.frames, { ...said, candidate }) });
}

function masked(
  document: VideoDocumentView,
  object: VideoObjectView,
  frame: number,
  isGiven: boolean,
): VideoDocumentView {
  const said = isGiven ? { ...nothingIn(frame), mask: true } : { ...saidIn(object, frame), mask: false };
  return changed(document, object.id, { frames: saying(object.frames, said) });
}

/** The document whose `frame` now looks like `seen`. */
function merged(
  document: VideoDocumentView,
  seen: DocumentView,
  edit: Edit,
  frame: number,
): VideoDocumentView {
  const objects = seen.objects.map((object): VideoObjectView => {
    const { id, name, color, visible, locked, label, attributes, points, box } = object;
    const frames = findVideoObject(document, id)?.frames ?? [];
    const item = { id, name, color, visible, locked, label, attributes, frames };
    if (!changesVideoPrompts(edit) || edit.object !== id) return item;
    const endsMask = edit.kind === "clear_prompts" || (edit.kind === "set_box" && edit.box !== null);
    const old = saidIn(item, frame);
    const said = { frame, points, box, mask: old.mask && !endsMask };
    // the choice of a candidate lasts while the first click does
    const isSame = JSON.stringify(firstOf(said)) === JSON.stringify(firstOf(old));
    return { ...item, frames: saying(frames, { ...said, candidate: isSame ? old.candidate : null }) };
  });
  const { selected, classes, current } = seen;
  return { ...document, objects, selected, classes, current };
}

const firstOf = ({ points, box, mask }: Omit<FramePromptsView, "candidate">) => [points[0], box, mask];

/** The prompted frames with these prompts instead of those there were in their frame. */
function saying(
  frames: ReadonlyArray<FramePromptsView>,
  said: FramePromptsView,
): ReadonlyArray<FramePromptsView> {
  const others = frames.filter(({ frame }) => frame !== said.frame);
  const isEmpty = said.points.length === 0 && said.box === null && !said.mask;
  return isEmpty ? others : [...others, said].sort((a, b) => a.frame - b.frame);
}

function changed(document: VideoDocumentView, id: number, part: Partial<VideoObjectView>): VideoDocumentView {
  const objects = document.objects.map((object) => (object.id === id ? { ...object, ...part } : object));
  return { ...document, objects };
}

/** The frames in which an object has prompts, of one object or of all, ascending and each once. */
export function promptedFrames(document: VideoDocumentView, id: number | null = null): ReadonlyArray<number> {
  const objects = document.objects.filter((object) => id === null || object.id === id);
  return [...new Set(objects.flatMap(({ frames }) => frames.map(({ frame }) => frame)))].sort(
    (a, b) => a - b,
  );
}

/** The frame to look at to see what has changed: `frame` if it did, else the nearest; null when no prompts did. */
export function changedFrame(
  before: VideoDocumentView,
  after: VideoDocumentView,
  frame: number,
): number | null {
  const found = new Set<number>();
  for (const object of [...before.objects, ...after.objects]) {
    const [old, now] = [findVideoObject(before, object.id), findVideoObject(after, object.id)];
    if (old === undefined && now === undefined) continue;
    for (const said of object.frames) {
      const [a, b] = [old, now].map((one) => (one === undefined ? null : saidIn(one, said.frame)));
      if (JSON.stringify(a) !== JSON.stringify(b)) found.add(said.frame);
    }
  }
  if (found.size === 0) return null;
  return [...found].reduce((best, one) => (Math.abs(one - frame) < Math.abs(best - frame) ? one : best));
}
