/** What a lone click in the frame that is seen can mean: asked of the kernel once it has answered the click. */

import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { isAmbiguous, selectedObject } from "./document";
import type { ObjectMask } from "./masks";
import type { Sheet } from "./sheet";
import type { VideoSession } from "./video_session";

interface Offer {
  readonly frame: number;
  readonly object: number;
  /** The click it is about. */
  readonly said: string;
  readonly mask: ObjectMask;
}

export function createOffers(
  session: VideoSession,
  document: Sheet["document"],
  shown: ReadonlySignal<number>,
  gone: AbortSignal,
): ReadonlySignal<Offer | null> {
  const offer: Signal<Offer | null> = signal(null);
  let asked = "";
  const stop = effect(() => {
    const frame = shown.value;
    const object = selectedObject(document.value);
    session.results.value;
    if (object === undefined || !isAmbiguous(object)) {
      asked = "";
      offer.value = null;
      return;
    }
    const said = JSON.stringify(object.points);
    const isOf = (other: Offer | null) =>
      other?.frame === frame && other.object === object.id && other.said === said;
    if (isOf(offer.peek())) return;
    offer.value = null;
    const view = session.masks.view(frame, object.id);
    const question = `${frame} ${object.id} ${said} ${view?.rev}`;
    if (view === null || !view.prompted || session.isBehind(frame, object.id) || question === asked) return;
    asked = question;
    session.candidates(frame, object.id, (mask) => {
      if (asked === question && mask !== null) offer.value = { frame, object: object.id, said, mask };
    });
  });
  gone.addEventListener("abort", stop);
  return offer;
}
