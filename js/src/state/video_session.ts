/** What all views of one video on this page share: the document's replica, lanes, masks, frames, jobs, the connection. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { AnyReply, Ask, Send } from "../protocol/channel";
import { type AnyEvent, decodeLogits } from "../protocol/codecs";
import {
  type JobView,
  type MasksChanged,
  type MemoryView,
  type Notice,
  type SavedView,
  type Status,
  VIDEO_WIRE,
  type VideoDocumentView,
  type VideoEdit,
  type VideoInfo,
  type VideoSnapshot,
} from "../protocol/messages.gen";
import { Frames } from "./frames";
import { exactly, Lanes, scoreOf } from "./lanes";
import { type Bytes, type Connection, Link, type Snapshotted } from "./link";
import { MaskFetcher } from "./mask_fetcher";
import type { ObjectMask } from "./masks";
import { type Asked, Replica } from "./replica";
import { applyAllInFrame, changesVideoPrompts, EMPTY_VIDEO, findVideoObject } from "./video_document";
import { MaskStore } from "./video_masks";

/** Undo or redo has arrived: the document before and after it. */
export type Arrive = (before: VideoDocumentView, after: VideoDocumentView) => void;

const JOB_SILENCE_MS = 4_000;

export class VideoSession {
  readonly document: Signal<VideoDocumentView> = signal(EMPTY_VIDEO);
  readonly info: Signal<VideoInfo | null> = signal(null);
  /** Seconds of each frame from the first one; null when frames come at even distances. */
  readonly times: Signal<Float32Array | null> = signal(null);
  readonly status: Signal<Status> = signal({ state: "loading", text: "" });
  readonly jobs: Signal<ReadonlyArray<JobView>> = signal([]);
  readonly saved: Signal<SavedView> = signal({ state: "saved", rev: 0, text: "" });
  readonly notices: Signal<ReadonlyArray<Notice>> = signal([]);
  /** Where a cell sends all views, and how often one has; the first is where the session begins. */
  readonly sentTo: Signal<{ readonly frame: number; readonly count: number }> = signal({
    frame: 0,
    count: 0,
  });
  readonly results: Signal<number> = signal(0);
  readonly rev: Signal<number> = signal(0);
  /** How many steps of this page the kernel has taken. */
  readonly steps: Signal<number> = signal(0);
  readonly isSettled: Signal<boolean> = signal(true);
  readonly isOpen: ReadonlySignal<boolean> = computed(
    () => this.info.value !== null && this.connection.value !== "lost",
  );
  readonly lanes = new Lanes();
  readonly masks = new MaskStore();
  readonly frames: Frames<ImageBitmap>;
  readonly fetcher: MaskFetcher;

  readonly #link: Link;
  readonly #replica = new Replica<VideoDocumentView, VideoEdit>(EMPTY_VIDEO, (document, edits, frame) =>
    applyAllInFrame(document, edits, frame, this.info.peek() ?? { width: 0, height: 0 }),
  );
  readonly #arrivals: Arrive[] = [];
  #travel: { readonly before: VideoDocumentView; readonly rev: number; readonly arrive: Arrive } | null =
    null;
  /** Since which revision a frame's object has the prompts it has, by our own hand. */
  readonly #promptedAt = new Map<string, number>();
  #jobHeardAt = 0;

  constructor(view: string, send: Send, now: () => number = () => performance.now(), decode = decodeJpeg) {
    this.#link = new Link(view, send, now, {
      wire: VIDEO_WIRE,
      snapshot: (snapshot, bytes, isNew) => this.#onSnapshot(snapshot, bytes, isNew),
      event: (event, bytes) => this.#onEvent(event, bytes),
      isMissing: (rev) => this.#replica.isBehind(rev) || (this.#replica.isSettled && this.#lacksLane),
      idle: () => this.frames.clear(),
    });
    this.frames = new Frames({
      ask: (body, settle) => this.#link.ask(body, settle),
      forget: (seq) => this.#link.forget(seq),
      decode,
    });
    this.fetcher = new MaskFetcher(this.masks, this.lanes, (frames, settle) =>
      this.#link.ask({ type: "masks", frames }, settle),
    );
  }

  get connection(): Signal<Connection> {
    return this.#link.connection;
  }

  get notice(): Signal<string | null> {
    return this.#link.notice;
  }

  get hint(): Signal<string | null> {
    return this.#link.hint;
  }

  /** A view appears: say hello. Returns what to call when it goes. */
  attach(): () => void {
    return this.#link.attach();
  }

  /** Make edits in a frame, shown at once, as one step of the history; an `open` step goes on until `close`. False if refused. */
  edit(frame: number, edits: ReadonlyArray<VideoEdit>, open = false): boolean {
    if (!this.isOpen.value || edits.length === 0) return false;
    try {
      this.#replica.edit(edits, open, frame);
    } catch (error) {
      this.#link.refuse(error);
      return false;
    }
    this.hint.value = null;
    this.#advance();
    return true;
  }

  /** The open step is complete. */
  close(): void {
    this.#replica.close();
    this.#advance();
  }

  history(direction: "undo" | "redo", arrive: Arrive): void {
    const { can_undo, can_redo } = this.document.value;
    if (!this.isOpen.value || !(direction === "undo" ? can_undo : can_redo)) return;
    this.#arrivals.push(arrive);
    this.#replica.history(direction);
    this.#advance();
  }

  /** Begin to follow objects, or to write files. */
  start(ask: Extract<Ask, { type: "track" | "export" }>): void {
    this.#link.ask(ask, (reply) => {
      if (reply.type === "job_started") this.#onJob(reply.job);
    });
  }

  cancel(job: number): void {
    this.#link.ask({ type: "cancel", job }, () => {});
  }

  recover(accept: boolean): void {
    this.#link.ask({ type: "recover", accept }, () => {});
  }

  /** A view rests at this frame. */
  look(frame: number): void {
    this.#link.ask({ type: "look", frame }, () => {});
  }

  /** What the model looked at in a frame; null when the kernel cannot say. */
  recall(frame: number, settle: (memories: ReadonlyArray<MemoryView> | null) => void): void {
    this.#link.ask({ type: "memory", frame }, (reply) =>
      settle(reply.type === "memory_data" ? reply.objects : null),
    );
  }

  /** The masks that the lone click on an object in a frame can mean; null when there are none to choose from. */
  candidates(frame: number, object: number, settle: (mask: ObjectMask | null) => void): void {
    this.#link.ask({ type: "frame_candidates", frame, object }, (reply, [bytes]) => {
      const [buffer] = reply.type === "frame_candidates_data" ? reply.buffers : [];
      if (reply.type !== "frame_candidates_data" || buffer === undefined || bytes === undefined)
        return settle(null);
      const iou = reply.scores;
      const scores = { iou, object_score: null, best: iou.indexOf(Math.max(...iou)), milliseconds: 0 };
      settle({ rev: 0, scores, logits: decodeLogits(buffer, bytes), exact: null });
    });
  }

  /** Whether the mask that is known of an object in a frame is of other prompts than the page shows. */
  isBehind(frame: number, object: number): boolean {
    const rev = this.masks.view(frame, object)?.rev ?? 0;
    return this.#isOutdated(frame, object, rev);
  }

  /** The model's own judgement of an object's mask in a frame, as exactly as it is known here; null without one. */
  scoreAt(frame: number, object: number): number | null {
    this.masks.arrived.value;
    const rough = scoreOf(this.lanes.all.value.get(object), frame);
    return exactly(rough, this.masks.view(frame, object)?.score);
  }

  receive(content: unknown, buffers: unknown): void {
    this.#link.receive(content, buffers);
  }

  tick(): void {
    this.#link.tick();
    const isRunning = this.jobs.peek().some(isUnderWay);
    if (!isRunning || this.#link.now() - this.#jobHeardAt < JOB_SILENCE_MS) return;
    this.#jobHeardAt = this.#link.now(); // its end may have been lost on the way
    this.#link.hello();
  }

  #onEvent(event: AnyEvent, bytes: Bytes): void {
    switch (event.type) {
      case "video_document":
        this.#replica.hear(event.document);
        return this.#advance();
      case "masks_changed":
        return this.#onMasks(event, bytes);
      case "lanes":
        return this.#onLanes(event.lanes, bytes);
      case "job":
        return this.#onJob(event.job);
      case "status":
        return this.#onStatus(event.status);
      case "video":
        return this.#onVideo(event.video);
      case "saved":
        this.saved.value = event.saved;
        return;
      case "notices":
        this.notices.value = event.notices;
        return;
      case "go_to":
        this.sentTo.value = { frame: event.frame, count: this.sentTo.peek().count + 1 };
        return;
    }
  }

  #onSnapshot(snapshot: Snapshotted, bytes: Bytes, isNew: boolean): void {
    if (snapshot.type !== "video_snapshot") return;
    const isFirst = this.info.peek() === null;
    this.info.value = snapshot.video;
    if (isNew) {
      this.masks.clear();
      this.fetcher.reset();
      this.lanes.reset();
      this.#promptedAt.clear();
      this.#arrivals.length = 0;
      this.#travel = null;
      this.#replica.reset(snapshot.document);
      this.frames.restart();
    } else this.#replica.hear(snapshot.document);
    this.frames.identify(snapshot.video.key, snapshot.video.frames);
    this.#onLanes(snapshot.lanes, bytes);
    this.times.value = timesOf(snapshot, bytes);
    this.jobs.value = snapshot.jobs;
    this.saved.value = snapshot.saved;
    this.notices.value = snapshot.notices;
    this.#onStatus(snapshot.status);
    if (isFirst) this.sentTo.value = { frame: snapshot.frame, count: 1 };
    this.#jobHeardAt = this.#link.now();
    this.#advance();
  }

  #onVideo(video: VideoInfo): void {
    this.info.value = video;
    this.frames.identify(video.key, video.frames);
  }

  #onStatus(status: Status): void {
    this.status.value = status;
    if (status.state === "error" && status.text !== "") this.notice.value = status.text;
  }

  #onJob(job: JobView): void {
    this.#jobHeardAt = this.#link.now();
    const known = this.jobs.value.find(({ id }) => id === job.id);
    if (known !== undefined && !isUnderWay(known)) return; // its start, told again after its end
    const others = this.jobs.value.filter(({ id, kind }) => id !== job.id && kind !== job.kind);
    this.jobs.value = [...others, job];
  }

  #onLanes(views: VideoSnapshot["lanes"], bytes: Bytes): void {
    const outdated = this.lanes.hear(views, bytes, this.info.peek()?.frames ?? 0);
    for (const object of outdated) this.masks.forgetObject(object);
    this.fetcher.pump();
  }

  #onMasks({ masks, gone, buffers }: MasksChanged, bytes: Bytes): void {
    let isPassed = false;
    for (const [i, view] of masks.entries()) {
      const { frame, object, rev } = view;
      if (this.#isOutdated(frame, object, rev)) {
        this.fetcher.doubt(frame, object);
        // After our prompts came other steps, which may have taken them back: then an old mask is right again.
        isPassed ||= (this.#promptedAt.get(`${frame} ${object}`) ?? 0) < this.#replica.base.rev;
      } else this.masks.take(view, buffers[i], bytes[i]);
    }
    for (const [frame, object] of gone) this.masks.lacks(frame, object);
    if (isPassed && this.#replica.isSettled) this.fetcher.settle();
    this.results.value += 1;
    this.masks.announce();
  }

  /** Whether the page has newer prompts of the object in the frame than those of `rev`. */
  #isOutdated(frame: number, object: number, rev: number): boolean {
    if (this.#replica.awaits(object, changesVideoPrompts, frame)) return true;
    return rev < (this.#promptedAt.get(`${frame} ${object}`) ?? 0);
  }

  /** Whether there is an object without a lane: its news was lost, or came before the object itself could be shown. */
  get #lacksLane(): boolean {
    const lanes = this.lanes.all.peek();
    return this.#replica.base.objects.some(({ id }) => !lanes.has(id));
  }

  /** Ask for the next step, and show where we are. */
  #advance(): void {
    const ask = this.#replica.next();
    if (ask !== null) this.#link.ask(bodyOf(ask), (reply) => this.#onStep(ask, reply));
    batch(() => {
      this.document.value = this.#replica.shown;
      this.rev.value = this.#replica.base.rev;
      this.isSettled.value = this.#replica.isSettled;
      const ids = new Set(this.document.value.objects.map(({ id }) => id));
      for (const gone of this.lanes.keep(ids)) this.#forgetObject(gone);
    });
    const travel = this.#travel;
    if (travel === null || this.#replica.base.rev < travel.rev) return;
    this.#travel = null;
    travel.arrive(travel.before, this.#replica.base);
  }

  #onStep(ask: Asked<VideoEdit>, reply: AnyReply): void {
    const arrive = ask.type === "history" ? this.#arrivals.shift() : undefined;
    if (reply.type === "ack") {
      const before = this.#replica.base;
      this.#replica.done(reply.rev);
      if (arrive !== undefined) this.#travel = { before, rev: reply.rev, arrive };
      if (ask.type === "edit") this.#confirm(ask.frame, ask.edits, reply.rev);
      else this.fetcher.settle();
      this.steps.value += 1;
      this.notice.value = null; // it goes well again
    } else {
      this.#replica.forget();
      this.#arrivals.length = 0;
      this.#link.hello();
    }
    this.#advance();
  }

  /** An object has gone. Another may take its id, or it comes back: then the kernel tells its lane. */
  #forgetObject(object: number): void {
    this.masks.forgetObject(object);
    for (const key of this.#promptedAt.keys()) if (key.endsWith(` ${object}`)) this.#promptedAt.delete(key);
  }

  #confirm(frame: number, edits: ReadonlyArray<VideoEdit>, rev: number): void {
    for (const edit of edits) {
      if (!changesVideoPrompts(edit)) continue;
      this.#promptedAt.set(`${frame} ${edit.object}`, rev);
      const object = findVideoObject(this.#replica.base, edit.object);
      if (object !== undefined && object.frames.length === 0) this.masks.forgetObject(edit.object);
    }
    this.fetcher.settle();
  }
}

export function isUnderWay({ state }: JobView): boolean {
  return state === "waiting" || state === "running";
}

function bodyOf(ask: Asked<VideoEdit>): Ask {
  if (ask.type === "history") return ask;
  return { type: "video_edit", rev: ask.rev, frame: ask.frame, edits: ask.edits };
}

function timesOf(snapshot: VideoSnapshot, bytes: Bytes): Float32Array | null {
  const at = snapshot.buffers.findIndex(({ what }) => what === "times");
  const part = bytes[at];
  return part === undefined ? null : new Float32Array(part.slice().buffer);
}

function decodeJpeg(jpeg: Uint8Array): Promise<ImageBitmap> {
  return createImageBitmap(new Blob([jpeg.slice()], { type: "image/jpeg" }));
}
