/** What draws by hand: the tools, their state, and how it looks. Pictures have it, videos have not. */

import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Box, Viewport } from "../geometry/viewport";
import type { StrokeView } from "../protocol/messages.gen";
import { everywhere } from "../render/stage";
import { type DraftLook, paintLasso, paintStroke, paintWet, ringBounds } from "../render/strokes";
import { lassoTool } from "../tools/lasso";
import { type Hands, seat, type ToolId } from "../tools/runner";
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

  /** Where `paintDraft` draws with this tool, `brush` CSS pixels wide; null for nowhere. */
  draftBounds(view: Viewport, tool: ToolId, brush: number): Box | null {
    if (tool === "prompt") return null;
    if (tool === "lasso") return this.#lasso.peek().name === "idle" ? null : everywhere(view);
    const stroke = this.#stroke.peek();
    return stroke.name === "idle" ? stroke.at && ringBounds(stroke.at, brush) : everywhere(view);
  }

  paintDraft(context: CanvasRenderingContext2D, view: Viewport, look: DraftLook): void {
    if (look.tool === "lasso") paintLasso(context, view, this.#lasso.peek(), look.color);
    else if (look.tool !== "prompt") paintStroke(context, view, this.#stroke.peek(), look);
  }

  paintWet(context: CanvasRenderingContext2D, view: Viewport, stroke: StrokeView, color: string): void {
    paintWet(context, view, stroke, color);
  }
}
