/** What the parts of a view need of a session: the document as this view sees it, and hands to change it. */

import type { ReadonlySignal, Signal } from "@preact/signals-core";
import type { Extent } from "../geometry/viewport";
import type { DocumentView, Edit, Scores, Status } from "../protocol/messages.gen";
import type { Connection } from "./link";

export interface Sheet {
  readonly document: ReadonlySignal<DocumentView>;
  /** The objects of which something is known besides their prompts here, with what the model says of candidates. */
  readonly masks: ReadonlySignal<
    ReadonlyMap<
      number,
      { readonly logits: { readonly count: number } | null; readonly scores: Scores | null }
    >
  >;
  /** The size of the picture; null before it is known. */
  readonly info: ReadonlySignal<Extent | null>;
  readonly status: ReadonlySignal<Status>;
  readonly connection: ReadonlySignal<Connection>;
  readonly notice: Signal<string | null>;
  /** Why the last edit was not made, when nothing is wrong; the next one takes it away. */
  readonly hint: Signal<string | null>;
  readonly rev: ReadonlySignal<number>;
  readonly results: ReadonlySignal<number>;
  readonly isSettled: ReadonlySignal<boolean>;
  readonly isOpen: ReadonlySignal<boolean>;
  /** Make edits, shown at once, as one step of the history; an `open` step goes on until `close`. False if refused. */
  edit(edits: ReadonlyArray<Edit>, open?: boolean): boolean;
  close(): void;
  history(direction: "undo" | "redo"): void;
}
