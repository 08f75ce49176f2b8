// Written by `python -m sam2_notebook.protocol`. Do not edit: change sam2_notebook/protocol/messages.py.

export const VERSION = 1;
export const MAX_OBJECTS = 1000;
export const MAX_NAME = 200;
export const MAX_POINTS = 1000;
export const MAX_STROKES = 100;
export const MAX_THRESHOLD = 32.0;
export const MAX_PATH = 16000;
export const MAX_WIDTH = 10000.0;
export const MAX_FRAMES_ASKED = 64;
export const MAX_MASK_FRAMES_ASKED = 256;

/** The colours of objects; an object's `color` is an index that wraps around. */
export const PALETTE: ReadonlyArray<{ readonly name: string; readonly rgb: readonly [number, number, number] }> = [
  { name: "sky blue", rgb: [86, 180, 233] },
  { name: "orange", rgb: [230, 159, 0] },
  { name: "green", rgb: [0, 158, 115] },
  { name: "pink", rgb: [204, 121, 167] },
  { name: "yellow", rgb: [240, 228, 66] },
  { name: "blue", rgb: [0, 114, 178] },
  { name: "vermilion", rgb: [213, 94, 0] },
  { name: "grey", rgb: [187, 187, 187] },
];

/**
 * A question asked about each thing of a class. `kind` says what answers it; one with `choices` is a `choice`.
 *
 * >>> Attribute(name="ripe", choices=("yes", "no")).kind
 * 'choice'
 */
export interface Attribute {
  readonly name: string;
  readonly choices: ReadonlyArray<string>;
  readonly kind: "text" | "number" | "choice" | "flag";
}

/**
 * A class of things. `color` is `#rrggbb`, `hotkey` one printable character or none.
 *
 * >>> LabelClass(name="leaf", color="#2ca02c", hotkey="l").name
 * 'leaf'
 */
export interface LabelClass {
  readonly name: string;
  readonly color: string;
  readonly hotkey: string | null;
  readonly attributes: ReadonlyArray<Attribute>;
}

/** Add an empty object with this new id and select it. */
export interface AddObject {
  readonly kind: "add_object";
  readonly object: number;
}

/** Remove an object with all it has. */
export interface RemoveObject {
  readonly kind: "remove_object";
  readonly object: number;
}

/** Give an object another name. */
export interface RenameObject {
  readonly kind: "rename_object";
  readonly object: number;
  readonly name: string;
}

/** Give an object another colour, an index into the palette. */
export interface RecolorObject {
  readonly kind: "recolor_object";
  readonly object: number;
  readonly color: number;
}

/** Show or hide an object. */
export interface ShowObject {
  readonly kind: "show_object";
  readonly object: number;
  readonly visible: boolean;
}

/** Protect an object from changes of its mask and from removal, or stop to. */
export interface LockObject {
  readonly kind: "lock_object";
  readonly object: number;
  readonly locked: boolean;
}

/** Take a suggestion for a real object. Whoever changes a suggestion accepts it, too. */
export interface AcceptObject {
  readonly kind: "accept_object";
  readonly object: number;
}

/** Say of what class an object is; an empty text is none. One of the classes becomes that of new objects, too. */
export interface ClassifyObject {
  readonly kind: "classify_object";
  readonly object: number;
  readonly label: string;
}

/** Note something about an object under a name, in place of what was noted there; None takes it back. */
export interface SetAttribute {
  readonly kind: "set_attribute";
  readonly object: number;
  readonly name: string;
  readonly value: string | number | boolean | null;
}

/** Say what classes there are. Classes that objects have stay. */
export interface SetClasses {
  readonly kind: "set_classes";
  readonly classes: ReadonlyArray<LabelClass>;
}

/** Say of what class new objects are; an empty text is none. Not a step of the undo history. */
export interface ChooseClass {
  readonly kind: "choose_class";
  readonly label: string;
}

/** Make an object the one that prompts go to. Not a step of the undo history. */
export interface SelectObject {
  readonly kind: "select_object";
  readonly object: number;
}

/** Click at (x, y) in image pixels; label 1 is on the object, 0 beside it. */
export interface AddPoint {
  readonly kind: "add_point";
  readonly object: number;
  readonly x: number;
  readonly y: number;
  readonly label: number;
}

/** Move click number `index` to (x, y). */
export interface MovePoint {
  readonly kind: "move_point";
  readonly object: number;
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

/** Remove click number `index`. */
export interface RemovePoint {
  readonly kind: "remove_point";
  readonly object: number;
  readonly index: number;
}

/** Set the box, left, top, right, bottom in image pixels; None removes it. */
export interface SetBox {
  readonly kind: "set_box";
  readonly object: number;
  readonly box: readonly [number, number, number, number] | null;
}

/** Remove all prompts of an object. */
export interface ClearPrompts {
  readonly kind: "clear_prompts";
  readonly object: number;
}

/** Choose one of the model's candidates for an ambiguous click; None leaves it to the model. */
export interface ChooseCandidate {
  readonly kind: "choose_candidate";
  readonly object: number;
  readonly candidate: number | null;
}

/** Set the logit above which a pixel is in the mask: 0 is the model's own edge, more makes the mask smaller. */
export interface SetThreshold {
  readonly kind: "set_threshold";
  readonly object: number;
  readonly threshold: number;
}

/** Scribble on the object (label 1) or beside it (label 0), for the model to go by; see `values.strokes`. */
export interface AddStroke {
  readonly kind: "add_stroke";
  readonly object: number;
  readonly path: string;
  readonly width: number;
  readonly label: number;
}

/** Remove scribble number `index`. */
export interface RemoveStroke {
  readonly kind: "remove_stroke";
  readonly object: number;
  readonly index: number;
}

/** Add to the mask (label 1) or take from it (label 0) by hand, and keep what comes of it; see `values.strokes`. */
export interface PaintMask {
  readonly kind: "paint_mask";
  readonly object: number;
  readonly path: string;
  readonly width: number;
  readonly label: number;
}

/**
 * Say where the object is: run lengths in COCO's text form at the picture's size; null takes it back.
 *
 * A mask replaces clicks and box given before it; clicks given after it correct it. In a video, one without a pixel
 * says that the object is not in the frame.
 */
export interface SetMask {
  readonly kind: "set_mask";
  readonly object: number;
  readonly counts: string | null;
}

/** Keep the drawn mask as it is, or let the model go on from it. */
export interface KeepMask {
  readonly kind: "keep_mask";
  readonly object: number;
  readonly kept: boolean;
}

/** Put an object at another place of the drawing order: 0 is drawn first, below all others. */
export interface MoveObject {
  readonly kind: "move_object";
  readonly object: number;
  readonly place: number;
}

/** Make one of several objects: `object` gets the masks of all, the `others` go. */
export interface MergeObjects {
  readonly kind: "merge_objects";
  readonly object: number;
  readonly others: ReadonlyArray<number>;
}

/** Make an object of each connected part of a mask; the largest part stays what it was. */
export interface SplitObject {
  readonly kind: "split_object";
  readonly object: number;
}

/** Share no pixel with other visible objects: `loser` says who gives them up. Locked objects stay as they are. */
export interface CutOverlap {
  readonly kind: "cut_overlap";
  readonly object: number;
  readonly loser: "object" | "others";
}

/**
 * How it stands with segmenting everything: `done` of `total` clicks; then `count` masks, those of run `run`.
 *
 * `iou` and `stability` are where the page's filters begin: masks below them are there too, for whoever wants more.
 */
export interface EverythingView {
  readonly state: "none" | "running" | "done" | "cancelled" | "failed";
  readonly run: number;
  readonly done: number;
  readonly total: number;
  readonly count: number;
  readonly text: string;
  readonly iou: number;
  readonly stability: number;
}

/** A mask nobody asked for: predicted IoU and stability, 0 to 1, and number of pixels. */
export interface ProposalView {
  readonly score: number;
  readonly stability: number;
  readonly area: number;
}

/**
 * What one binary buffer beside a message holds.
 *
 * `logits8`: int8 of shape (candidates, height, width), row-major, mask logits times `scale`, clipped to +-127;
 * `rle`: a mask at image size, coded by `protocol.codecs.encode_rle`, shape (height, width);
 * `jpeg`, `png`: an encoded picture, shape (height, width) of its pixels;
 * `lane`: uint8 (2, frames) and `times`: float32 (frames,), see `video_messages.py`.
 */
export interface Buffer {
  readonly what: "logits8" | "rle" | "jpeg" | "png" | "lane" | "times";
  readonly shape: ReadonlyArray<number>;
  readonly scale: number;
  readonly object: number | null;
}

/** A click as the page draws it. */
export interface PointView {
  readonly x: number;
  readonly y: number;
  readonly label: number;
}

/** A scribble as the page draws it; see `values.strokes`. */
export interface StrokeView {
  readonly path: string;
  readonly width: number;
  readonly label: number;
}

/** What the model says of an object's candidates: predicted IoU per candidate, and whether the object is there. */
export interface Scores {
  readonly iou: ReadonlyArray<number>;
  readonly object_score: number | null;
  readonly best: number;
  readonly milliseconds: number;
}

/** What is noted about an object under a name. */
export interface AttributeView {
  readonly name: string;
  readonly value: string | number | boolean;
}

/**
 * One object as the page shows it. `result_rev` is the revision its mask was computed for, null without a mask.
 *
 * `label` is its class, empty for none. `drawn` is 0 without a mask drawn by hand, and another number after every
 * stroke; `kept` says that the drawing is the object's mask whatever else was said of it.
 */
export interface ObjectView {
  readonly id: number;
  readonly name: string;
  readonly color: number;
  readonly visible: boolean;
  readonly locked: boolean;
  readonly label: string;
  readonly attributes: ReadonlyArray<AttributeView>;
  readonly points: ReadonlyArray<PointView>;
  readonly box: readonly [number, number, number, number] | null;
  readonly strokes: ReadonlyArray<StrokeView>;
  readonly drawn: number;
  readonly kept: boolean;
  readonly proposed: boolean;
  readonly candidate: number | null;
  readonly threshold: number;
  readonly scores: Scores | null;
  readonly result_rev: number | null;
  readonly area: number;
}

/** The whole document at revision `rev`. New objects are of the class `current`; without `classes` any text is. */
export interface DocumentView {
  readonly rev: number;
  readonly objects: ReadonlyArray<ObjectView>;
  readonly selected: number | null;
  readonly classes: ReadonlyArray<LabelClass>;
  readonly current: string;
  readonly can_undo: boolean;
  readonly can_redo: boolean;
}

/** Size and name of the picture; `key` changes when the pixels do. */
export interface PictureInfo {
  readonly width: number;
  readonly height: number;
  readonly name: string;
  readonly key: string;
}

/** What the kernel is doing. `error` holds words for the user, and the session goes on. */
export interface Status {
  readonly state: "loading" | "ready" | "busy" | "error";
  readonly text: string;
}

/** A view has appeared, reconnected or lost the thread: answer with a `Snapshot`. */
export interface Hello {
  readonly type: "hello";
  readonly view: string;
  readonly seq: number;
  readonly version: number;
}

/** Apply edits, all or none, as one step of the undo history. `rev` is the revision the page made them on. */
export interface EditRequest {
  readonly type: "edit";
  readonly view: string;
  readonly seq: number;
  readonly rev: number;
  readonly edits: ReadonlyArray<Edit>;
}

/** Undo or redo one step. */
export interface HistoryRequest {
  readonly type: "history";
  readonly view: string;
  readonly seq: number;
  readonly direction: "undo" | "redo";
}

/** Send the picture, at most `width` pixels wide. */
export interface PictureRequest {
  readonly type: "picture";
  readonly view: string;
  readonly seq: number;
  readonly width: number;
}

/** Send the candidates' logits of an object (the page dropped them, or never had them). */
export interface CandidatesRequest {
  readonly type: "candidates";
  readonly view: string;
  readonly seq: number;
  readonly object: number;
}

/** Are you there? Sent every two seconds while something is unanswered, every ten otherwise. */
export interface Ping {
  readonly type: "ping";
  readonly view: string;
  readonly seq: number;
}

/**
 * What would a click at (x, y) find? Logits of at most `side` x `side` will do.
 *
 * Of those that wait only the newest is answered; the others are `cancelled`, as is one that comes before the picture
 * is encoded. Work of any other kind goes first.
 */
export interface HoverRequest {
  readonly type: "hover";
  readonly view: string;
  readonly seq: number;
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** Segment everything, stop that, or look at what was found. Answer: `EverythingData`, with masks for `look`. */
export interface EverythingRequest {
  readonly type: "everything";
  readonly view: string;
  readonly seq: number;
  readonly action: "start" | "stop" | "look";
}

/** Make objects of some masks of run `run`, by their numbers, as one step of the history; one of all if `merged`. */
export interface KeepRequest {
  readonly type: "keep";
  readonly view: string;
  readonly seq: number;
  readonly run: number;
  readonly proposals: ReadonlyArray<number>;
  readonly merged: boolean;
}

/** Answer to `Hello`: everything but the picture. Buffers: one `rle` per object that has a mask. */
export interface Snapshot {
  readonly type: "snapshot";
  readonly view: string;
  readonly seq: number;
  readonly version: number;
  readonly epoch: string;
  readonly picture: PictureInfo;
  readonly document: DocumentView;
  readonly status: Status;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** Answer to `EditRequest` and `HistoryRequest`: applied, the document is now at `rev`. */
export interface Ack {
  readonly type: "ack";
  readonly view: string;
  readonly seq: number;
  readonly rev: number;
}

/** Answer to `PictureRequest`. Buffer: one `jpeg` or `png`. */
export interface PictureData {
  readonly type: "picture_data";
  readonly view: string;
  readonly seq: number;
  readonly key: string;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** Answer to `CandidatesRequest`. Buffer: one `logits8`, or none if the object has no mask of the model's. */
export interface CandidatesData {
  readonly type: "candidates_data";
  readonly view: string;
  readonly seq: number;
  readonly object: number;
  readonly rev: number;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** Answer to `HoverRequest`: the candidate the model thinks most of. Buffer: one `logits8`. */
export interface HoverData {
  readonly type: "hover_data";
  readonly view: string;
  readonly seq: number;
  readonly score: number;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** Answer to `EverythingRequest`. Buffers: one `rle` for each of `proposals`. */
export interface EverythingData {
  readonly type: "everything_data";
  readonly view: string;
  readonly seq: number;
  readonly everything: EverythingView;
  readonly proposals: ReadonlyArray<ProposalView>;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** Answer to `Ping`. */
export interface Pong {
  readonly type: "pong";
  readonly view: string;
  readonly seq: number;
  readonly epoch: string;
  readonly rev: number;
}

/**
 * Answer to a request that could not be met: nothing changed. After `conflict` the page says hello.
 *
 * `cancelled` requests were made void by a newer one and are no error.
 */
export interface Failure {
  readonly type: "failure";
  readonly view: string;
  readonly seq: number;
  readonly code: "malformed" | "invalid" | "conflict" | "internal" | "cancelled";
  readonly message: string;
}

/** The document is at a new revision, whoever changed it (this view, another one, or a cell). */
export interface DocumentChanged {
  readonly type: "document";
  readonly epoch: string;
  readonly document: DocumentView;
}

/**
 * The model's answer for an object at revision `rev`; older than the page's own edit of it, it is ignored.
 *
 * Buffers: `logits8` (all candidates; not of a mask drawn by hand), then `rle` (the chosen one at image size); none
 * when the prompts are gone.
 */
export interface ObjectResult {
  readonly type: "result";
  readonly epoch: string;
  readonly object: number;
  readonly rev: number;
  readonly scores: Scores | null;
  readonly area: number;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** The kernel does something else now, or met an error. */
export interface StatusChanged {
  readonly type: "status";
  readonly epoch: string;
  readonly status: Status;
}

/** Segmenting everything has begun, gone on or ended; at most ten times a second, and once when it ends. */
export interface EverythingChanged {
  readonly type: "everything_changed";
  readonly epoch: string;
  readonly everything: EverythingView;
}

/**
 * What the video is. `key` changes when the pixels do.
 *
 * `frames` is how many there are so far, final when `complete`; a stream that goes on is not. `oldest` is the first
 * frame that can still be shown: 0, or more once a stream has let frames go. `note` tells of a damaged file. In a set
 * of pictures each has a size of its own: `sizes` are their widths and heights, and `width` and `height` the largest;
 * masks are coded at that size, the pictures lie in its top left corner. A video has no `sizes`.
 */
export interface VideoInfo {
  readonly width: number;
  readonly height: number;
  readonly name: string;
  readonly key: string;
  readonly frames: number;
  readonly oldest: number;
  readonly fps: number;
  readonly complete: boolean;
  readonly live: boolean;
  readonly note: string;
  readonly sizes: ReadonlyArray<readonly [number, number]>;
}

/**
 * What was said of an object in one frame. Of a mask that was given, only that there is one.
 *
 * `candidate` is which of the masks that the first click can mean is meant; null leaves it to the model.
 */
export interface FramePromptsView {
  readonly frame: number;
  readonly points: ReadonlyArray<PointView>;
  readonly box: readonly [number, number, number, number] | null;
  readonly mask: boolean;
  readonly candidate: number | null;
}

/** One object of the video, with its prompted frames, ascending. `label` is its class, empty for none. */
export interface VideoObjectView {
  readonly id: number;
  readonly name: string;
  readonly color: number;
  readonly visible: boolean;
  readonly locked: boolean;
  readonly label: string;
  readonly attributes: ReadonlyArray<AttributeView>;
  readonly frames: ReadonlyArray<FramePromptsView>;
}

/** The whole document at revision `rev`. */
export interface VideoDocumentView {
  readonly rev: number;
  readonly objects: ReadonlyArray<VideoObjectView>;
  readonly selected: number | null;
  readonly classes: ReadonlyArray<LabelClass>;
  readonly current: string;
  readonly can_undo: boolean;
  readonly can_redo: boolean;
}

/**
 * How far an object was followed: its whole row of the timeline, or a piece of it that has changed.
 *
 * Its buffer `lane`, uint8 (2, n), speaks of the frames `first` to `first + n - 1`. Row 0 is the state: 0 not known,
 * 1 present, 2 hidden, 3 and 4 the same but stale (made with other prompts); row 1 the predicted IoU times 254, or
 * 255 without one. Another `generation` than before: drop every mask of the object.
 *
 * `state` is that of the whole object: `none` without prompts, `required` when no frame beyond the prompted ones is
 * up to date, `partial` when some are, `full` when all are. `stale` counts stale frames, `missing` those not known.
 */
export interface LaneView {
  readonly object: number;
  readonly generation: number;
  readonly first: number;
  readonly state: "none" | "required" | "partial" | "full";
  readonly stale: number;
  readonly missing: number;
}

/**
 * What is known of an object in a frame; its mask is the `rle` buffer of the same place in `buffers`.
 *
 * `score` is the predicted IoU, 0 to 1; `object_score` is a logit, above 0 when the model finds the object there.
 */
export interface MaskView {
  readonly frame: number;
  readonly object: number;
  readonly rev: number;
  readonly score: number;
  readonly object_score: number;
  readonly area: number;
  readonly prompted: boolean;
  readonly stale: boolean;
}

/**
 * Something that takes long: following objects (`track`), writing files (`export`),
 * or segmenting all of a picture (`everything`), of which only cells hear in this form.
 *
 * `frame` is the frame it is at, `done` of `total` are frames, rates are of the last seconds. The last state is
 * `done`, `cancelled` or `failed`, and `text` then says what came of it.
 */
export interface JobView {
  readonly id: number;
  readonly kind: "track" | "export" | "everything";
  readonly state: "waiting" | "running" | "done" | "cancelled" | "failed";
  readonly text: string;
  readonly objects: ReadonlyArray<number>;
  readonly frame: number | null;
  readonly done: number;
  readonly total: number | null;
  readonly per_second: number | null;
  readonly seconds_left: number | null;
}

/** The autosave. What was acknowledged is on disk unless this says `failed` or `off`, and why. */
export interface SavedView {
  readonly state: "saved" | "off" | "failed";
  readonly rev: number;
  readonly text: string;
}

/** Words for the user that stay until read. `recover`: earlier work on this video can be had by `RecoverRequest`. */
export interface Notice {
  readonly id: number;
  readonly level: "info" | "warning" | "error";
  readonly text: string;
  readonly action: "none" | "recover";
}

/**
 * What the model looked at to find an object in a frame; frames are listed nearest first.
 *
 * `prompted`, `recent` and `pointers` are the frames whose memory maps (of prompted and of recent frames) and object
 * pointers it recalled. `presence` is the probability, 0 to 1, that the object is in the frame.
 */
export interface MemoryView {
  readonly object: number;
  readonly source: "prompt" | "forward" | "backward";
  readonly prompted: ReadonlyArray<number>;
  readonly recent: ReadonlyArray<number>;
  readonly pointers: ReadonlyArray<number>;
  readonly score: number;
  readonly presence: number;
  readonly stale: boolean;
}

/** A frame that cannot be shown, and why. */
export interface MissingFrame {
  readonly frame: number;
  readonly text: string;
}

/** Apply edits in one frame, all or none, as one step of the undo history. `rev` is what the page made them on. */
export interface VideoEditRequest {
  readonly type: "video_edit";
  readonly view: string;
  readonly seq: number;
  readonly rev: number;
  readonly frame: number;
  readonly edits: ReadonlyArray<Edit>;
}

/**
 * Send frames (at most 64) as JPEG, at most `width` pixels wide.
 *
 * `purpose` orders the queue: `show` before `ahead` (prefetch, playing) before `strip` (thumbnails). A request of a
 * newer `generation` makes the view's older ones of the same purpose void. `quality` is JPEG's, 1 to 95. With
 * `preview` a smaller picture of the frame will do, if there is one and the frame itself would take long.
 */
export interface FramesRequest {
  readonly type: "frames";
  readonly view: string;
  readonly seq: number;
  readonly frames: ReadonlyArray<number>;
  readonly width: number;
  readonly quality: number;
  readonly purpose: "show" | "ahead" | "strip";
  readonly generation: number;
  readonly preview: boolean;
}

/** Send the masks of all objects in these frames (at most 256). */
export interface MasksRequest {
  readonly type: "masks";
  readonly view: string;
  readonly seq: number;
  readonly frames: ReadonlyArray<number>;
}

/** The view rests at this frame: `widget.frame` says so, and the kernel gets the frame ready for a click. */
export interface LookRequest {
  readonly type: "look";
  readonly view: string;
  readonly seq: number;
  readonly frame: number;
}

/**
 * Follow objects (null: all with prompts) within frames `first` to `last` (null: the ends). Answer: `JobStarted`.
 *
 * It starts at `start`; null means the first prompted frame of the range going forward or both ways, the last going
 * backward. Only what is missing or stale is computed. One such job at a time; the next one is refused.
 */
export interface TrackRequest {
  readonly type: "track";
  readonly view: string;
  readonly seq: number;
  readonly direction: "forward" | "backward" | "both";
  readonly objects: ReadonlyArray<number> | null;
  readonly start: number | null;
  readonly first: number | null;
  readonly last: number | null;
}

/** Stop a job after the frame it is at; what is done is kept. No harm when it has ended already. */
export interface CancelRequest {
  readonly type: "cancel";
  readonly view: string;
  readonly seq: number;
  readonly job: number;
}

/** What did the model look at in this frame? */
export interface MemoryRequest {
  readonly type: "memory";
  readonly view: string;
  readonly seq: number;
  readonly frame: number;
}

/** What can the lone click on an object in a frame mean? */
export interface FrameCandidatesRequest {
  readonly type: "frame_candidates";
  readonly view: string;
  readonly seq: number;
  readonly frame: number;
  readonly object: number;
}

/**
 * Write the masks beside the notebook, as a file or folder called `name` (no folders in it). Answer: `JobStarted`.
 *
 * `png`: a mask per object and frame; `davis`: indexed PNGs; `coco`, `ytvis`: JSON with run lengths; `npz`: arrays;
 * `overlay`: an mp4 with the masks drawn in; `cutout`: a webm with what is not masked made transparent.
 */
export interface ExportRequest {
  readonly type: "export";
  readonly view: string;
  readonly seq: number;
  readonly format: "png" | "davis" | "coco" | "ytvis" | "npz" | "overlay" | "cutout";
  readonly name: string;
  readonly objects: ReadonlyArray<number> | null;
}

/** Take up the earlier work that a notice speaks of, or (`accept` false) never speak of it again. */
export interface RecoverRequest {
  readonly type: "recover";
  readonly view: string;
  readonly seq: number;
  readonly accept: boolean;
}

/**
 * Answer to `Hello`: everything but frames and masks. Buffers: one `lane` per lane; then `times`, if they matter.
 *
 * `times` is float32 (frames,), seconds from the first frame; without it frames come at even distances. `frame` is
 * where the view that looked last rests. `jobs` are those under way or just ended.
 */
export interface VideoSnapshot {
  readonly type: "video_snapshot";
  readonly view: string;
  readonly seq: number;
  readonly version: number;
  readonly epoch: string;
  readonly video: VideoInfo;
  readonly document: VideoDocumentView;
  readonly frame: number;
  readonly lanes: ReadonlyArray<LaneView>;
  readonly jobs: ReadonlyArray<JobView>;
  readonly status: Status;
  readonly saved: SavedView;
  readonly notices: ReadonlyArray<Notice>;
  readonly buffers: ReadonlyArray<Buffer>;
}

/**
 * Answer to `FramesRequest`. Buffers: one `jpeg` for each of `frames`; what cannot be read is in `missing`.
 *
 * A preview is narrower than was asked for; the picture's own width tells.
 */
export interface FramesData {
  readonly type: "frames_data";
  readonly view: string;
  readonly seq: number;
  readonly key: string;
  readonly frames: ReadonlyArray<number>;
  readonly missing: ReadonlyArray<MissingFrame>;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** Answer to `MasksRequest`. Buffers: one `rle` for each of `masks`; objects that are not listed have none there. */
export interface MasksData {
  readonly type: "masks_data";
  readonly view: string;
  readonly seq: number;
  readonly frames: ReadonlyArray<number>;
  readonly masks: ReadonlyArray<MaskView>;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** Answer to `MemoryRequest`, one entry for each object that has a mask in the frame. */
export interface MemoryData {
  readonly type: "memory_data";
  readonly view: string;
  readonly seq: number;
  readonly frame: number;
  readonly objects: ReadonlyArray<MemoryView>;
}

/** Answer to `FrameCandidatesRequest`. Buffer: one `logits8`; none, and no scores, if it is no lone click. */
export interface FrameCandidatesData {
  readonly type: "frame_candidates_data";
  readonly view: string;
  readonly seq: number;
  readonly frame: number;
  readonly object: number;
  readonly scores: ReadonlyArray<number>;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** Answer to `TrackRequest` and `ExportRequest`; `JobChanged` tells the rest. */
export interface JobStarted {
  readonly type: "job_started";
  readonly view: string;
  readonly seq: number;
  readonly job: JobView;
}

/** The document is at a new revision, whoever changed it. */
export interface VideoDocumentChanged {
  readonly type: "video_document";
  readonly epoch: string;
  readonly document: VideoDocumentView;
}

/**
 * Masks that are new. Buffers: one `rle` for each of `masks`. Streamed while tracking, several frames at once.
 *
 * `gone` are pairs of a frame and an object whose mask is no more.
 */
export interface MasksChanged {
  readonly type: "masks_changed";
  readonly epoch: string;
  readonly masks: ReadonlyArray<MaskView>;
  readonly gone: ReadonlyArray<readonly [number, number]>;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** Pieces of lanes that have changed. Buffers: one `lane` for each. Lanes of removed objects are simply dropped. */
export interface LanesChanged {
  readonly type: "lanes";
  readonly epoch: string;
  readonly lanes: ReadonlyArray<LaneView>;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** How a job is getting on; at most ten times a second, and once when it ends. */
export interface JobChanged {
  readonly type: "job";
  readonly epoch: string;
  readonly job: JobView;
}

/** A stream has brought frames, let frames go, or ended; or a missing file was found. */
export interface VideoChanged {
  readonly type: "video";
  readonly epoch: string;
  readonly video: VideoInfo;
}

/** The autosave has reached another revision, or has met an error. */
export interface SavedChanged {
  readonly type: "saved";
  readonly epoch: string;
  readonly saved: SavedView;
}

/** All notices there are now. */
export interface NoticesChanged {
  readonly type: "notices";
  readonly epoch: string;
  readonly notices: ReadonlyArray<Notice>;
}

/** A cell asks all views to show this frame. */
export interface GoTo {
  readonly type: "go_to";
  readonly epoch: string;
  readonly frame: number;
}

/**
 * Which images are in the queue, and in which order. Empty lists and nulls mean any.
 *
 * Areas are in pixels, scores 0 to 1; of class, area and score one annotation must have all.
 */
export interface QueueFilter {
  readonly states: ReadonlyArray<"new" | "started" | "skipped" | "submitted" | "returned" | "reviewed">;
  readonly labels: ReadonlyArray<string>;
  readonly least_area: number | null;
  readonly most_area: number | null;
  readonly least_score: number | null;
  readonly most_score: number | null;
  readonly order: "added" | "name" | "gain";
}

/** One image of the queue. `holder` is who else works on it, or empty; `gain` how much there is to learn from it. */
export interface QueueRow {
  readonly image: number;
  readonly name: string;
  readonly state: "new" | "started" | "skipped" | "submitted" | "returned" | "reviewed";
  readonly objects: number;
  readonly proposed: number;
  readonly gain: number;
  readonly is_clip: boolean;
  readonly holder: string;
}

/** So many of a name. */
export interface Count {
  readonly name: string;
  readonly count: number;
}

/** How far two annotators agree on images that both have labelled: F1 of paired annotations, their mean IoU. */
export interface AgreementView {
  readonly first: string;
  readonly second: string;
  readonly f1: number;
  readonly mean_iou: number | null;
}

/** How far the whole store is. `per_class` counts what is accepted, `proposals` what is not yet. */
export interface ProgressView {
  readonly images: number;
  readonly done: number;
  readonly per_state: ReadonlyArray<Count>;
  readonly per_class: ReadonlyArray<Count>;
  readonly proposals: number;
  readonly seconds: number;
  readonly seconds_per_image: number | null;
}

/**
 * The image on the canvas: its place in the queue (null if it is not in it), and what others did to it.
 *
 * `problem` says why it cannot be shown or changed; `work` names the file that the work on a clip is kept in;
 * `in_review` says that it waits for a reviewer, and is not just submitted here.
 */
export interface CurrentImage {
  readonly image: number;
  readonly name: string;
  readonly state: "new" | "started" | "skipped" | "submitted" | "returned" | "reviewed";
  readonly in_review: boolean;
  readonly place: number | null;
  readonly seconds: number;
  readonly problem: string;
  readonly is_clip: boolean;
  readonly work: string;
}

/** Something that takes long. `total` null: nobody knows how long. */
export interface LabelJobView {
  readonly id: number;
  readonly kind: "suggest" | "train" | "export" | "import" | "survey" | "add";
  readonly state: "running" | "done" | "cancelled" | "failed";
  readonly text: string;
  readonly done: number;
  readonly total: number | null;
}

/** Something to read, until it is dismissed or answered by one of its `choices`. */
export interface LabelNotice {
  readonly id: number;
  readonly level: "info" | "warning" | "error";
  readonly text: string;
  readonly choices: ReadonlyArray<string>;
}

/** Quality on held-out labels after an epoch; number 0 is the model as it came. */
export interface EpochView {
  readonly number: number;
  readonly click: number;
  readonly box: number;
}

/** What training has brought: `gain` is mean IoU on held-out labels, now minus before; `in_use` says it labels. */
export interface TrainingView {
  readonly epochs: ReadonlyArray<EpochView>;
  readonly gain: number | null;
  readonly is_ready: boolean;
  readonly in_use: boolean;
}

/** How the labelling stands. `rows` counts up when rows of the queue have changed, `length` says how many. */
export interface LabelView {
  readonly author: string;
  readonly store: string;
  readonly rows: number;
  readonly length: number;
  readonly filter: QueueFilter;
  readonly current: CurrentImage | null;
  readonly progress: ProgressView;
  readonly jobs: ReadonlyArray<LabelJobView>;
  readonly notices: ReadonlyArray<LabelNotice>;
  readonly training: TrainingView;
  readonly sources: ReadonlyArray<"everything" | "detector" | "model">;
  readonly exports: ReadonlyArray<string>;
  readonly imports: ReadonlyArray<string>;
}

/** Something to look at: an image, and perhaps one annotation of it. */
export interface FindingView {
  readonly image: number;
  readonly name: string;
  readonly label: string;
  readonly kind: string;
  readonly value: number;
  readonly annotation: number | null;
}

/** Say how the labelling stands: answered by `LabelState`. */
export interface LabelHello {
  readonly type: "label_hello";
  readonly view: string;
  readonly seq: number;
}

/** Send `count` rows of the queue (64 at most) from place `first` on, with small pictures of them. */
export interface RowsRequest {
  readonly type: "label_rows";
  readonly view: string;
  readonly seq: number;
  readonly first: number;
  readonly count: number;
}

/**
 * Leave the image on the canvas in some way and go on; `open` goes to `image`, the others say what became of it.
 *
 * `sure`: an image without objects is meant to be empty.
 */
export interface MoveRequest {
  readonly type: "label_move";
  readonly view: string;
  readonly seq: number;
  readonly how: "next" | "previous" | "skip" | "submit" | "accept" | "return" | "open";
  readonly image: number | null;
  readonly note: string;
  readonly sure: boolean;
}

/** Make another queue. */
export interface FilterRequest {
  readonly type: "label_filter";
  readonly view: string;
  readonly seq: number;
  readonly filter: QueueFilter;
}

/** Propose masks, for the image on the canvas or for all of the queue that have none yet. */
export interface SuggestRequest {
  readonly type: "label_suggest";
  readonly view: string;
  readonly seq: number;
  readonly source: "everything" | "detector" | "model";
  readonly everywhere: boolean;
}

/** Add a class, change the one called `name` (its annotations follow), or take it out of the list. */
export interface ClassRequest {
  readonly type: "label_class";
  readonly view: string;
  readonly seq: number;
  readonly how: "add" | "change" | "retire";
  readonly name: string;
  readonly label: LabelClass | null;
}

/**
 * Write what is accepted into a folder; `existing` says what to do with one that is not empty.
 *
 * `val` is the part to validate with, 0 leaves splits as they are; `done` leaves out images not submitted yet.
 */
export interface LabelExportRequest {
  readonly type: "label_export";
  readonly view: string;
  readonly seq: number;
  readonly format: string;
  readonly folder: string;
  readonly existing: "refuse" | "overwrite" | "merge";
  readonly val: number;
  readonly done: boolean;
}

/** Read labels from a folder and add them to images of the same name. */
export interface LabelImportRequest {
  readonly type: "label_import";
  readonly view: string;
  readonly seq: number;
  readonly format: string;
  readonly folder: string;
}

/** Look at all labels, and say what may be wrong. */
export interface SurveyRequest {
  readonly type: "label_survey";
  readonly view: string;
  readonly seq: number;
}

/** Draw a figure of the labels. */
export interface FigureRequest {
  readonly type: "label_figure";
  readonly view: string;
  readonly seq: number;
  readonly what: "sheet" | "classes" | "sizes";
}

/** Train on what is accepted, stop that, or have the trained model (or again the first one) do the work. */
export interface TrainRequest {
  readonly type: "label_train";
  readonly view: string;
  readonly seq: number;
  readonly how: "start" | "stop" | "use" | "unuse";
}

/** Answer a notice by one of its choices, or dismiss it with an empty text. */
export interface NoticeRequest {
  readonly type: "label_notice";
  readonly view: string;
  readonly seq: number;
  readonly id: number;
  readonly choice: string;
}

/** Answer to `LabelHello`. */
export interface LabelState {
  readonly type: "label_state";
  readonly view: string;
  readonly seq: number;
  readonly state: LabelView;
}

/** Answer to `RowsRequest`. Buffers: one `jpeg` for each row that has a picture, named by its image. */
export interface RowsData {
  readonly type: "label_rows_data";
  readonly view: string;
  readonly seq: number;
  readonly rows_at: number;
  readonly first: number;
  readonly rows: ReadonlyArray<QueueRow>;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** Answer to requests that change something: done. With a `question` nothing was done: ask again, and be `sure`. */
export interface LabelDone {
  readonly type: "label_done";
  readonly view: string;
  readonly seq: number;
  readonly question: string;
}

/** Answer to `SurveyRequest`: the list of what to look at, worst first, and counts. */
export interface SurveyData {
  readonly type: "label_survey_data";
  readonly view: string;
  readonly seq: number;
  readonly images: number;
  readonly annotations: number;
  readonly per_class: ReadonlyArray<Count>;
  readonly findings: ReadonlyArray<FindingView>;
  readonly agreement: ReadonlyArray<AgreementView>;
}

/** Answer to `FigureRequest`. Buffer: one `png`. */
export interface FigureData {
  readonly type: "label_figure_data";
  readonly view: string;
  readonly seq: number;
  readonly buffers: ReadonlyArray<Buffer>;
}

/** The labelling stands otherwise now. */
export interface LabelChanged {
  readonly type: "label_changed";
  readonly epoch: string;
  readonly state: LabelView;
}

export type Edit =
  | AddObject
  | RemoveObject
  | AcceptObject
  | RenameObject
  | RecolorObject
  | ShowObject
  | LockObject
  | ClassifyObject
  | SetAttribute
  | SetClasses
  | ChooseClass
  | SelectObject
  | AddPoint
  | MovePoint
  | RemovePoint
  | SetBox
  | ClearPrompts
  | ChooseCandidate
  | SetThreshold
  | AddStroke
  | RemoveStroke
  | PaintMask
  | SetMask
  | KeepMask
  | MoveObject
  | MergeObjects
  | SplitObject
  | CutOverlap;

export type Request =
  | Hello
  | EditRequest
  | HistoryRequest
  | PictureRequest
  | CandidatesRequest
  | HoverRequest
  | EverythingRequest
  | KeepRequest
  | Ping;

export type Reply =
  | Snapshot
  | Ack
  | PictureData
  | CandidatesData
  | HoverData
  | EverythingData
  | Pong
  | Failure;

export type Event =
  | DocumentChanged
  | ObjectResult
  | StatusChanged
  | EverythingChanged;

export type VideoEdit =
  | AddObject
  | RemoveObject
  | AcceptObject
  | RenameObject
  | RecolorObject
  | ShowObject
  | LockObject
  | ClassifyObject
  | SetAttribute
  | SetClasses
  | ChooseClass
  | SelectObject
  | AddPoint
  | MovePoint
  | RemovePoint
  | SetBox
  | ClearPrompts
  | ChooseCandidate
  | SetThreshold
  | AddStroke
  | RemoveStroke
  | PaintMask
  | SetMask
  | KeepMask
  | MoveObject
  | MergeObjects
  | SplitObject
  | CutOverlap;

export type VideoRequest =
  | Hello
  | HistoryRequest
  | Ping
  | VideoEditRequest
  | FramesRequest
  | MasksRequest
  | LookRequest
  | TrackRequest
  | CancelRequest
  | MemoryRequest
  | FrameCandidatesRequest
  | ExportRequest
  | RecoverRequest;

export type VideoReply =
  | VideoSnapshot
  | Ack
  | Pong
  | Failure
  | FramesData
  | MasksData
  | MemoryData
  | FrameCandidatesData
  | JobStarted;

export type VideoEvent =
  | StatusChanged
  | VideoDocumentChanged
  | MasksChanged
  | LanesChanged
  | JobChanged
  | VideoChanged
  | SavedChanged
  | NoticesChanged
  | GoTo;

export type LabelRequest =
  | LabelHello
  | RowsRequest
  | MoveRequest
  | FilterRequest
  | SuggestRequest
  | ClassRequest
  | LabelExportRequest
  | LabelImportRequest
  | SurveyRequest
  | FigureRequest
  | TrainRequest
  | NoticeRequest;

export type LabelReply =
  | LabelState
  | RowsData
  | LabelDone
  | SurveyData
  | FigureData
  | Failure
  | Pong;

export type LabelEvent =
  | LabelChanged;

/** A word, a record, or a list that begins with a word. */
export type Schema = string | ReadonlyArray<Schema> | { readonly [field: string]: Schema };

/** How each message must look that a widget receives, by its `type`. */
export type Wire = Readonly<Record<string, Schema>>;

const text = "string";
const int = "int";
const float = "float";
const flag = "boolean";
const none = "null";
const literal = "literal";
const either = "either";
const list = "list";
const tuple = "tuple";

const AttributeSchema: Schema = {
  name: text,
  choices: [list, text],
  kind: [literal, "text", "number", "choice", "flag"],
};

const LabelClassSchema: Schema = {
  name: text,
  color: text,
  hotkey: [either, text, none],
  attributes: [list, AttributeSchema],
};

const EverythingViewSchema: Schema = {
  state: [literal, "none", "running", "done", "cancelled", "failed"],
  run: int,
  done: int,
  total: int,
  count: int,
  text: text,
  iou: float,
  stability: float,
};

const ProposalViewSchema: Schema = {
  score: float,
  stability: float,
  area: int,
};

const BufferSchema: Schema = {
  what: [literal, "logits8", "rle", "jpeg", "png", "lane", "times"],
  shape: [list, int],
  scale: float,
  object: [either, int, none],
};

const PointViewSchema: Schema = {
  x: float,
  y: float,
  label: int,
};

const StrokeViewSchema: Schema = {
  path: text,
  width: float,
  label: int,
};

const ScoresSchema: Schema = {
  iou: [list, float],
  object_score: [either, float, none],
  best: int,
  milliseconds: float,
};

const AttributeViewSchema: Schema = {
  name: text,
  value: [either, text, float, flag],
};

const ObjectViewSchema: Schema = {
  id: int,
  name: text,
  color: int,
  visible: flag,
  locked: flag,
  label: text,
  attributes: [list, AttributeViewSchema],
  points: [list, PointViewSchema],
  box: [either, [tuple, float, float, float, float], none],
  strokes: [list, StrokeViewSchema],
  drawn: int,
  kept: flag,
  proposed: flag,
  candidate: [either, int, none],
  threshold: float,
  scores: [either, ScoresSchema, none],
  result_rev: [either, int, none],
  area: int,
};

const DocumentViewSchema: Schema = {
  rev: int,
  objects: [list, ObjectViewSchema],
  selected: [either, int, none],
  classes: [list, LabelClassSchema],
  current: text,
  can_undo: flag,
  can_redo: flag,
};

const PictureInfoSchema: Schema = {
  width: int,
  height: int,
  name: text,
  key: text,
};

const StatusSchema: Schema = {
  state: [literal, "loading", "ready", "busy", "error"],
  text: text,
};

const SnapshotSchema: Schema = {
  type: [literal, "snapshot"],
  view: text,
  seq: int,
  version: int,
  epoch: text,
  picture: PictureInfoSchema,
  document: DocumentViewSchema,
  status: StatusSchema,
  buffers: [list, BufferSchema],
};

const AckSchema: Schema = {
  type: [literal, "ack"],
  view: text,
  seq: int,
  rev: int,
};

const PictureDataSchema: Schema = {
  type: [literal, "picture_data"],
  view: text,
  seq: int,
  key: text,
  buffers: [list, BufferSchema],
};

const CandidatesDataSchema: Schema = {
  type: [literal, "candidates_data"],
  view: text,
  seq: int,
  object: int,
  rev: int,
  buffers: [list, BufferSchema],
};

const HoverDataSchema: Schema = {
  type: [literal, "hover_data"],
  view: text,
  seq: int,
  score: float,
  buffers: [list, BufferSchema],
};

const EverythingDataSchema: Schema = {
  type: [literal, "everything_data"],
  view: text,
  seq: int,
  everything: EverythingViewSchema,
  proposals: [list, ProposalViewSchema],
  buffers: [list, BufferSchema],
};

const PongSchema: Schema = {
  type: [literal, "pong"],
  view: text,
  seq: int,
  epoch: text,
  rev: int,
};

const FailureSchema: Schema = {
  type: [literal, "failure"],
  view: text,
  seq: int,
  code: [literal, "malformed", "invalid", "conflict", "internal", "cancelled"],
  message: text,
};

const DocumentChangedSchema: Schema = {
  type: [literal, "document"],
  epoch: text,
  document: DocumentViewSchema,
};

const ObjectResultSchema: Schema = {
  type: [literal, "result"],
  epoch: text,
  object: int,
  rev: int,
  scores: [either, ScoresSchema, none],
  area: int,
  buffers: [list, BufferSchema],
};

const StatusChangedSchema: Schema = {
  type: [literal, "status"],
  epoch: text,
  status: StatusSchema,
};

const EverythingChangedSchema: Schema = {
  type: [literal, "everything_changed"],
  epoch: text,
  everything: EverythingViewSchema,
};

const VideoInfoSchema: Schema = {
  width: int,
  height: int,
  name: text,
  key: text,
  frames: int,
  oldest: int,
  fps: float,
  complete: flag,
  live: flag,
  note: text,
  sizes: [list, [tuple, int, int]],
};

const FramePromptsViewSchema: Schema = {
  frame: int,
  points: [list, PointViewSchema],
  box: [either, [tuple, float, float, float, float], none],
  mask: flag,
  candidate: [either, int, none],
};

const VideoObjectViewSchema: Schema = {
  id: int,
  name: text,
  color: int,
  visible: flag,
  locked: flag,
  label: text,
  attributes: [list, AttributeViewSchema],
  frames: [list, FramePromptsViewSchema],
};

const VideoDocumentViewSchema: Schema = {
  rev: int,
  objects: [list, VideoObjectViewSchema],
  selected: [either, int, none],
  classes: [list, LabelClassSchema],
  current: text,
  can_undo: flag,
  can_redo: flag,
};

const LaneViewSchema: Schema = {
  object: int,
  generation: int,
  first: int,
  state: [literal, "none", "required", "partial", "full"],
  stale: int,
  missing: int,
};

const MaskViewSchema: Schema = {
  frame: int,
  object: int,
  rev: int,
  score: float,
  object_score: float,
  area: int,
  prompted: flag,
  stale: flag,
};

const JobViewSchema: Schema = {
  id: int,
  kind: [literal, "track", "export", "everything"],
  state: [literal, "waiting", "running", "done", "cancelled", "failed"],
  text: text,
  objects: [list, int],
  frame: [either, int, none],
  done: int,
  total: [either, int, none],
  per_second: [either, float, none],
  seconds_left: [either, float, none],
};

const SavedViewSchema: Schema = {
  state: [literal, "saved", "off", "failed"],
  rev: int,
  text: text,
};

const NoticeSchema: Schema = {
  id: int,
  level: [literal, "info", "warning", "error"],
  text: text,
  action: [literal, "none", "recover"],
};

const MemoryViewSchema: Schema = {
  object: int,
  source: [literal, "prompt", "forward", "backward"],
  prompted: [list, int],
  recent: [list, int],
  pointers: [list, int],
  score: float,
  presence: float,
  stale: flag,
};

const MissingFrameSchema: Schema = {
  frame: int,
  text: text,
};

const VideoSnapshotSchema: Schema = {
  type: [literal, "video_snapshot"],
  view: text,
  seq: int,
  version: int,
  epoch: text,
  video: VideoInfoSchema,
  document: VideoDocumentViewSchema,
  frame: int,
  lanes: [list, LaneViewSchema],
  jobs: [list, JobViewSchema],
  status: StatusSchema,
  saved: SavedViewSchema,
  notices: [list, NoticeSchema],
  buffers: [list, BufferSchema],
};

const FramesDataSchema: Schema = {
  type: [literal, "frames_data"],
  view: text,
  seq: int,
  key: text,
  frames: [list, int],
  missing: [list, MissingFrameSchema],
  buffers: [list, BufferSchema],
};

const MasksDataSchema: Schema = {
  type: [literal, "masks_data"],
  view: text,
  seq: int,
  frames: [list, int],
  masks: [list, MaskViewSchema],
  buffers: [list, BufferSchema],
};

const MemoryDataSchema: Schema = {
  type: [literal, "memory_data"],
  view: text,
  seq: int,
  frame: int,
  objects: [list, MemoryViewSchema],
};

const FrameCandidatesDataSchema: Schema = {
  type: [literal, "frame_candidates_data"],
  view: text,
  seq: int,
  frame: int,
  object: int,
  scores: [list, float],
  buffers: [list, BufferSchema],
};

const JobStartedSchema: Schema = {
  type: [literal, "job_started"],
  view: text,
  seq: int,
  job: JobViewSchema,
};

const VideoDocumentChangedSchema: Schema = {
  type: [literal, "video_document"],
  epoch: text,
  document: VideoDocumentViewSchema,
};

const MasksChangedSchema: Schema = {
  type: [literal, "masks_changed"],
  epoch: text,
  masks: [list, MaskViewSchema],
  gone: [list, [tuple, int, int]],
  buffers: [list, BufferSchema],
};

const LanesChangedSchema: Schema = {
  type: [literal, "lanes"],
  epoch: text,
  lanes: [list, LaneViewSchema],
  buffers: [list, BufferSchema],
};

const JobChangedSchema: Schema = {
  type: [literal, "job"],
  epoch: text,
  job: JobViewSchema,
};

const VideoChangedSchema: Schema = {
  type: [literal, "video"],
  epoch: text,
  video: VideoInfoSchema,
};

const SavedChangedSchema: Schema = {
  type: [literal, "saved"],
  epoch: text,
  saved: SavedViewSchema,
};

const NoticesChangedSchema: Schema = {
  type: [literal, "notices"],
  epoch: text,
  notices: [list, NoticeSchema],
};

const GoToSchema: Schema = {
  type: [literal, "go_to"],
  epoch: text,
  frame: int,
};

const QueueFilterSchema: Schema = {
  states: [list, [literal, "new", "started", "skipped", "submitted", "returned", "reviewed"]],
  labels: [list, text],
  least_area: [either, float, none],
  most_area: [either, float, none],
  least_score: [either, float, none],
  most_score: [either, float, none],
  order: [literal, "added", "name", "gain"],
};

const QueueRowSchema: Schema = {
  image: int,
  name: text,
  state: [literal, "new", "started", "skipped", "submitted", "returned", "reviewed"],
  objects: int,
  proposed: int,
  gain: float,
  is_clip: flag,
  holder: text,
};

const CountSchema: Schema = {
  name: text,
  count: int,
};

const AgreementViewSchema: Schema = {
  first: text,
  second: text,
  f1: float,
  mean_iou: [either, float, none],
};

const ProgressViewSchema: Schema = {
  images: int,
  done: int,
  per_state: [list, CountSchema],
  per_class: [list, CountSchema],
  proposals: int,
  seconds: float,
  seconds_per_image: [either, float, none],
};

const CurrentImageSchema: Schema = {
  image: int,
  name: text,
  state: [literal, "new", "started", "skipped", "submitted", "returned", "reviewed"],
  in_review: flag,
  place: [either, int, none],
  seconds: float,
  problem: text,
  is_clip: flag,
  work: text,
};

const LabelJobViewSchema: Schema = {
  id: int,
  kind: [literal, "suggest", "train", "export", "import", "survey", "add"],
  state: [literal, "running", "done", "cancelled", "failed"],
  text: text,
  done: int,
  total: [either, int, none],
};

const LabelNoticeSchema: Schema = {
  id: int,
  level: [literal, "info", "warning", "error"],
  text: text,
  choices: [list, text],
};

const EpochViewSchema: Schema = {
  number: int,
  click: float,
  box: float,
};

const TrainingViewSchema: Schema = {
  epochs: [list, EpochViewSchema],
  gain: [either, float, none],
  is_ready: flag,
  in_use: flag,
};

const LabelViewSchema: Schema = {
  author: text,
  store: text,
  rows: int,
  length: int,
  filter: QueueFilterSchema,
  current: [either, CurrentImageSchema, none],
  progress: ProgressViewSchema,
  jobs: [list, LabelJobViewSchema],
  notices: [list, LabelNoticeSchema],
  training: TrainingViewSchema,
  sources: [list, [literal, "everything", "detector", "model"]],
  exports: [list, text],
  imports: [list, text],
};

const FindingViewSchema: Schema = {
  image: int,
  name: text,
  label: text,
  kind: text,
  value: float,
  annotation: [either, int, none],
};

const LabelStateSchema: Schema = {
  type: [literal, "label_state"],
  view: text,
  seq: int,
  state: LabelViewSchema,
};

const RowsDataSchema: Schema = {
  type: [literal, "label_rows_data"],
  view: text,
  seq: int,
  rows_at: int,
  first: int,
  rows: [list, QueueRowSchema],
  buffers: [list, BufferSchema],
};

const LabelDoneSchema: Schema = {
  type: [literal, "label_done"],
  view: text,
  seq: int,
  question: text,
};

const SurveyDataSchema: Schema = {
  type: [literal, "label_survey_data"],
  view: text,
  seq: int,
  images: int,
  annotations: int,
  per_class: [list, CountSchema],
  findings: [list, FindingViewSchema],
  agreement: [list, AgreementViewSchema],
};

const FigureDataSchema: Schema = {
  type: [literal, "label_figure_data"],
  view: text,
  seq: int,
  buffers: [list, BufferSchema],
};

const LabelChangedSchema: Schema = {
  type: [literal, "label_changed"],
  epoch: text,
  state: LabelViewSchema,
};

export const PICTURE_WIRE: Wire = {
  snapshot: SnapshotSchema,
  ack: AckSchema,
  picture_data: PictureDataSchema,
  candidates_data: CandidatesDataSchema,
  hover_data: HoverDataSchema,
  everything_data: EverythingDataSchema,
  pong: PongSchema,
  failure: FailureSchema,
  document: DocumentChangedSchema,
  result: ObjectResultSchema,
  status: StatusChangedSchema,
  everything_changed: EverythingChangedSchema,
};

export const VIDEO_WIRE: Wire = {
  video_snapshot: VideoSnapshotSchema,
  ack: AckSchema,
  pong: PongSchema,
  failure: FailureSchema,
  frames_data: FramesDataSchema,
  masks_data: MasksDataSchema,
  memory_data: MemoryDataSchema,
  frame_candidates_data: FrameCandidatesDataSchema,
  job_started: JobStartedSchema,
  status: StatusChangedSchema,
  video_document: VideoDocumentChangedSchema,
  masks_changed: MasksChangedSchema,
  lanes: LanesChangedSchema,
  job: JobChangedSchema,
  video: VideoChangedSchema,
  saved: SavedChangedSchema,
  notices: NoticesChangedSchema,
  go_to: GoToSchema,
};

export const LABEL_WIRE: Wire = {
  snapshot: SnapshotSchema,
  ack: AckSchema,
  picture_data: PictureDataSchema,
  candidates_data: CandidatesDataSchema,
  hover_data: HoverDataSchema,
  everything_data: EverythingDataSchema,
  pong: PongSchema,
  failure: FailureSchema,
  document: DocumentChangedSchema,
  result: ObjectResultSchema,
  status: StatusChangedSchema,
  everything_changed: EverythingChangedSchema,
  label_state: LabelStateSchema,
  label_rows_data: RowsDataSchema,
  label_done: LabelDoneSchema,
  label_survey_data: SurveyDataSchema,
  label_figure_data: FigureDataSchema,
  label_changed: LabelChangedSchema,
};
