import { describe, expect, test } from "vitest";
import { pathPlaces, pathText } from "../geometry/strokes";
import { createViewport } from "../geometry/viewport";
import type { ObjectView } from "../protocol/messages.gen";
import { NOTHING_SAID } from "../state/document";
import { type StrokeTool, strokeTool } from "./stroke";
import type { Button, Command, Held, InputEvent, ToolView } from "./tool";

// A picture of 200 x 100 shown twice as large: stage (x, y) is pixel (x / 2 - 0.5, y / 2 - 0.5).
const viewport = createViewport({ width: 200, height: 100 }, { width: 400, height: 200 }, 1);
const none: Held = { shift: false, alt: false, space: false, fresh: false, batch: false };
const object: ObjectView = { ...NOTHING_SAID, id: 5, name: "it", color: 0 };
const scribbled: ObjectView = {
  ...object,
  strokes: [
    {
      path: pathText([
        { x: 19.5, y: 19.5 },
        { x: 69.5, y: 19.5 },
      ]),
      width: 6,
      label: 1,
    },
  ],
};
const view = (target: ObjectView | null, more: Partial<ToolView> = {}): ToolView => ({
  ...{ viewport, target, nextId: 9, labelAt: () => 1, brush: 24, keeps: true },
  ...more,
});
const down = (x: number, y: number, button: Button = "primary", held: Partial<Held> = {}): InputEvent => ({
  ...{ type: "down", at: { x, y }, button, isTouch: false },
  held: { ...none, ...held },
});
const move = (x: number, y: number): InputEvent => ({ type: "move", at: { x, y }, held: none });
const up = (x: number, y: number, held: Partial<Held> = {}): InputEvent => ({
  type: "up",
  at: { x, y },
  held: { ...none, ...held },
});
const line = [down(21, 21), move(41, 21), move(81, 21), up(81, 21)];

function play(id: StrokeTool, target: ToolView, ...events: InputEvent[]) {
  const tool = strokeTool(id);
  let state = tool.initial;
  const commands: Command[] = [];
  for (const event of events) {
    const step = tool.on(state, event, target);
    state = step.state;
    commands.push(...step.commands);
  }
  return {
    edits: commands.flatMap((command) => (command.type === "edit" ? command.edits : [])),
    state,
    commands,
  };
}

const PATH = pathText([
  { x: 10, y: 10 },
  { x: 40, y: 10 },
]);

describe("a line", () => {
  test.each<[string, StrokeTool, ToolView, InputEvent[], object[]]>([
    ["of the brush is paint", "brush", view(object), line, [{ kind: "paint_mask", label: 1 }]],
    ["of the eraser takes away", "eraser", view(object), line, [{ kind: "paint_mask", label: 0 }]],
    [
      "of the brush with the right button takes away",
      "brush",
      view(object),
      [down(21, 21, "secondary"), ...line.slice(1)],
      [{ kind: "paint_mask", label: 0 }],
    ],
    [
      "of the eraser with Alt adds",
      "eraser",
      view(object),
      [down(21, 21, "primary", { alt: true }), ...line.slice(1)],
      [{ kind: "paint_mask", label: 1 }],
    ],
    [
      "of the brush is a hint, where the model is to refine",
      "brush",
      view(object, { keeps: false }),
      line,
      [{ kind: "add_stroke", label: 1 }],
    ],
    ["of the scribble tool is a hint", "scribble", view(object), line, [{ kind: "add_stroke", label: 1 }]],
    [
      "of the scribble tool is beside the object where clicks are",
      "scribble",
      view(object, { labelAt: () => 0 }),
      line,
      [{ kind: "add_stroke", label: 0 }],
    ],
    [
      "without an object makes one, in the same step",
      "scribble",
      view(null),
      line,
      [
        { kind: "add_object", object: 9 },
        { kind: "add_stroke", object: 9, label: 1 },
      ],
    ],
  ])("%s", (_, id, target, events, wanted) => {
    const { edits, state } = play(id, target, ...events);
    expect(edits).toMatchObject(wanted);
    expect(edits.at(-1)).toMatchObject({ path: PATH, width: 12 });
    expect(state).toEqual({ name: "idle", at: { x: 81, y: 21 } });
  });

  test("beyond the picture goes along its edge", () => {
    const { edits } = play("brush", view(object), down(21, 21), move(21, 999), up(21, 999));
    const [edit] = edits;
    expect(edit?.kind === "paint_mask" && pathPlaces(edit.path)).toEqual([
      { x: 10, y: 10 },
      { x: 10, y: 99 },
    ]);
  });

  test("that begins beside the picture is none", () => {
    expect(play("brush", view(object), down(21, -5), move(21, 30), up(21, 30)).edits).toEqual([]);
  });

  test("with Ctrl is gathered", () => {
    const { commands } = play("scribble", view(object), ...line.slice(0, -1), up(81, 21, { batch: true }));
    expect(commands).toMatchObject([{ type: "edit", open: true }]);
  });

  test("of many places is short", () => {
    const arc = Array.from({ length: 300 }, (_, i) =>
      move(200 + 90 * Math.cos(i / 50), 100 + 90 * Math.sin(i / 50)),
    );
    const { edits } = play("brush", view(object), down(290, 100), ...arc, up(290, 100));
    const [edit] = edits;
    expect(edit?.kind === "paint_mask" ? edit.path.length : 0).toBeLessThan(200);
  });
});

describe("a tap", () => {
  test("of the brush is a dot", () => {
    expect(play("brush", view(object), down(21, 21), up(21, 21)).edits).toMatchObject([
      { kind: "paint_mask" },
    ]);
  });

  test("of the scribble tool is a click", () => {
    expect(play("scribble", view(object), down(21, 21), up(22, 21)).edits).toEqual([
      { kind: "add_point", object: 5, x: 10, y: 10, label: 1 },
    ]);
  });

  test("of the scribble tool on a scribble removes it", () => {
    expect(play("scribble", view(scribbled), down(90, 45), up(90, 45)).edits).toEqual([
      { kind: "remove_stroke", object: 5, index: 0 },
    ]);
    expect(play("scribble", view(scribbled), down(90, 65), up(90, 65)).edits).toMatchObject([
      { kind: "add_point" },
    ]);
  });
});

describe("a line that does not end well", () => {
  test.each(["cancel", "interrupt"] as const)("leaves nothing: %s", (type) => {
    const { edits, state } = play("brush", view(object), down(21, 21), move(81, 21), { type }, up(99, 99));
    expect([edits, state.name]).toEqual([[], "idle"]);
  });

  test("goes on when the pointer leaves the stage with the button down", () => {
    expect(play("brush", view(object), down(21, 21), move(81, 21), { type: "leave" }).state.name).toBe(
      "drawing",
    );
  });
});

test("the brush is shown where the pointer rests, and nowhere once it has gone", () => {
  expect(play("brush", view(object), move(7, 8)).state).toEqual({ name: "idle", at: { x: 7, y: 8 } });
  expect(play("brush", view(object), move(7, 8), { type: "leave" }).state).toEqual({
    name: "idle",
    at: null,
  });
});
