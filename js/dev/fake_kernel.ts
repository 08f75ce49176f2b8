/** A kernel for tests and for looking: speaks the protocol, and takes a disc around each click for the object. */

import { pathPlaces } from "../src/geometry/strokes";
import type { Extent } from "../src/geometry/viewport";
import type { AnyRequest } from "../src/protocol/channel";
import type {
  Buffer,
  DocumentView,
  Edit,
  ObjectView,
  PaintMask,
  Request,
  Scores,
} from "../src/protocol/messages.gen";
import { VERSION } from "../src/protocol/messages.gen";
import {
  applyAll,
  type Choosing,
  changesChoice,
  changesPrompts,
  EMPTY_DOCUMENT,
  isAmbiguous,
  isBare,
  isDrawn,
  isStep,
  NOTHING_SAID,
  type PromptEdit,
} from "../src/state/document";

export type Post = (content: unknown, buffers: ReadonlyArray<Uint8Array>) => void;

const GRID = 32;
const SCALE = 8;
const RADII = [0.06, 0.14, 0.3] as const;

export class FakeKernel {
  document: DocumentView = EMPTY_DOCUMENT;
  readonly received: AnyRequest[] = [];
  readonly #answered = new Map<string, unknown>();
  readonly #drawings = new Map<number, Uint8Array>();
  readonly #history: DocumentView[] = [];
  readonly #undone: DocumentView[] = [];
  readonly #post: Post;

  constructor(
    readonly image: Extent,
    readonly jpeg: Uint8Array,
    post: Post,
    /** When the model has its answer: at once, unless told otherwise. */
    readonly later: (work: () => void) => void = (work) => work(),
    readonly epoch = "epoch-1",
  ) {
    this.#post = post;
  }

  /** A request from the page. */
  take(request: AnyRequest): void {
    this.received.push(request);
    const id = `${request.view} ${request.seq}`;
    const { view, seq } = request;
    if (request.type === "edit" || request.type === "history") {
      const known = this.#answered.get(id);
      const answer = known ?? this.#change(request);
      this.#answered.set(id, answer);
      this.#post(answer, []);
      return;
    }
    if (request.type === "ping")
      this.#post({ type: "pong", view, seq, epoch: this.epoch, rev: this.document.rev }, []);
    if (request.type === "hello") this.#snapshot(view, seq);
    if (request.type === "picture")
      this.#post(
        { type: "picture_data", view, seq, key: "picture-1", buffers: [this.#buffer("jpeg", null)] },
        [this.jpeg],
      );
    if (request.type === "candidates") this.#candidates(view, seq, request.object);
    if (request.type === "hover") this.#hover(view, seq, request.x, request.y);
  }

  #snapshot(view: string, seq: number): void {
    const masked = this.document.objects.filter((object) => object.result_rev !== null);
    const content = {
      ...{ type: "snapshot", view, seq, version: VERSION, epoch: this.epoch, document: this.document },
      picture: { ...this.image, name: "picture", key: "picture-1" },
      status: { state: "ready", text: "" },
      buffers: masked.map(({ id }) => this.#buffer("rle", id)),
    };
    this.#post(
      content,
      masked.map((object) => this.#mask(object)),
    );
  }

  #candidates(view: string, seq: number, id: number): void {
    const object = this.document.objects.find((other) => other.id === id);
    const rev = object?.result_rev ?? 0;
    const logits = object === undefined ? [] : [discs(object, this.image)];
    const buffers = logits.map((data) => this.#logits8(id, data));
    this.#post({ type: "candidates_data", view, seq, object: id, rev, buffers }, logits);
  }

  #hover(view: string, seq: number, x: number, y: number): void {
    const said = { ...NOTHING_SAID, id: 0, name: "", color: 0, points: [{ x, y, label: 1 }] };
    const data = discs(said, this.image).subarray(GRID * GRID, 2 * GRID * GRID);
    const buffers = [{ what: "logits8", shape: [1, GRID, GRID], scale: SCALE, object: null }];
    this.later(() => this.#post({ type: "hover_data", view, seq, score: 0.9, buffers }, [data]));
  }

  #change(request: Extract<Request, { type: "edit" | "history" }>): unknown {
    const { view, seq } = request;
    const before = this.document;
    try {
      if (request.type === "edit")
        for (const edit of request.edits) if (edit.kind === "paint_mask") this.#paint(edit);
      const after =
        request.type === "edit"
          ? applyAll(before, request.edits, this.image)
          : this.#travel(request.direction);
      this.document = { ...after, rev: before.rev + 1 };
      if (request.type === "edit" && isStep(request.edits)) {
        this.#history.push(before);
        this.#undone.length = 0;
      }
    } catch (error) {
      return { type: "failure", view, seq, code: "invalid", message: String(error) };
    }
    this.document = {
      ...this.document,
      can_undo: this.#history.length > 0,
      can_redo: this.#undone.length > 0,
    };
    this.#post({ type: "document", epoch: this.epoch, document: this.document }, []);
    const touched =
      request.type === "edit" ? request.edits.filter(concernsMask).map(({ object }) => object) : null;
    const { rev } = this.document;
    this.later(() => this.#predict(rev, touched));
    return { type: "ack", view, seq, rev };
  }

  #travel(direction: "undo" | "redo"): DocumentView {
    const [from, to] = direction === "undo" ? [this.#history, this.#undone] : [this.#undone, this.#history];
    const found = from.pop();
    if (found === undefined) throw new Error(`there is nothing to ${direction}`);
    to.push(this.document);
    return found;
  }

  #predict(rev: number, touched: ReadonlyArray<number> | null): void {
    for (const object of this.document.objects) {
      if (touched !== null && !touched.includes(object.id)) continue;
      this.result(object, rev);
    }
  }

  /** Publish the model's answer for an object. */
  result(object: ObjectView, rev: number): void {
    const isEmpty = isBare(object);
    const iou = isAmbiguous(object) ? [0.71, 0.93, 0.86] : [0.9];
    const scores: Scores | null =
      isEmpty || isDrawn(object)
        ? null
        : { iou, object_score: 4, best: iou.length > 1 ? 1 : 0, milliseconds: 20 };
    this.document = {
      ...this.document,
      objects: this.document.objects.map((other) =>
        other.id === object.id ? { ...other, scores, result_rev: isEmpty ? null : rev } : other,
      ),
    };
    const content = { type: "result", epoch: this.epoch, object: object.id, rev, scores, area: 1 };
    if (isEmpty) return this.#post({ ...content, buffers: [] }, []);
    const shown = { ...object, scores };
    const logits = isDrawn(object) ? [] : [discs(shown, this.image)];
    const buffers = [...logits.map((data) => this.#logits8(object.id, data)), this.#buffer("rle", object.id)];
    this.#post({ ...content, buffers }, [...logits, this.#mask(shown)]);
  }

  #mask(object: ObjectView): Uint8Array {
    return encodeRle(this.#pixels(object), this.image.width, this.image.height);
  }

  #pixels(object: ObjectView): Uint8Array {
    const drawn = isDrawn(object) ? this.#drawings.get(object.id) : undefined;
    if (drawn !== undefined) return drawn;
    const logits = discs(object, this.image);
    const chosen = isAmbiguous(object) ? (object.candidate ?? object.scores?.best ?? 0) : 0;
    const plane = new Int8Array(logits.slice(chosen * GRID * GRID, (chosen + 1) * GRID * GRID).buffer);
    const { width, height } = this.image;
    const mask = new Uint8Array(width * height);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const value = plane[Math.floor((y * GRID) / height) * GRID + Math.floor((x * GRID) / width)] ?? 0;
        if (value > object.threshold * SCALE) mask[y * width + x] = 1;
      }
    return mask;
  }

  /** Paint over what an object shows: a brush only, outlines are left to the kernel proper. */
  #paint({ object: id, path, width, label }: PaintMask): void {
    const object = this.document.objects.find((other) => other.id === id);
    const mask = object === undefined || isBare(object) ? null : this.#pixels(object).slice();
    const made = mask ?? new Uint8Array(this.image.width * this.image.height);
    const places = pathPlaces(path);
    places.forEach((place, i) => {
      const next = places[i + 1] ?? place;
      for (let part = 0; part <= 64; part++) {
        const x = place.x + ((next.x - place.x) * part) / 64;
        const y = place.y + ((next.y - place.y) * part) / 64;
        this.#dot(made, x, y, width / 2, label);
      }
    });
    this.#drawings.set(id, made);
  }

  #dot(mask: Uint8Array, x: number, y: number, radius: number, label: number): void {
    for (
      let row = Math.max(0, Math.ceil(y - radius));
      row <= Math.min(y + radius, this.image.height - 1);
      row++
    )
      for (
        let column = Math.max(0, Math.ceil(x - radius));
        column <= Math.min(x + radius, this.image.width - 1);
        column++
      )
        if (Math.hypot(column - x, row - y) <= radius) mask[row * this.image.width + column] = label;
  }

  #logits8(id: number, data: Uint8Array): Buffer {
    return { ...this.#buffer("logits8", id), shape: [data.length / (GRID * GRID), GRID, GRID] };
  }

  #buffer(what: Buffer["what"], object: number | null): Buffer {
    const shape = what === "logits8" ? [RADII.length, GRID, GRID] : [this.image.height, this.image.width];
    return { what, shape, scale: what === "logits8" ? SCALE : 1, object };
  }
}

function concernsMask(edit: Edit): edit is PromptEdit | Choosing {
  return changesPrompts(edit) || changesChoice(edit);
}

/** Logits of discs about the clicks, or of the ellipse in the box: three sizes for a single click, one otherwise. */
function discs(object: ObjectView, image: Extent): Uint8Array {
  const radii = isAmbiguous(object) ? RADII : [RADII[1]];
  const logits = new Int8Array(radii.length * GRID * GRID);
  const long = Math.max(image.width, image.height);
  radii.forEach((radius, k) => {
    for (let i = 0; i < GRID * GRID; i++) {
      const x = (((i % GRID) + 0.5) * image.width) / GRID;
      const y = ((Math.floor(i / GRID) + 0.5) * image.height) / GRID;
      const near = (label: number, reach: number) =>
        Math.max(
          ...object.points
            .filter((p) => p.label === label)
            .map((p) => reach - Math.hypot(p.x - x, p.y - y) / long),
          -1,
        );
      const [left, top, right, bottom] = object.box ?? [0, 0, 0, 0];
      const [a, b] = [(right - left) / 2, (bottom - top) / 2];
      const inBox = a > 0 && b > 0 ? (1 - Math.hypot((x - left - a) / a, (y - top - b) / b)) * 0.2 : -1;
      const inside = Math.min(Math.max(near(1, radius), inBox), -near(0, RADII[0]));
      logits[k * GRID * GRID + i] = Math.max(-127, Math.min(127, Math.round(inside * 60 * SCALE)));
    }
  });
  return new Uint8Array(logits.buffer);
}

/** The twin of `decodeRle`, for the whole picture's box. */
export function encodeRle(mask: Uint8Array, width: number, height: number): Uint8Array {
  const bytes: number[] = [];
  const put = (value: number) => {
    let left = value;
    while (left >= 128) {
      bytes.push((left % 128) + 128);
      left = Math.floor(left / 128);
    }
    bytes.push(left);
  };
  for (const number of mask.includes(1) ? [0, 0, width, height] : [0, 0, 0, 0]) put(number);
  for (let at = 0, value = 0; mask.includes(1) && at < mask.length; value = 1 - value) {
    const from = at;
    while (at < mask.length && mask[at] === value) at++;
    put(at - from);
  }
  return Uint8Array.from(bytes);
}
