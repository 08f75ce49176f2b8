/** What belongs to one view of a set of pictures, besides what every view of a video has. */

import { type Signal, signal } from "@preact/signals-core";
import { HIDDEN, type Lanes, STALE_HIDDEN, STALE_PRESENT, scoreOf, UNKNOWN } from "./lanes";
import { VideoUi } from "./video_ui";

export class SetUi extends VideoUi {
  override readonly hasClasses: boolean = false;
  /** Objects are shown where they are found with at least this presence, 0 to 1. */
  readonly confidence: Signal<number> = signal(0.5);
}

/** What is known of an object in a picture. */
export interface Finding {
  readonly state: "shown" | "found" | "absent" | "unknown";
  readonly isStale: boolean;
  /** How likely it is there, 0 to 1; null when nobody has looked. */
  readonly presence: number | null;
}

/** What to show of an object in a picture; `isShown`: somebody has said something of it there. */
export function findingOf(
  lanes: Lanes,
  object: number,
  picture: number,
  isShown: boolean,
  confidence: number,
): Finding {
  const lane = lanes.all.value.get(object);
  const code = lane?.states[picture] ?? UNKNOWN;
  const presence = code === UNKNOWN ? null : scoreOf(lane, picture);
  const isStale = code >= STALE_PRESENT;
  if (code === UNKNOWN) return { state: isShown ? "shown" : "unknown", isStale, presence };
  if (code === HIDDEN || code === STALE_HIDDEN) return { state: "absent", isStale, presence };
  if (isShown) return { state: "shown", isStale, presence };
  return { state: (presence ?? 0) >= confidence ? "found" : "absent", isStale, presence };
}
