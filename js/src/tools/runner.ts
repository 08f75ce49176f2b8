/** Feeds input to the tools: a press decides which one has the gesture, and it keeps it until the gesture ends. */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { lassoTool } from "./lasso";
import { panTool } from "./pan";
import { promptTool } from "./prompt";
import { type StrokeState, type StrokeTool, strokeTool } from "./stroke";
import type { Command, InputEvent, Tool, ToolView } from "./tool";

export type ToolId = "prompt" | StrokeTool | "lasso";

interface Seat {
  readonly cursor: () => string;
  readonly send: (event: InputEvent, view: ToolView) => ReadonlyArray<Command>;
}

export class Runner {
  readonly prompt = signal(promptTool.initial);
  readonly pan = signal(panTool.initial);
  /** What is being drawn by the stroke tool in hand. */
  readonly stroke: Signal<StrokeState> = signal({ name: "idle", at: null });
  readonly lasso = signal(lassoTool.initial);
  /** The tool in hand. */
  readonly tool: Signal<ToolId> = signal("prompt");
  /** Whether a gesture is under way. */
  readonly isDrafting: ReadonlySignal<boolean> = computed(() =>
    [this.prompt.value, this.stroke.value, this.lasso.value].some(({ name }) => name !== "idle"),
  );
  readonly #view: () => ToolView;
  readonly #commit: (command: Command) => void;
  readonly #seats: Readonly<Record<ToolId | "pan", Seat>>;
  #active: Seat;

  constructor(view: () => ToolView, commit: (command: Command) => void) {
    this.#view = view;
    this.#commit = commit;
    const line = (id: StrokeTool): Seat => ({
      send: seat(strokeTool(id), this.stroke),
      cursor: () => (id === "scribble" ? "crosshair" : "none"),
    });
    this.#seats = {
      prompt: { send: seat(promptTool, this.prompt), cursor: () => promptCursor(this.prompt.value) },
      scribble: line("scribble"),
      brush: line("brush"),
      eraser: line("eraser"),
      lasso: { send: seat(lassoTool, this.lasso), cursor: () => "crosshair" },
      pan: {
        send: seat(panTool, this.pan),
        cursor: () => (this.pan.value.name === "panning" ? "grabbing" : "grab"),
      },
    };
    this.#active = this.#seats.prompt;
  }

  /** The CSS cursor for what the pointer would do. */
  get cursor(): string {
    return this.#active.cursor();
  }

  /** Take another tool; what the one before was about to make is taken back. */
  take(tool: ToolId): void {
    if (tool === this.tool.value) return;
    this.on({ type: "cancel" });
    this.tool.value = tool;
    this.#active = this.#seats[tool];
  }

  on(event: InputEvent): void {
    if (event.type === "down") {
      const isPan = event.button === "middle" || event.held.shift || event.held.space;
      this.#active = this.#seats[isPan ? "pan" : this.tool.value];
    }
    for (const command of this.#active.send(event, this.#view())) this.#commit(command);
    if (event.type !== "down" && event.type !== "move") this.#active = this.#seats[this.tool.value];
  }
}

function seat<S>(tool: Tool<S>, state: Signal<S>): Seat["send"] {
  return (event, view) => {
    const step = tool.on(state.value, event, view);
    state.value = step.state;
    return step.commands;
  };
}

function promptCursor(state: (typeof promptTool)["initial"]): string {
  if (state.name === "resizing") return resizeCursor(state.handle.x, state.handle.y);
  if (state.name !== "idle" || state.hover === null)
    return state.name === "moving" ? "grabbing" : "crosshair";
  if (state.hover.type === "handle") return resizeCursor(state.hover.handle.x, state.hover.handle.y);
  return "pointer";
}

function resizeCursor(x: number, y: number): string {
  if (x === 0) return "ns-resize";
  if (y === 0) return "ew-resize";
  return x === y ? "nwse-resize" : "nesw-resize";
}
