/** The tool that moves the picture about. */

import type { Vec } from "../geometry/viewport";
import type { Tool } from "./tool";

export type PanState = { readonly name: "idle" } | { readonly name: "panning"; readonly last: Vec };

export const panTool: Tool<PanState> = {
  id: "pan",
  initial: { name: "idle" },
  on(state, event) {
    switch (event.type) {
      case "down":
        return { state: { name: "panning", last: event.at }, commands: [] };
      case "move": {
        if (state.name === "idle") return { state, commands: [] };
        const by = { x: event.at.x - state.last.x, y: event.at.y - state.last.y };
        return { state: { name: "panning", last: event.at }, commands: [{ type: "pan", by }] };
      }
      case "leave":
      case "finish":
        return { state, commands: [] };
      case "up":
      case "cancel":
      case "interrupt":
        return { state: { name: "idle" }, commands: [] };
    }
  },
};
