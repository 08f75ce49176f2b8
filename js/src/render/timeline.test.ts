import { expect, test } from "vitest";
import type { VideoObjectView } from "../protocol/messages.gen";
import { PRESENT } from "../state/lanes";
import { cssColor } from "./masks";
import { type LaneLook, paintLabel, paintLane } from "./timeline";

/** A canvas that draws nothing and remembers the colours it was given. */
function palette(): { readonly context: CanvasRenderingContext2D; readonly used: ReadonlySet<unknown> } {
  const used = new Set<unknown>();
  const context = new Proxy({} as Record<string | symbol, unknown>, {
    get: (held, name) => held[name] ?? (() => ({ width: 10 })),
    set: (held, name, value) => {
      held[name] = value;
      if (name === "fillStyle" || name === "strokeStyle") used.add(value);
      return true;
    },
  });
  return { context: context as unknown as CanvasRenderingContext2D, used };
}

test("a lane and its label have the colour that the mask has", () => {
  const frame = { frame: 0, mask: false };
  const object = { id: 1, name: "cat", color: 3, visible: true, frames: [frame] };
  const lane = { states: Uint8Array.of(PRESENT, PRESENT), scores: Uint8Array.of(200, 210) };
  const look = {
    object: object as unknown as VideoObjectView,
    ink: "#12ab34",
    lane,
    isSelected: false,
    y: 0,
  };
  const inks = { text: "t", faint: "f", line: "l", brand: "b", surface: "s" };
  const { context, used } = palette();
  const track = { first: 0, last: 1, left: 100, width: 300 };
  paintLabel(context, 100, look as LaneLook, inks);
  expect(used).toContain(cssColor("#12ab34"));
  paintLane(context, track, look as LaneLook, inks);
  expect(used).toContain(cssColor("#12ab34", 0.38));
  for (const alpha of [1, 0.38]) expect(used).not.toContain(cssColor(3, alpha));
});
