/** Feeds input to the tools: a press decides which one has the gesture, and it keeps it until the gesture ends. */

import { type Signal, signal } from "@preact/signals-core";
import { panTool } from "./pan";
import { promptTool } from "./prompt";
import type { Command, InputEvent, Tool, ToolView } from "./tool";

interface Seat {
  readonly cursor: () => string;
  readonly send: (event: InputEvent, view: ToolView) => ReadonlyArray<Command>;
}

export class Runner {
  readonly prompt = signal(promptTool.initial);
  readonly pan = signal(panTool.initial);
  readonly #view: () => ToolView;
  readonly #commit: (command: Command) => void;
  readonly #seats: { readonly prompt: Seat; readonly pan: Seat };
  #active: Seat;

  constructor(view: () => ToolView, commit: (command: Command) => void) {
    this.#view = view;
    this.#commit = commit;
    this.#seats = {
      prompt: { send: seat(promptTool, this.prompt), cursor: () => promptCursor(this.prompt.value) },
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

  on(event: InputEvent): void {
    if (event.type === "down") {
      const isPan = event.button === "middle" || event.held.shift || event.held.space;
      this.#active = isPan ? this.#seats.pan : this.#seats.prompt;
    }
    for (const command of this.#active.send(event, this.#view())) this.#commit(command);
    if (event.type !== "down" && event.type !== "move") this.#active = this.#seats.prompt;
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
