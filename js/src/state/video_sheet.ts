/** A video as one frame of it shows it: what the parts that pictures and videos share work on. */

import { computed, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { Extent } from "../geometry/viewport";
import type { DocumentView, Edit, Status, VideoInfo } from "../protocol/messages.gen";
import type { Connection } from "./link";
import type { ObjectMask } from "./masks";
import type { Sheet } from "./sheet";
import { changedFrame, seenFrom } from "./video_document";
import { createOffers } from "./video_offers";
import type { VideoSession } from "./video_session";
import type { VideoUi } from "./video_ui";

const UNKNOWN: ObjectMask = { rev: 0, scores: null, logits: null, exact: null };

/** Width and height of a frame. */
export function extentOf(info: VideoInfo | null, frame: number): Extent | null {
  const own = info?.sizes[frame];
  return own === undefined ? info : { width: own[0], height: own[1] };
}

/** What a stage for all frames is shaped for: the largest frame or, in a set, the picture of the middle shape. */
export function stageShape(info: VideoInfo | null): Extent | null {
  const byShape = [...(info?.sizes ?? [])].sort((a, b) => a[0] / a[1] - b[0] / b[1]);
  const middle = byShape[Math.floor((byShape.length - 1) / 2)];
  return middle === undefined ? info : { width: middle[0], height: middle[1] };
}

export class VideoSheet implements Sheet {
  readonly document: ReadonlySignal<DocumentView>;
  /** Of prompted objects; with logits for that whose lone click in this frame can mean several things. */
  readonly masks: ReadonlySignal<ReadonlyMap<number, ObjectMask>>;
  readonly bitmap: ReadonlySignal<ImageBitmap | null>;
  /** The size of what is shown: in a set of pictures each has its own. */
  readonly info: ReadonlySignal<Extent | null>;
  readonly #session: VideoSession;
  readonly #ui: VideoUi;
  readonly #goTo: (frame: number) => void;

  constructor(session: VideoSession, ui: VideoUi, goTo: (frame: number) => void, gone: AbortSignal) {
    this.#session = session;
    this.#ui = ui;
    this.#goTo = goTo;
    this.document = computed(() => seenFrom(session.document.value, ui.shown.value));
    const offer = createOffers(session, this.document, ui.shown, gone);
    this.info = computed(() => extentOf(session.info.value, ui.shown.value));
    this.masks = computed(() => {
      const prompted = session.document.value.objects.filter(({ frames }) => frames.length > 0);
      const offered = offer.value;
      return new Map(
        prompted.map(({ id }) => [id, offered?.object === id ? offered.mask : UNKNOWN] as const),
      );
    });
    this.bitmap = computed(() => {
      session.frames.arrived.value;
      return session.frames.get(ui.shown.value);
    });
  }

  get status(): ReadonlySignal<Status> {
    return this.#session.status;
  }

  get connection(): ReadonlySignal<Connection> {
    return this.#session.connection;
  }

  get notice(): Signal<string | null> {
    return this.#session.notice;
  }

  get hint(): Signal<string | null> {
    return this.#session.hint;
  }

  get rev(): ReadonlySignal<number> {
    return this.#session.rev;
  }

  get results(): ReadonlySignal<number> {
    return this.#session.results;
  }

  get isSettled(): ReadonlySignal<boolean> {
    return this.#session.isSettled;
  }

  get isOpen(): ReadonlySignal<boolean> {
    return this.#session.isOpen;
  }

  edit(edits: ReadonlyArray<Edit>, open = false): boolean {
    return this.#session.edit(this.#ui.shown.peek(), edits, open);
  }

  close(): void {
    this.#session.close();
  }

  /** Where prompts come and go out of sight, the view goes there. */
  history(direction: "undo" | "redo"): void {
    this.#session.history(direction, (before, after) => {
      const frame = changedFrame(before, after, this.#ui.frame.peek());
      if (frame !== null) this.#goTo(frame);
    });
  }
}
