/** Feeds input to the tools: a press decides which one has the gesture, and it keeps it until the gesture ends. */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { panTool } from "./pan";
import { promptTool } from "./prompt";
import type { StrokeTool } from "./stroke";
import type { Command, InputEvent, Tool, ToolView } from "./tool";

export type ToolId = "prompt" | StrokeTool | "lasso";

export interface Seat {
  readonly cursor: () => string;
  readonly send: (event: InputEvent, view: ToolView) => ReadonlyArray<Command>;
}

/** The tools besides points and boxes, where there are any. */
export interface Hands {
  readonly seats: Readonly<Partial<Record<ToolId, Seat>>>;
  readonly isBusy: ReadonlySignal<boolean>;
}

export class Runner {
  readonly prompt = signal(promptTool.initial);
  readonly pan = signal(panTool.initial);
  /** The tool in hand. */
  readonly tool: Signal<ToolId> = signal("prompt");
  /** Whether a gesture is under way. */
  readonly isDrafting: ReadonlySignal<boolean>;
  readonly #view: () => ToolView;
  readonly #commit: (command: Command) => void;
  readonly #seats: Hands["seats"];
  readonly #prompt: Seat;
  readonly #pan: Seat;
  #active: Seat;

  constructor(view: () => ToolView, commit: (command: Command) => void, hands: Hands | null = null) {
    this.#view = view;
    this.#commit = commit;
    this.#prompt = { send: seat(promptTool, this.prompt), cursor: () => promptCursor(this.prompt.value) };
    this.#pan = {
      send: seat(panTool, this.pan),
      cursor: () => (this.pan.value.name === "panning" ? "grabbing" : "grab"),
    };
    this.#seats = hands?.seats ?? {};
    this.#active = this.#prompt;
    this.isDrafting = computed(() => this.prompt.value.name !== "idle" || hands?.isBusy.value === true);
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
    this.#active = this.#inHand;
  }

  on(event: InputEvent): void {
    if (event.type === "down") {
      const isPan = event.button === "middle" || event.held.shift || event.held.space;
      this.#active = isPan ? this.#pan : this.#inHand;
    }
    for (const command of this.#active.send(event, this.#view())) this.#commit(command);
    if (event.type !== "down" && event.type !== "move") this.#active = this.#inHand;
  }

  get #inHand(): Seat {
    return this.#seats[this.tool.value] ?? this.#prompt;
  }
}

/** A tool with the state it is in. */
export function seat<S>(tool: Tool<S>, state: Signal<S>): Seat["send"] {
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
