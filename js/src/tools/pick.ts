/** Picks among masks: a press and release picks one, a drag all that lie in the box. Pure. */

import type { Vec } from "../geometry/viewport";
import type { InputEvent } from "./tool";

export type PickState =
  | { readonly name: "idle" }
  | { readonly name: "pressing"; readonly from: Vec }
  | { readonly name: "boxing"; readonly from: Vec; readonly to: Vec };

export type PickCommand =
  | { readonly type: "hover"; readonly at: Vec | null }
  | { readonly type: "toggle" }
  | { readonly type: "box"; readonly from: Vec; readonly to: Vec };

const SLACK = 5;
const IDLE: PickState = { name: "idle" };

export const pickTool = {
  initial: IDLE,
  on(
    state: PickState,
    event: InputEvent,
  ): { readonly state: PickState; readonly commands: ReadonlyArray<PickCommand> } {
    switch (event.type) {
      case "down":
        return { state: { name: "pressing", from: event.at }, commands: [{ type: "hover", at: event.at }] };
      case "move": {
        if (state.name === "idle") return { state, commands: [{ type: "hover", at: event.at }] };
        const isFar = Math.hypot(event.at.x - state.from.x, event.at.y - state.from.y) > SLACK;
        if (state.name === "pressing" && !isFar) return { state, commands: [] };
        return { state: { name: "boxing", from: state.from, to: event.at }, commands: [] };
      }
      case "up":
        if (state.name === "pressing") return { state: IDLE, commands: [{ type: "toggle" }] };
        if (state.name === "boxing")
          return { state: IDLE, commands: [{ type: "box", from: state.from, to: event.at }] };
        return { state, commands: [] };
      case "leave":
        return { state, commands: state.name === "idle" ? [{ type: "hover", at: null }] : [] };
      case "finish":
        return { state, commands: [] };
      case "cancel":
      case "interrupt":
        return { state: IDLE, commands: [] };
    }
  },
} as const;
