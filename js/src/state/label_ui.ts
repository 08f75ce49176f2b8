/** What belongs to one view of a labeler only. */

import { type Signal, signal } from "@preact/signals-core";
import { Ui } from "./ui";

export type PanelName = "queue" | "data" | "files" | "train";

export class LabelUi extends Ui {
  readonly panel: Signal<PanelName | null> = signal(null);
  readonly isSuggestOpen: Signal<boolean> = signal(false);
}
