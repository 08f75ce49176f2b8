// Written by `python -m sam2_notebook.protocol`. Do not edit: change sam2_notebook/protocol/messages.py.

export const VERSION = 1;
export const MAX_OBJECTS = 1000;
export const MAX_NAME = 200;
export const MAX_POINTS = 1000;

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

/**
 * What one binary buffer beside a message holds.
 *
 * `logits8`: int8 of shape (candidates, height, width), row-major, mask logits times `scale`, clipped to +-127;
 * `rle`: a mask at image size, coded by `protocol.codecs.encode_rle`, shape (height, width);
 * `jpeg`, `png`: an encoded picture, shape (height, width) of its pixels.
 */
export interface Buffer {
  readonly what: "logits8" | "rle" | "jpeg" | "png";
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

/** What the model says of an object's candidates: predicted IoU per candidate, and whether the object is there. */
export interface Scores {
  readonly iou: ReadonlyArray<number>;
  readonly object_score: number | null;
  readonly best: number;
  readonly milliseconds: number;
}

/** One object as the page shows it. `result_rev` is the revision its mask was computed for, null without a mask. */
export interface ObjectView {
  readonly id: number;
  readonly name: string;
  readonly color: number;
  readonly visible: boolean;
  readonly points: ReadonlyArray<PointView>;
  readonly box: readonly [number, number, number, number] | null;
  readonly candidate: number | null;
  readonly scores: Scores | null;
  readonly result_rev: number | null;
  readonly area: number;
}

/** The whole document at revision `rev`. */
export interface DocumentView {
  readonly rev: number;
  readonly objects: ReadonlyArray<ObjectView>;
  readonly selected: number | null;
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

/** Answer to `Ping`. */
export interface Pong {
  readonly type: "pong";
  readonly view: string;
  readonly seq: number;
  readonly epoch: string;
  readonly rev: number;
}

/** Answer to a request that could not be met: nothing changed. After `stale` or `conflict` the page says hello. */
export interface Failure {
  readonly type: "failure";
  readonly view: string;
  readonly seq: number;
  readonly code: "malformed" | "invalid" | "conflict" | "internal";
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
 * Buffers: `logits8` (all candidates), then `rle` (the chosen one at image size); none when the prompts are gone.
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

export type Edit =
  | AddObject
  | RemoveObject
  | RenameObject
  | RecolorObject
  | ShowObject
  | SelectObject
  | AddPoint
  | MovePoint
  | RemovePoint
  | SetBox
  | ClearPrompts
  | ChooseCandidate;

export type Request =
  | Hello
  | EditRequest
  | HistoryRequest
  | PictureRequest
  | CandidatesRequest
  | Ping;

export type Reply =
  | Snapshot
  | Ack
  | PictureData
  | CandidatesData
  | Pong
  | Failure;

export type Event =
  | DocumentChanged
  | ObjectResult
  | StatusChanged;

/** How each record that the page receives must look. */
export const SCHEMAS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  Buffer: {
    what: ["literal", "logits8", "rle", "jpeg", "png"],
    shape: ["list", "int"],
    scale: "float",
    object: ["either", "int", "null"],
  },
  PointView: {
    x: "float",
    y: "float",
    label: "int",
  },
  Scores: {
    iou: ["list", "float"],
    object_score: ["either", "float", "null"],
    best: "int",
    milliseconds: "float",
  },
  ObjectView: {
    id: "int",
    name: "string",
    color: "int",
    visible: "boolean",
    points: ["list", ["record", "PointView"]],
    box: ["either", ["tuple", "float", "float", "float", "float"], "null"],
    candidate: ["either", "int", "null"],
    scores: ["either", ["record", "Scores"], "null"],
    result_rev: ["either", "int", "null"],
    area: "int",
  },
  DocumentView: {
    rev: "int",
    objects: ["list", ["record", "ObjectView"]],
    selected: ["either", "int", "null"],
    can_undo: "boolean",
    can_redo: "boolean",
  },
  PictureInfo: {
    width: "int",
    height: "int",
    name: "string",
    key: "string",
  },
  Status: {
    state: ["literal", "loading", "ready", "busy", "error"],
    text: "string",
  },
  Snapshot: {
    type: ["literal", "snapshot"],
    view: "string",
    seq: "int",
    version: "int",
    epoch: "string",
    picture: ["record", "PictureInfo"],
    document: ["record", "DocumentView"],
    status: ["record", "Status"],
    buffers: ["list", ["record", "Buffer"]],
  },
  Ack: {
    type: ["literal", "ack"],
    view: "string",
    seq: "int",
    rev: "int",
  },
  PictureData: {
    type: ["literal", "picture_data"],
    view: "string",
    seq: "int",
    key: "string",
    buffers: ["list", ["record", "Buffer"]],
  },
  CandidatesData: {
    type: ["literal", "candidates_data"],
    view: "string",
    seq: "int",
    object: "int",
    rev: "int",
    buffers: ["list", ["record", "Buffer"]],
  },
  Pong: {
    type: ["literal", "pong"],
    view: "string",
    seq: "int",
    epoch: "string",
    rev: "int",
  },
  Failure: {
    type: ["literal", "failure"],
    view: "string",
    seq: "int",
    code: ["literal", "malformed", "invalid", "conflict", "internal"],
    message: "string",
  },
  DocumentChanged: {
    type: ["literal", "document"],
    epoch: "string",
    document: ["record", "DocumentView"],
  },
  ObjectResult: {
    type: ["literal", "result"],
    epoch: "string",
    object: "int",
    rev: "int",
    scores: ["either", ["record", "Scores"], "null"],
    area: "int",
    buffers: ["list", ["record", "Buffer"]],
  },
  StatusChanged: {
    type: ["literal", "status"],
    epoch: "string",
    status: ["record", "Status"],
  },
};

/** Which record a received message is, by its `type`. */
export const RECEIVED: Readonly<Record<string, string>> = {
  snapshot: "Snapshot",
  ack: "Ack",
  picture_data: "PictureData",
  candidates_data: "CandidatesData",
  pong: "Pong",
  failure: "Failure",
  document: "DocumentChanged",
  result: "ObjectResult",
  status: "StatusChanged",
};
