import { describe, expect, test } from "vitest";
import { createViewport } from "../geometry/viewport";
import type { ObjectView } from "../protocol/messages.gen";
import { NOTHING_SAID } from "../state/document";
import { promptTool } from "./prompt";
import type { Button, Command, Held, InputEvent, ToolView } from "./tool";

// A picture of 200 x 100 shown twice as large: stage (x, y) is pixel (x / 2 - 0.5, y / 2 - 0.5).
const viewport = createViewport({ width: 200, height: 100 }, { width: 400, height: 300 }, 1);
const none: Held = { shift: false, alt: false, space: false, fresh: false, batch: false };
const object: ObjectView = {
  ...{ ...NOTHING_SAID, id: 5, name: "it", color: 0 },
  points: [{ x: 49.5, y: 24.5, label: 1 }],
};
const boxed: ObjectView = { ...object, points: [], box: [49.5, 9.5, 149.5, 59.5] };
const view = (target: ObjectView | null, label: 0 | 1 = 1): ToolView => ({
  viewport,
  target,
  nextId: 9,
  labelAt: () => label,
  brush: 24,
  keeps: true,
});

const down = (
  x: number,
  y: number,
  more: { button?: Button; held?: Partial<Held>; isTouch?: boolean } = {},
): InputEvent => ({
  ...{ type: "down", at: { x, y }, button: more.button ?? "primary", isTouch: more.isTouch ?? false },
  held: { ...none, ...more.held },
});
const move = (x: number, y: number): InputEvent => ({ type: "move", at: { x, y }, held: none });
const up = (x: number, y: number, held: Partial<Held> = {}): InputEvent => ({
  type: "up",
  at: { x, y },
  held: { ...none, ...held },
});
const edit = (...edits: unknown[]) => [{ type: "edit", open: false, edits }];
const point = (x: number, y: number, label = 1) => ({ kind: "add_point", object: 5, x, y, label });

function play(target: ToolView, ...events: InputEvent[]): { commands: Command[]; name: string } {
  let state = promptTool.initial;
  const commands: Command[] = [];
  for (const event of events) {
    const step = promptTool.on(state, event, target);
    state = step.state;
    commands.push(...step.commands);
  }
  return { commands, name: state.name };
}

describe("a click", () => {
  const cases: Array<[string, ToolView, InputEvent[], unknown]> = [
    ["is a point on the object", view(object), [down(20, 80), up(20, 80)], edit(point(9.5, 14.5))],
    [
      "with the right button is beside it",
      view(object),
      [down(20, 80, { button: "secondary" }), up(20, 80)],
      edit(point(9.5, 14.5, 0)),
    ],
    [
      "with Alt is beside it",
      view(object),
      [down(20, 80, { held: { alt: true } }), up(20, 80)],
      edit(point(9.5, 14.5, 0)),
    ],
    [
      "is beside it in the negative mode",
      view(object, 0),
      [down(20, 80), up(20, 80)],
      edit(point(9.5, 14.5, 0)),
    ],
    [
      "with the right button is on it in the negative mode",
      view(object, 0),
      [down(20, 80, { button: "secondary" }), up(20, 80)],
      edit(point(9.5, 14.5)),
    ],
    [
      "that trembles is still a click, where it began",
      view(object),
      [down(20, 80), move(22, 82), up(23, 81)],
      edit(point(9.5, 14.5)),
    ],
    [
      "without an object makes one, in the same step",
      view(null),
      [down(20, 80), up(20, 80)],
      edit({ kind: "add_object", object: 9 }, { ...point(9.5, 14.5), object: 9 }),
    ],
    ["beside the picture is nothing", view(object), [down(20, 20), up(20, 20)], []],
    [
      "on a point removes it",
      view(object),
      [down(104, 103), up(104, 103)],
      edit({ kind: "remove_point", object: 5, index: 0 }),
    ],
    ["near a point is another one", view(object), [down(100, 113), up(100, 113)], edit(point(49.5, 31))],
    [
      "of a finger near a point removes it",
      view(object),
      [down(100, 113, { isTouch: true }), up(100, 113)],
      edit({ kind: "remove_point", object: 5, index: 0 }),
    ],
    [
      "on the cross of a box removes the box",
      view(boxed),
      [down(316, 54), up(316, 54)],
      edit({ kind: "set_box", object: 5, box: null }),
    ],
    ["on a handle of a box is nothing", view(boxed), [down(300, 70), up(300, 70)], []],
    [
      "with Ctrl is gathered",
      view(object),
      [down(20, 80), up(20, 80, { batch: true })],
      [{ type: "edit", open: true, edits: [point(9.5, 14.5)] }],
    ],
  ];
  test.each(cases)("%s", (_, target, events, wanted) => {
    expect(play(target, ...events)).toEqual({ commands: wanted, name: "idle" });
  });
});

describe("a drag", () => {
  const cases: Array<[string, ToolView, InputEvent[], unknown]> = [
    [
      "is a box",
      view(object),
      [down(20, 80), move(30, 90), up(60, 120)],
      edit({ kind: "set_box", object: 5, box: [9.5, 14.5, 29.5, 34.5] }),
    ],
    [
      "up and to the left is a box too",
      view(object),
      [down(60, 120), up(20, 80)],
      edit({ kind: "set_box", object: 5, box: [9.5, 14.5, 29.5, 34.5] }),
    ],
    ["along a line is no box", view(object), [down(20, 30), move(60, 30), up(60, 30)], []],
    [
      "beyond the picture is a box up to its edge",
      view(object),
      [down(380, 80), up(999, 999)],
      edit({ kind: "set_box", object: 5, box: [189.5, 14.5, 199, 99] }),
    ],
    [
      "without an object makes one, in the same step",
      view(null),
      [down(20, 80), up(60, 120)],
      edit({ kind: "add_object", object: 9 }, { kind: "set_box", object: 9, box: [9.5, 14.5, 29.5, 34.5] }),
    ],
    [
      "of a point moves it",
      view(object),
      [down(100, 100), move(110, 110), up(120, 140)],
      edit({ kind: "move_point", object: 5, index: 0, x: 59.5, y: 44.5 }),
    ],
    [
      "of a corner sizes the box",
      view(boxed),
      [down(300, 170), up(320, 200)],
      edit({ kind: "set_box", object: 5, box: [49.5, 9.5, 159.5, 74.5] }),
    ],
    [
      "of a corner over the other one turns the box round",
      view(boxed),
      [down(300, 170), up(40, 60)],
      edit({ kind: "set_box", object: 5, box: [19.5, 4.5, 49.5, 9.5] }),
    ],
    [
      "of a side moves that side only",
      view(boxed),
      [down(100, 120), up(60, 190)],
      edit({ kind: "set_box", object: 5, box: [29.5, 9.5, 149.5, 59.5] }),
    ],
  ];
  test.each(cases)("%s", (_, target, events, wanted) => {
    expect(play(target, ...events)).toEqual({ commands: wanted, name: "idle" });
  });

  test("begins after 4 pixels", () => {
    expect(play(view(object), down(20, 80), move(23, 82)).name).toBe("pressing");
    expect(play(view(object), down(20, 80), move(24, 80)).name).toBe("boxing");
  });
});

describe("a gesture that does not end well", () => {
  const starts: Array<[string, ToolView, InputEvent[]]> = [
    ["pressing", view(object), [down(20, 80)]],
    ["boxing", view(object), [down(20, 80), move(60, 120)]],
    ["moving", view(object), [down(100, 100), move(120, 120)]],
    ["resizing", view(boxed), [down(300, 170), move(320, 190)]],
    ["idle", view(object), [move(20, 80)]],
  ];
  for (const type of ["cancel", "interrupt"] as const) {
    test.each(starts)(`leaves nothing: ${type} while %s`, (name, target, events) => {
      expect(play(target, ...events).name).toBe(name);
      expect(play(target, ...events, { type }, up(200, 200))).toEqual({ commands: [], name: "idle" });
    });
  }

  test("because its object has gone changes nothing", () => {
    let state = promptTool.initial;
    for (const event of [down(100, 100), move(120, 120)])
      state = promptTool.on(state, event, view(object)).state;
    expect(promptTool.on(state, up(130, 130), view(null))).toMatchObject({
      commands: [],
      state: { name: "idle" },
    });
  });
});

test("what lies under the pointer is known before it is pressed", () => {
  const hover = (target: ObjectView, x: number, y: number) =>
    promptTool.on(promptTool.initial, move(x, y), view(target)).state;
  expect(hover(object, 101, 99)).toMatchObject({ hover: { type: "point", index: 0 } });
  expect(hover(boxed, 99, 71)).toMatchObject({ hover: { type: "handle", handle: { x: -1, y: -1 } } });
  expect(hover(boxed, 200, 120)).toMatchObject({ hover: null });
});
