import { describe, expect, test } from "vitest";
import { pathPlaces } from "../geometry/strokes";
import { createViewport } from "../geometry/viewport";
import type { ObjectView } from "../protocol/messages.gen";
import { NOTHING_SAID } from "../state/document";
import { lassoTool } from "./lasso";
import type { Button, Command, Held, InputEvent, ToolView } from "./tool";

const viewport = createViewport({ width: 200, height: 100 }, { width: 400, height: 200 }, 1);
const none: Held = { shift: false, alt: false, space: false, fresh: false, batch: false };
const object: ObjectView = { ...NOTHING_SAID, id: 5, name: "it", color: 0 };
const view = (more: Partial<ToolView> = {}): ToolView => ({
  ...{ viewport, target: object, nextId: 9, labelAt: () => 1, brush: 24, keeps: true },
  ...more,
});
const down = (x: number, y: number, button: Button = "primary"): InputEvent => ({
  ...{ type: "down", at: { x, y }, button, held: none, isTouch: false },
});
const move = (x: number, y: number): InputEvent => ({ type: "move", at: { x, y }, held: none });
const up = (x: number, y: number): InputEvent => ({ type: "up", at: { x, y }, held: none });
const click = (x: number, y: number, button: Button = "primary") => [down(x, y, button), up(x, y)];
const CORNERS = [...click(21, 21), ...click(121, 21), ...click(121, 121)];
const TRIANGLE = [
  { x: 10, y: 10 },
  { x: 60, y: 10 },
  { x: 60, y: 60 },
];

function play(target: ToolView, ...events: InputEvent[]) {
  let state = lassoTool.initial;
  const commands: Command[] = [];
  for (const event of events) {
    const step = lassoTool.on(state, event, target);
    state = step.state;
    commands.push(...step.commands);
  }
  const [command] = commands;
  const edit = command?.type === "edit" ? command.edits.at(-1) : undefined;
  const places = edit?.kind === "paint_mask" || edit?.kind === "add_stroke" ? pathPlaces(edit.path) : null;
  return { edit, places, state };
}

describe("an area", () => {
  test.each<[string, InputEvent[]]>([
    ["is closed by a click on its first corner", [...CORNERS, ...click(25, 26)]],
    ["is closed by a second click on its last corner", [...CORNERS, ...click(122, 121)]],
    ["is closed by Enter", [...CORNERS, move(60, 70), { type: "finish" }]],
    ["is closed where a drag ends", [down(21, 21), move(121, 21), move(121, 121), up(121, 121)]],
    [
      "goes on after the picture was moved, and the pointer was gone",
      [
        ...CORNERS.slice(0, 4),
        { type: "interrupt" },
        { type: "leave" },
        ...CORNERS.slice(4),
        { type: "finish" },
      ],
    ],
  ])("%s", (_, events) => {
    const { edit, places, state } = play(view(), ...events);
    expect(edit).toMatchObject({ kind: "paint_mask", object: 5, width: 0, label: 1 });
    expect(places).toEqual(TRIANGLE);
    expect(state).toEqual({ name: "idle" });
  });

  test("with the right button is taken away", () => {
    const events = [...click(21, 21, "secondary"), ...CORNERS.slice(2), { type: "finish" } as const];
    expect(play(view(), ...events).edit).toMatchObject({ kind: "paint_mask", label: 0 });
  });

  test("is a hint where the model is to refine", () => {
    expect(play(view({ keeps: false }), ...CORNERS, { type: "finish" }).edit).toMatchObject({
      ...{ kind: "add_stroke", width: 0, label: 1 },
    });
  });

  test.each<[string, InputEvent[]]>([
    ["of two corners", [...CORNERS.slice(0, 4), { type: "finish" }]],
    ["that is a straight drag", [down(21, 21), move(90, 21), up(121, 21)]],
    ["that is taken back", [...CORNERS, { type: "cancel" }]],
    ["that begins beside the picture", [down(21, -9), up(21, -9)]],
  ])("%s is none", (_, events) => {
    const { edit, state } = play(view(), ...events);
    expect([edit, state.name]).toEqual([undefined, "idle"]);
  });

  test("shows where its next corner would be", () => {
    expect(play(view(), ...CORNERS, move(60, 70)).state).toMatchObject({
      name: "corners",
      to: { x: 60, y: 70 },
    });
  });
});
