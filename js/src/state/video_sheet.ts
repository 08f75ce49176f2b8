/** A video as one frame of it shows it: what the parts that pictures and videos share work on. */

import { computed, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { DocumentView, Edit, Status, VideoInfo } from "../protocol/messages.gen";
import type { Connection } from "./link";
import type { Sheet } from "./sheet";
import { changedFrame, seenFrom } from "./video_document";
import type { VideoSession } from "./video_session";
import type { VideoUi } from "./video_ui";

export class VideoSheet implements Sheet {
  readonly document: ReadonlySignal<DocumentView>;
  readonly masks: Sheet["masks"];
  readonly #session: VideoSession;
  readonly #ui: VideoUi;
  readonly #goTo: (frame: number) => void;

  constructor(session: VideoSession, ui: VideoUi, goTo: (frame: number) => void) {
    this.#session = session;
    this.#ui = ui;
    this.#goTo = goTo;
    this.document = computed(() => seenFrom(session.document.value, ui.shown.value));
    this.masks = computed(() => {
      const prompted = session.document.value.objects.filter(({ frames }) => frames.length > 0);
      return new Map(prompted.map(({ id }) => [id, { logits: null }]));
    });
  }

  get info(): ReadonlySignal<VideoInfo | null> {
    return this.#session.info;
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

  edit(edits: ReadonlyArray<Edit>, open = false): void {
    this.#session.edit(this.#ui.shown.peek(), edits, open);
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
