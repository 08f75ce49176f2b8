/** The colour an object is drawn in: its own, or that of its class. */

import type { DocumentView, ObjectView } from "../protocol/messages.gen";
import { findClass } from "./document";

/** An index into the palette, or `#rrggbb`. */
export type Ink = number | string;

/** What an object looks like; `byClass` prefers the colour of its class. */
export function inkOf(
  object: Pick<ObjectView, "color" | "label">,
  document: Pick<DocumentView, "classes">,
  byClass: boolean,
): Ink {
  return (byClass ? findClass(document, object.label)?.color : undefined) ?? object.color;
}
