/** What is marked is seen: a hidden object that a gesture changes comes back into sight. Pure. */

import type { DocumentView, Edit } from "../protocol/messages.gen";
import { changesPrompts } from "./document";

/** The edits of a gesture, with what shows the hidden objects they change, all one step. */
export function revealing(
  edits: ReadonlyArray<Edit>,
  document: Pick<DocumentView, "objects">,
): ReadonlyArray<Edit> {
  const touched = new Set(edits.filter(changesPrompts).map(({ object }) => object));
  const hidden = document.objects.filter(({ id, visible }) => touched.has(id) && !visible);
  return [...hidden.map(({ id }) => ({ kind: "show_object" as const, object: id, visible: true })), ...edits];
}
