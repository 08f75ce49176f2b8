/** A kernel of a video for tests and for looking: discs that follow the prompts, drifting to the right. */

import type { AnyRequest } from "../src/protocol/channel";
import type {
  Buffer,
  JobView,
  LaneView,
  MaskView,
  MemoryView,
  Notice,
  SavedView,
  Status,
  VideoDocumentView,
  VideoInfo,
  VideoObjectView,
} from "../src/protocol/messages.gen";
import { VERSION } from "../src/protocol/messages.gen";
import { isStep } from "../src/state/document";
import { applyAllInFrame, changesVideoPrompts, findVideoObject } from "../src/state/video_document";
import { FakeHistory } from "./fake_history";
import { encodeRle, type Post } from "./fake_kernel";

interface Result {
  readonly rev: number;
  readonly present: boolean;
  readonly score: number;
}

type Ask<T extends AnyRequest["type"]> = Extract<AnyRequest, { type: T }>;

const NONE = 255;

export class FakeVideo {
  notices: ReadonlyArray<Notice> = [];
  saved: SavedView = { state: "saved", rev: 0, text: "" };
  readonly received: AnyRequest[] = [];
  readonly #answered = new Map<string, unknown>();
  readonly #history = new FakeHistory();
  /** By the number an object was born with. */
  readonly #results = new Map<number, Map<number, Result>>();
  readonly #toCome: Array<Ask<"frames">> = [];
  #job: JobView | null = null;
  #jobs = 0;

  constructor(
    public video: VideoInfo,
    /** A frame as JPEG, at most so wide. */
    readonly jpegOf: (frame: number, width: number) => Promise<Uint8Array> | Uint8Array,
    readonly post: Post,
    readonly later: (work: () => void) => void = (work) => work(),
    readonly epoch = "epoch-1",
  ) {}

  get document(): VideoDocumentView {
    return this.#history.document;
  }

  take(request: AnyRequest): void {
    this.received.push(request);
    const { view, seq } = request;
    switch (request.type) {
      case "hello":
        return this.#snapshot(view, seq);
      case "ping":
        return this.post({ type: "pong", view, seq, epoch: this.epoch, rev: this.document.rev }, []);
      case "video_edit":
      case "history": {
        const id = `${view} ${seq}`;
        const answer = this.#answered.get(id) ?? this.#change(request);
        this.#answered.set(id, answer);
        return this.post(answer, []);
      }
      case "frames":
        return void this.#frames(request);
      case "masks":
        return this.#masks(request);
      case "track":
        return this.#track(request);
      case "cancel":
        if (this.#job?.id === request.job) this.#job = { ...this.#job, state: "cancelled", text: "stopped" };
        return this.#ack(view, seq);
      case "memory":
        return this.post(
          { type: "memory_data", view, seq, frame: request.frame, objects: this.#memories(request.frame) },
          [],
        );
      case "frame_candidates":
        return this.#candidates(request);
      case "export": {
        const job: JobView = {
          ...{ id: ++this.#jobs, kind: "export", state: "done", objects: [], frame: null },
          ...{ text: `${request.name}, 1.2 MB`, done: 9, total: 9, per_second: null, seconds_left: null },
        };
        this.post({ type: "job_started", view, seq, job: { ...job, state: "running" } }, []);
        return this.later(() => this.post({ type: "job", epoch: this.epoch, job }, []));
      }
      case "recover":
        this.notices = [];
        this.post({ type: "notices", epoch: this.epoch, notices: [] }, []);
        return this.#ack(view, seq);
      case "look":
        return this.#ack(view, seq);
    }
  }

  /** A lone click means one of three discs, the middle one best. */
  #candidates({ view, seq, frame, object }: Ask<"frame_candidates">): void {
    const said = findVideoObject(this.document, object)?.frames.find((one) => one.frame === frame);
    const [point] = said?.points ?? [];
    const isLone = said?.points.length === 1 && said.box === null && point !== undefined;
    const side = 32;
    const { width, height } = this.video;
    const logits = new Int8Array(3 * side * side).map((_, i) => {
      const [x, y] = [
        ((i % side) + 0.5) * (width / side),
        ((Math.floor(i / side) % side) + 0.5) * (height / side),
      ];
      const radius = ((1 + Math.floor(i / side / side)) * height) / 12;
      return Math.max(-127, Math.min(127, radius - Math.hypot(x - (point?.x ?? 0), y - (point?.y ?? 0))));
    });
    const buffer: Buffer = { what: "logits8", shape: [3, side, side], scale: 1, object };
    const [scores, buffers] = isLone ? [[0.6, 0.8, 0.7], [buffer]] : [[], []];
    this.post(
      { type: "frame_candidates_data", view, seq, frame, object, scores, buffers },
      isLone ? [new Uint8Array(logits.buffer)] : [],
    );
  }

  #ack(view: string, seq: number): void {
    this.post({ type: "ack", view, seq, rev: this.document.rev }, []);
  }

  #snapshot(view: string, seq: number): void {
    const status: Status = { state: "ready", text: "" };
    const lanes = this.document.objects.map(({ id }) => this.#lane(id));
    const content = {
      ...{ type: "video_snapshot", view, seq, version: VERSION, epoch: this.epoch, video: this.video },
      ...{ document: this.document, frame: 0, lanes: lanes.map(([lane]) => lane), status },
      ...{ jobs: this.#job === null ? [] : [this.#job], saved: this.saved, notices: this.notices },
      buffers: lanes.map(([lane]) => this.#laneBuffer(lane.object)),
    };
    this.post(
      content,
      lanes.map(([, bytes]) => bytes),
    );
  }

  #laneBuffer(object: number): Buffer {
    return { what: "lane", shape: [2, this.video.frames], scale: 1, object };
  }

  #lane(id: number): readonly [LaneView, Uint8Array] {
    const { frames } = this.video;
    const bytes = new Uint8Array(2 * frames).fill(NONE, frames);
    const object = findVideoObject(this.document, id);
    const results = this.#resultsOf(id);
    let stale = 0;
    for (const [frame, { present, score }] of results) {
      const isStale = this.#isStale(id, frame);
      if (isStale) stale += 1;
      bytes[frame] = (present ? 1 : 2) + (isStale ? 2 : 0);
      bytes[frames + frame] = Math.round(score * 254);
    }
    const missing = frames - results.size;
    const beyond = results.size - (object?.frames.length ?? 0);
    const state =
      (object?.frames.length ?? 0) === 0
        ? "none"
        : beyond <= 0
          ? "required"
          : missing > 0 || stale > 0
            ? "partial"
            : "full";
    return [{ object: id, generation: this.#history.born(id), first: 0, state, stale, missing }, bytes];
  }

  readonly #changedAt = new Map<number, number>();

  #resultsOf(id: number): Map<number, Result> {
    const born = this.#history.born(id);
    const results = this.#results.get(born) ?? new Map<number, Result>();
    this.#results.set(born, results);
    return results;
  }

  #isStale(id: number, frame: number): boolean {
    const said = findVideoObject(this.document, id)?.frames.some((one) => one.frame === frame) ?? false;
    const rev = this.#resultsOf(id).get(frame)?.rev ?? 0;
    return !said && rev < (this.#changedAt.get(this.#history.born(id)) ?? 0);
  }

  /** A stream has brought so many frames more, or has ended. */
  bring(count: number, complete = false): void {
    this.video = { ...this.video, frames: this.video.frames + count, complete };
    this.post({ type: "video", epoch: this.epoch, video: this.video }, []);
    for (const request of this.#toCome.splice(0)) void this.#frames(request);
  }

  async #frames(request: Ask<"frames">): Promise<void> {
    const { view, seq, width } = request;
    const isThere = (frame: number) => frame < this.video.frames;
    if (!this.video.complete && !request.frames.every(isThere)) {
      this.#toCome.push(request);
      return;
    }
    const frames = request.frames.filter(isThere);
    const missing = request.frames.filter((frame) => !isThere(frame)).map((frame) => ({ frame, text: "?" }));
    const bytes = await Promise.all(frames.map((frame) => this.jpegOf(frame, width)));
    const { height } = this.video;
    const buffers = frames.map(() => ({ what: "jpeg", shape: [height, width], scale: 1, object: null }));
    const { key } = this.video;
    this.post({ type: "frames_data", view, seq, key, frames, missing, buffers }, bytes);
  }

  #masks({ view, seq, frames }: Ask<"masks">): void {
    const found = frames.flatMap((frame) =>
      this.document.objects.flatMap(({ id }) => {
        const result = this.#resultsOf(id).get(frame);
        return result === undefined ? [] : [this.#mask(id, frame, result)];
      }),
    );
    const masks = found.map(([mask]) => mask);
    const buffers = masks.map(({ object }) => this.#rleBuffer(object));
    this.post(
      { type: "masks_data", view, seq, frames, masks, buffers },
      found.map(([, bytes]) => bytes),
    );
  }

  #rleBuffer(object: number): Buffer {
    return { what: "rle", shape: [this.video.height, this.video.width], scale: 1, object };
  }

  #mask(id: number, frame: number, result: Result): readonly [MaskView, Uint8Array] {
    const { width, height } = this.video;
    const object = findVideoObject(this.document, id);
    const bytes = result.present && object !== undefined ? disc(object, frame, width, height) : null;
    const prompted = object?.frames.some((said) => said.frame === frame) ?? false;
    const stale = this.#isStale(id, frame);
    const view: MaskView = {
      ...{ frame, object: id, rev: result.rev, score: result.score, area: 1, prompted, stale },
      object_score: result.present ? 4 : -4,
    };
    return [view, bytes ?? encodeRle(new Uint8Array(width * height), width, height)];
  }

  #change(request: Ask<"video_edit" | "history">): unknown {
    const { view, seq } = request;
    try {
      if (request.type === "history") this.#history.travel(request.direction);
      else {
        const after = applyAllInFrame(this.document, request.edits, request.frame, this.video);
        this.#history.go(after, isStep(request.edits));
      }
    } catch (error) {
      return { type: "failure", view, seq, code: "invalid", message: String(error) };
    }
    this.saved = { state: "saved", rev: this.document.rev, text: "" };
    this.post({ type: "saved", epoch: this.epoch, saved: this.saved }, []);
    this.post({ type: "video_document", epoch: this.epoch, document: this.document }, []);
    this.#publishLanes();
    if (request.type === "video_edit")
      for (const edit of request.edits)
        if (changesVideoPrompts(edit)) {
          this.#changedAt.set(this.#history.born(edit.object), this.document.rev);
          this.later(() => this.#predict(edit.object, request.frame));
        }
    return { type: "ack", view, seq, rev: this.document.rev };
  }

  #predict(id: number, frame: number): void {
    if (findVideoObject(this.document, id) === undefined) return;
    this.#put(id, frame);
    this.#publish([[id, frame]]);
    this.#publishLanes();
  }

  #put(id: number, frame: number): void {
    const results = this.#resultsOf(id);
    const present = (frame + 31 * id) % 160 < 130;
    const score = 0.62 + 0.3 * Math.cos(frame / 23 + id) ** 2;
    results.set(frame, { rev: this.document.rev, present, score });
  }

  #publish(pairs: ReadonlyArray<readonly [number, number]>): void {
    const found = pairs.flatMap(([id, frame]) => {
      const result = this.#resultsOf(id).get(frame);
      return result === undefined ? [] : [this.#mask(id, frame, result)];
    });
    const masks = found.map(([mask]) => mask);
    const buffers = masks.map(({ object }) => this.#rleBuffer(object));
    this.post(
      { type: "masks_changed", epoch: this.epoch, masks, gone: [], buffers },
      found.map(([, bytes]) => bytes),
    );
  }

  #publishLanes(): void {
    const lanes = this.document.objects.map(({ id }) => this.#lane(id));
    const buffers = lanes.map(([{ object }]) => this.#laneBuffer(object));
    this.post(
      { type: "lanes", epoch: this.epoch, lanes: lanes.map(([lane]) => lane), buffers },
      lanes.map(([, bytes]) => bytes),
    );
  }

  #track({ view, seq, objects, first, last }: Ask<"track">): void {
    const ids = objects ?? this.document.objects.filter((o) => o.frames.length > 0).map(({ id }) => id);
    if (ids.length === 0) {
      const message = "nothing is prompted yet";
      return this.post({ type: "failure", view, seq, code: "invalid", message }, []);
    }
    const [from, to] = [first ?? 0, last ?? this.video.frames - 1];
    this.#job = {
      ...{ id: ++this.#jobs, kind: "track", state: "running", text: "", objects: ids, frame: from },
      ...{ done: 0, total: to - from + 1, per_second: 24, seconds_left: (to - from) / 24 },
    };
    this.post({ type: "job_started", view, seq, job: this.#job }, []);
    const step = (frame: number) => {
      const job = this.#job;
      if (job === null) return;
      const end = Math.min(frame + 4, to + 1);
      if (job.state === "running") {
        const pairs: Array<readonly [number, number]> = [];
        for (let at = frame; at < end; at++)
          for (const id of ids) {
            this.#put(id, at);
            pairs.push([id, at]);
          }
        this.#publish(pairs);
        const done = end - from;
        const seconds_left = (to + 1 - end) / 24;
        this.#job = { ...job, frame: end - 1, done, seconds_left };
        if (end > to) this.#job = { ...this.#job, state: "done", text: `${done} frames tracked` };
      }
      this.#publishLanes();
      this.post({ type: "job", epoch: this.epoch, job: this.#job }, []);
      if (this.#job?.state === "running") this.later(() => step(end));
    };
    this.later(() => step(from));
  }

  #memories(frame: number): ReadonlyArray<MemoryView> {
    return this.document.objects.flatMap((object): MemoryView[] => {
      const result = this.#resultsOf(object.id).get(frame);
      if (result === undefined) return [];
      const prompted = object.frames.map((said) => said.frame).filter((far) => far !== frame);
      const before = Array.from({ length: 16 }, (_, i) => frame - i - 1).filter((far) => far >= 0);
      return [
        {
          ...{ object: object.id, source: prompted.length > 0 ? "forward" : "prompt", prompted },
          ...{ recent: before.slice(0, 6), pointers: before, score: result.score, stale: false },
          presence: result.present ? 0.98 : 0.12,
        },
      ];
    });
  }
}

/** A disc of the size of the box or a tenth of the frame about the nearest prompt, that drifts to the right. */
function disc(object: VideoObjectView, frame: number, width: number, height: number): Uint8Array | null {
  const [said] = [...object.frames].sort((a, b) => Math.abs(a.frame - frame) - Math.abs(b.frame - frame));
  const point = said?.points.find(({ label }) => label === 1);
  if (said === undefined || (point === undefined && said.box === null)) return null;
  const [left, top, right, bottom] = said.box ?? [0, 0, 0, 0];
  const x0 = (point?.x ?? (left + right) / 2) + (frame - said.frame) * 0.6;
  const y0 = point?.y ?? (top + bottom) / 2;
  const radius = said.box === null ? width / 10 : Math.min(right - left, bottom - top) / 2;
  const mask = new Uint8Array(width * height);
  for (let y = Math.max(0, Math.floor(y0 - radius)); y < Math.min(height, y0 + radius); y++)
    for (let x = Math.max(0, Math.floor(x0 - radius)); x < Math.min(width, x0 + radius); x++)
      if (Math.hypot(x - x0, y - y0) < radius) mask[y * width + x] = 1;
  return encodeRle(mask, width, height);
}
