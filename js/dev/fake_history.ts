/** The document of a video's fake kernel, with undo and redo. */

import type { VideoDocumentView } from "../src/protocol/messages.gen";
import { EMPTY_VIDEO } from "../src/state/video_document";

interface Moment {
  readonly document: VideoDocumentView;
  readonly births: ReadonlyMap<number, number>;
}

export class FakeHistory {
  #now: Moment = { document: EMPTY_VIDEO, births: new Map() };
  readonly #past: Moment[] = [];
  readonly #future: Moment[] = [];
  #births = 0;

  get document(): VideoDocumentView {
    return this.#now.document;
  }

  /** A number that no other object has had, and that is the object's again when it comes back; 0 without one. */
  born(id: number): number {
    return this.#now.births.get(id) ?? 0;
  }

  /** Go to a document, as a step that can be taken back unless told otherwise. */
  go(document: VideoDocumentView, isStep: boolean): void {
    const before = this.#now;
    if (isStep) {
      this.#past.push(before);
      this.#future.length = 0;
    }
    const births = document.objects.map(({ id }) => [id, before.births.get(id) ?? ++this.#births] as const);
    this.#set({ document, births: new Map(births) });
  }

  travel(direction: "undo" | "redo"): void {
    const [from, to] = direction === "undo" ? [this.#past, this.#future] : [this.#future, this.#past];
    const found = from.pop();
    if (found === undefined) throw new Error(`there is nothing to ${direction}`);
    to.push(this.#now);
    this.#set(found);
  }

  #set({ document, births }: Moment): void {
    const rev = this.document.rev + 1;
    const [can_undo, can_redo] = [this.#past.length > 0, this.#future.length > 0];
    this.#now = { document: { ...document, rev, can_undo, can_redo }, births };
  }
}
