/** What draws by hand: the tools, their state, and how it looks. Pictures have it, videos have not. */

import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Viewport } from "../geometry/viewport";
import type { StrokeView } from "../protocol/messages.gen";
import { type DraftLook, paintLasso, paintStroke, paintWet } from "../render/strokes";
import { lassoTool } from "../tools/lasso";
import { type Hands, seat } from "../tools/runner";
import { type StrokeState, type StrokeTool, strokeTool } from "../tools/stroke";

export class Craft implements Hands {
  readonly #stroke = signal<StrokeState>({ name: "idle", at: null });
  readonly #lasso = signal(lassoTool.initial);
  readonly seats: Hands["seats"];
  readonly isBusy: ReadonlySignal<boolean> = computed(
    () => this.#stroke.value.name !== "idle" || this.#lasso.value.name !== "idle",
  );
  /** What the draft depends on. */
  readonly watched: ReadonlyArray<ReadonlySignal<unknown>> = [this.#stroke, this.#lasso];

  constructor() {
    const line = (id: StrokeTool) => ({
      send: seat(strokeTool(id), this.#stroke),
      cursor: () => (id === "scribble" ? "crosshair" : "none"),
    });
    this.seats = {
      scribble: line("scribble"),
      brush: line("brush"),
      eraser: line("eraser"),
      lasso: { send: seat(lassoTool, this.#lasso), cursor: () => "crosshair" },
    };
  }

  paintDraft(context: CanvasRenderingContext2D, view: Viewport, look: DraftLook): void {
    if (look.tool === "lasso") paintLasso(context, view, this.#lasso.peek(), look.color);
    else if (look.tool !== "prompt") paintStroke(context, view, this.#stroke.peek(), look);
  }

  paintWet(context: CanvasRenderingContext2D, view: Viewport, stroke: StrokeView, color: string): void {
    paintWet(context, view, stroke, color);
  }
}
