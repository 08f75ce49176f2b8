/** Paint that is shown before a mask has it. */

import { effect } from "@preact/signals-core";
import { findObject } from "./document";
import type { Session } from "./session";
import type { Ui } from "./ui";

/** Paint is wet until the kernel's mask has it, or the kernel refuses it. Returns what ends that. */
export function dryUp(session: Session, ui: Ui): () => void {
  return effect(() => {
    session.masks.value;
    session.isSettled.value;
    const wet = ui.wet.peek();
    const left = wet.filter(
      ({ object }) => findObject(session.document.value, object) !== undefined && session.isStale(object),
    );
    if (left.length < wet.length) ui.wet.value = left;
  });
}
