/** Picks among masks: a press and release picks one, a drag all that lie in the box; the right button takes back. Pure. */

import type { Vec } from "../geometry/viewport";
import type { InputEvent } from "./tool";

export type PickState =
  | { readonly name: "idle" }
  | { readonly name: "pressing"; readonly from: Vec; readonly isAway: boolean }
  | { readonly name: "boxing"; readonly from: Vec; readonly to: Vec; readonly isAway: boolean };

export type PickCommand =
  | { readonly type: "hover"; readonly at: Vec | null }
  /** Pick what is lit, or take it back; with `isAway` only the latter. */
  | { readonly type: "toggle"; readonly isAway: boolean }
  | { readonly type: "box"; readonly from: Vec; readonly to: Vec; readonly isAway: boolean };

const SLACK = 5;
const IDLE: PickState = { name: "idle" };

export const pickTool = {
  initial: IDLE,
  on(
    state: PickState,
    event: InputEvent,
  ): { readonly state: PickState; readonly commands: ReadonlyArray<PickCommand> } {
    switch (event.type) {
      case "down": {
        const isAway = event.button === "secondary" || event.held.alt;
        return {
          state: { name: "pressing", from: event.at, isAway },
          commands: [{ type: "hover", at: event.at }],
        };
      }
      case "move": {
        if (state.name === "idle") return { state, commands: [{ type: "hover", at: event.at }] };
        const isFar = Math.hypot(event.at.x - state.from.x, event.at.y - state.from.y) > SLACK;
        if (state.name === "pressing" && !isFar) return { state, commands: [] };
        const { from, isAway } = state;
        return { state: { name: "boxing", from, to: event.at, isAway }, commands: [] };
      }
      case "up":
        if (state.name === "pressing")
          return { state: IDLE, commands: [{ type: "toggle", isAway: state.isAway }] };
        if (state.name === "boxing")
          return {
            state: IDLE,
            commands: [{ type: "box", from: state.from, to: event.at, isAway: state.isAway }],
          };
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
