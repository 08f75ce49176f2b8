/** What belongs to one view of a video: the frame it is at, whether it plays, what it shows beside the picture. */

import { type Signal, signal } from "@preact/signals-core";
import type { Range } from "../geometry/timeline";
import type { MemoryView } from "../protocol/messages.gen";
import { Ui } from "./ui";

export interface Recalled {
  readonly frame: number;
  readonly objects: ReadonlyArray<MemoryView>;
}

export const SPEEDS: ReadonlyArray<number> = [0.25, 0.5, 1, 2, 4];

export class VideoUi extends Ui {
  /** The frame the view is to be at. */
  readonly frame: Signal<number> = signal(0);
  /** The frame whose picture is on the stage: clicks go to this one. */
  readonly shown: Signal<number> = signal(0);
  readonly isPlaying: Signal<boolean> = signal(false);
  readonly speed: Signal<number> = signal(1);
  /** The frames that tracking is confined to; null for all. */
  readonly range: Signal<Range | null> = signal(null);
  /** The part of the video that the timeline shows; null for all. */
  readonly window: Signal<Range | null> = signal(null);
  readonly onlySelected: Signal<boolean> = signal(false);
  readonly isMemoryOpen: Signal<boolean> = signal(false);
  readonly recalled: Signal<Recalled | null> = signal(null);
  readonly isExportOpen: Signal<boolean> = signal(false);
  readonly dismissed: Signal<ReadonlySet<number>> = signal(new Set());
}
