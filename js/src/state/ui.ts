/** What belongs to one view only: where it looks, and how it shows things. */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { createViewport, type Vec, type Viewport } from "../geometry/viewport";
import type { PaintMask } from "../protocol/messages.gen";
import type { Shape } from "./masks";

/** How masks are shown: over the picture, as lines, or alone and solid. */
export const LOOKS = { filled: "filled", outline: "outlines", solid: "solid, no picture" } as const;
export type Look = keyof typeof LOOKS;

/** How the picture is shown; 1 is as it is. The model never sees it. */
export interface Tone {
  readonly brightness: number;
  readonly contrast: number;
  readonly gamma: number;
}
export const PLAIN_TONE: Tone = { brightness: 1, contrast: 1, gamma: 1 };
const OPACITY = 0.45;

export class Ui {
  /** Whether the view offers classes. */
  readonly hasClasses: boolean = true;
  readonly viewport: Signal<Viewport> = signal(
    createViewport({ width: 3, height: 2 }, { width: 0, height: 0 }, 1),
  );
  readonly opacity: Signal<number> = signal(OPACITY);
  readonly look: Signal<Look> = signal("filled");
  readonly tone: Signal<Tone> = signal(PLAIN_TONE);
  readonly hasCross: Signal<boolean> = signal(false);
  readonly hasLoupe: Signal<boolean> = signal(false);
  readonly isLooksOpen: Signal<boolean> = signal(false);
  readonly masksHidden: Signal<boolean> = signal(false);
  /** Whether a plain click means "not the object". */
  readonly isNegative: Signal<boolean> = signal(false);
  /** Whether a plain click on the mask takes away, and one beside it adds. */
  readonly isAuto: Signal<boolean> = signal(false);
  /** How wide lines are drawn, in CSS pixels. */
  readonly brush: Signal<number> = signal(24);
  /** Whether what is painted becomes the mask, and not a hint for the model. */
  readonly keeps: Signal<boolean> = signal(true);
  /** Whether the mask that a click would make is shown ahead of it. */
  readonly isForeseeing: Signal<boolean> = signal(true);
  /** Where on the stage a pointer rests that presses nothing. */
  readonly pointer: Signal<Vec | null> = signal(null);
  /** Whether the pointer picks among masks that are there, instead of marking. */
  readonly isPicking: Signal<boolean> = signal(false);
  /** The mask that a click there would make. */
  readonly foreseen: Signal<Shape | null> = signal(null);
  /** Strokes of paint that no mask has yet. */
  readonly wet: Signal<ReadonlyArray<PaintMask>> = signal([]);
  /** The threshold that the slider is at while it is moved. */
  readonly threshold: Signal<number | null> = signal(null);
  /** The keyboard's cursor on the stage; null while the mouse is used. */
  readonly cursor: Signal<Vec | null> = signal(null);
  /** The candidate whose thumbnail the pointer is on. */
  readonly previewed: Signal<number | null> = signal(null);
  /** Whose colour objects are drawn in. */
  readonly colours: Signal<"class" | "object"> = signal("class");
  readonly byClass: ReadonlySignal<boolean> = computed(
    () => this.hasClasses && this.colours.value === "class",
  );
  /** The objects chosen beside the selected one. */
  readonly picked: Signal<ReadonlySet<number>> = signal(new Set());
  /** The object whose name is to be edited now. */
  readonly renaming: Signal<number | null> = signal(null);
  readonly isHelpOpen: Signal<boolean> = signal(false);

  resetLooks(): void {
    this.opacity.value = OPACITY;
    this.look.value = "filled";
    this.tone.value = PLAIN_TONE;
    this.colours.value = "class";
    this.hasCross.value = false;
    this.hasLoupe.value = false;
  }
}
