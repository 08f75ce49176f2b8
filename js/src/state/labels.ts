/** How the labelling stands, on this page: what the kernel said last, rows of the queue, and what was asked of people. */

import { batch, type Signal, signal } from "@preact/signals-core";
import type { AnyReply, Ask } from "../protocol/channel";
import {
  type FigureRequest,
  LABEL_WIRE,
  type LabelChanged,
  type LabelView,
  type MoveRequest,
  type QueueFilter,
  type QueueRow,
  type SurveyData,
} from "../protocol/messages.gen";
import type { Bytes } from "./link";
import { Session } from "./session";
import { ByteStore } from "./store";

/** A row of the queue, with a small picture if there is one. */
export interface Row extends QueueRow {
  readonly picture: Uint8Array | null;
}

/** Something that needs a yes: `yes` does it after all. */
export interface Question {
  readonly text: string;
  readonly choices: ReadonlyArray<readonly [string, () => void]>;
}

export type Move = MoveRequest["how"];

export type FileKind = "export" | "import";

/** What became of asking for an export or an import, as long as no job tells more of it. */
export interface Asked {
  readonly isAsked: boolean;
  /** Why it could not be begun. */
  readonly failed: string;
}

const NOT_ASKED: Asked = { isAsked: false, failed: "" };

const ROWS_ASKED = 24;
const MOST_ROW_BYTES = 24 * 1024 * 1024;
const WEIGHT_WITHOUT = 500;

/** The picture on the canvas and all that is said of the queue around it, over one wire. */
export class Labels {
  readonly session: Session;
  readonly view: Signal<LabelView | null> = signal(null);
  /** Counts up when rows have come. */
  readonly arrived: Signal<number> = signal(0);
  readonly question: Signal<Question | null> = signal(null);
  readonly survey: Signal<SurveyData | "asked" | null> = signal(null);
  readonly figure: Signal<{ readonly what: string; readonly png: Uint8Array | null } | null> = signal(null);
  readonly files: Readonly<Record<FileKind, Signal<Asked>>> = {
    export: signal(NOT_ASKED),
    import: signal(NOT_ASKED),
  };
  readonly #rows = new ByteStore<number, Row>(
    MOST_ROW_BYTES,
    (row) => WEIGHT_WITHOUT + (row.picture?.length ?? 0),
  );
  readonly #fresh = new Map<number, number>();
  readonly #asked = new Set<number>();
  #isMoving = false;

  constructor(view: string, send: ConstructorParameters<typeof Session>[1], now?: () => number) {
    this.session = new Session(view, send, now, {
      wire: LABEL_WIRE,
      event: (event) => this.#onEvent(event),
      greeted: (isNew) => this.#onGreeted(isNew),
    });
  }

  /** A view appears. Returns what to call when it goes. */
  attach(): () => void {
    return this.session.attach();
  }

  /** The row at a place of the queue as far as it is known; what is old or missing is asked for. */
  row(place: number): Row | undefined {
    const now = this.view.peek()?.rows;
    if (this.#fresh.get(place) !== now) this.#fetch(place - (place % ROWS_ASKED));
    return this.#rows.get(place);
  }

  /** Leave the picture in some way, as soon as the kernel has the edits made here; not at all if it refuses one. */
  move(how: Move, image: number | null = null, note = "", sure = false): void {
    const { session } = this;
    if (!session.isReachable.value || session.isAway.value) return;
    session.notice.value = null; // it was about the picture that is left
    session.isAway.value = true;
    this.#isMoving = true;
    const { epoch } = session;
    this.#changeAfterEdits({ type: "label_move", how, image, note, sure }, (question) => {
      this.#isMoving = false;
      if (question === "" && epoch === session.epoch) return session.hello();
      session.isAway.value = false;
      if (question) this.#ask(question, () => this.move(how, image, note, true));
    });
  }

  filter(filter: QueueFilter): void {
    this.#change({ type: "label_filter", filter });
  }

  suggest(source: "everything" | "detector" | "model", everywhere: boolean): void {
    this.#change({ type: "label_suggest", source, everywhere });
  }

  train(how: "start" | "stop" | "use" | "unuse"): void {
    const body = { type: "label_train" as const, how };
    if (how === "use" || how === "unuse") this.#changeAfterEdits(body);
    else this.#change(body);
  }

  answer(id: number, choice: string): void {
    this.#changeAfterEdits({ type: "label_notice", id, choice });
  }

  export(format: string, folder: string, val: number, done: boolean, existing: Existing = "refuse"): void {
    const then = this.#begun("export");
    this.#changeAfterEdits({ type: "label_export", format, folder, val, done, existing }, (question) => {
      then(question);
      if (!question) return;
      const again = (choice: Existing) => () => this.export(format, folder, val, done, choice);
      this.question.value = {
        text: question,
        choices: [
          ["Add what is missing", again("merge")],
          ["Replace files of the same name", again("overwrite")],
          ["Leave it", () => {}],
        ],
      };
    });
  }

  importFrom(format: string, folder: string): void {
    this.#change({ type: "label_import", format, folder }, this.#begun("import"));
  }

  /** Accept, or reject, the suggestions among these objects, as one step. */
  judge(isAccepted: boolean, only: number | null = null): void {
    const { objects } = this.session.document.peek();
    const judged = objects.filter(({ id, proposed }) => proposed && (only === null || id === only));
    this.session.edit(
      judged.map(({ id }) =>
        isAccepted ? { kind: "accept_object", object: id } : { kind: "remove_object", object: id },
      ),
    );
  }

  look(): void {
    this.survey.value = "asked";
    this.session.ask({ type: "label_survey" }, (reply) => {
      this.survey.value = reply.type === "label_survey_data" ? reply : null;
    });
  }

  draw(what: FigureRequest["what"]): void {
    this.figure.value = { what, png: null };
    this.session.ask({ type: "label_figure", what }, (reply, bytes) => {
      if (this.figure.peek()?.what !== what) return;
      this.figure.value = reply.type === "label_figure_data" ? { what, png: bytes[0] ?? null } : null;
    });
  }

  /** An export or import is asked for; what is returned hears how that was answered. */
  #begun(kind: FileKind): (question: string | null) => void {
    this.files[kind].value = { isAsked: true, failed: "" };
    return (question) => {
      const failed = question === null ? (this.session.notice.peek() ?? "The kernel did not answer.") : "";
      this.files[kind].value = { isAsked: false, failed };
    };
  }

  /** Ask for a change; `then` gets the question that comes back, empty if it is done, null if it failed. */
  #change(body: Ask, then: (question: string | null) => void = () => {}): void {
    this.session.ask(body, (reply: AnyReply) => then(reply.type === "label_done" ? reply.question : null));
  }

  /** The same for what may show the picture anew, show another one, or write labels: edits made before go first. */
  #changeAfterEdits(body: Ask, then: (question: string | null) => void = () => {}): void {
    this.session.whenKept((isKept) => (isKept ? this.#change(body, then) : then(null)));
  }

  #ask(text: string, yes: () => void): void {
    this.question.value = {
      text,
      choices: [
        ["Yes", yes],
        ["No", () => {}],
      ],
    };
  }

  #onEvent(event: LabelChanged): void {
    this.view.value = event.state;
  }

  /** The picture is there; one that was already does not end a move that is under way. */
  #onGreeted(isNew: boolean): void {
    if (isNew) this.#isMoving = false;
    if (!this.#isMoving) this.session.isAway.value = false;
    if (!isNew) return;
    batch(() => {
      this.#asked.clear();
      if (this.survey.peek() === "asked") this.survey.value = null;
      this.arrived.value += 1;
    });
    this.session.ask({ type: "label_hello" }, (reply) => {
      if (reply.type === "label_state") this.view.value = reply.state;
    });
  }

  #fetch(first: number): void {
    if (this.#asked.has(first) || this.view.peek() === null) return;
    this.#asked.add(first);
    this.session.ask({ type: "label_rows", first, count: ROWS_ASKED }, (reply, bytes) => {
      this.#asked.delete(first);
      if (reply.type !== "label_rows_data") return;
      const pictures = picturesOf(reply.buffers, bytes);
      reply.rows.forEach((row, index) => {
        this.#rows.set(reply.first + index, { ...row, picture: pictures.get(row.image) ?? null });
        this.#fresh.set(reply.first + index, reply.rows_at);
      });
      this.arrived.value += 1;
    });
  }
}

type Existing = "refuse" | "overwrite" | "merge";

function picturesOf(
  buffers: ReadonlyArray<{ readonly object: number | null }>,
  bytes: Bytes,
): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  buffers.forEach(({ object }, i) => {
    const part = bytes[i];
    if (object !== null && part !== undefined) found.set(object, part);
  });
  return found;
}
