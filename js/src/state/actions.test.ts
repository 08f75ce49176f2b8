import { signal } from "@preact/signals-core";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createViewport, toImage } from "../geometry/viewport";
import type { Action } from "../input/keymap";
import type { DocumentView, Edit } from "../protocol/messages.gen";
import { Runner } from "../tools/runner";
import { type Context, editsOf, perform } from "./actions";
import { applyAll, EMPTY_DOCUMENT, nextId, selectedObject } from "./document";
import type { ObjectMask } from "./masks";
import { Session } from "./session";
import { Ui } from "./ui";

const image = { width: 200, height: 100 };
const logits = { data: new Int8Array(3), count: 3, height: 1, width: 1, scale: 1 };
const scores = { iou: [0.5, 0.9, 0.7], object_score: 1, best: 1, milliseconds: 1 };
const mask: ObjectMask = { rev: 1, scores, exact: null, logits };
const made = (...edits: Edit[]) => applyAll(EMPTY_DOCUMENT, edits, image);
const add = (object: number): Edit => ({ kind: "add_object", object });
const click = (object: number): Edit => ({ kind: "add_point", object, x: 3, y: 4, label: 1 });
const clicked = made(add(1), click(1));
const two = made(add(1), click(1), add(4), click(4));

const CASES: Array<[string, DocumentView, Action, unknown]> = [
  ["a new object", clicked, { type: "new-object" }, [add(2)]],
  ["no second empty object", made(add(1)), { type: "new-object" }, []],
  ["an object removed", two, { type: "remove-object" }, [{ kind: "remove_object", object: 4 }]],
  ["nothing removed from nothing", EMPTY_DOCUMENT, { type: "remove-object" }, []],
  ["prompts cleared", clicked, { type: "clear" }, [{ kind: "clear_prompts", object: 1 }]],
  [
    "a candidate by its place",
    clicked,
    { type: "candidate", index: 2 },
    [{ kind: "choose_candidate", object: 1, candidate: 0 }],
  ],
  ["no candidate that there is not", clicked, { type: "candidate", index: 3 }, []],
  [
    "no candidate of two clicks",
    made(add(1), click(1), { kind: "add_point", object: 1, x: 90, y: 9, label: 1 }),
    { type: "candidate", index: 1 },
    [],
  ],
  [
    "the next object, round and round",
    two,
    { type: "next-object", by: 1 },
    [{ kind: "select_object", object: 1 }],
  ],
  ["the object before", two, { type: "next-object", by: -1 }, [{ kind: "select_object", object: 1 }]],
  [
    "the first object after none",
    { ...two, selected: null },
    { type: "next-object", by: 1 },
    [{ kind: "select_object", object: 1 }],
  ],
  [
    "the last object before none",
    { ...two, selected: null },
    { type: "next-object", by: -1 },
    [{ kind: "select_object", object: 4 }],
  ],
  ["no other object than the only one", clicked, { type: "next-object", by: 1 }, []],
  ["no next object of none", EMPTY_DOCUMENT, { type: "next-object", by: 1 }, []],
];

describe("edits of an action", () => {
  test.each(CASES)("%s", (_, document, action, wanted) => {
    const masked = document.objects.filter(({ points }) => points.length > 0);
    const masks = signal(new Map(masked.map(({ id }) => [id, mask])));
    expect(editsOf(action, { document: signal(document), masks })).toEqual(wanted);
  });
});

describe("several objects", () => {
  const classes = ["cat", "dog"].map((name) => ({ name, color: "#000000", hotkey: null, attributes: [] }));
  const classed = made({ kind: "set_classes", classes }, add(1), add(2), add(3));
  const edits = (action: Action, picked: number[] = [], document = classed) =>
    editsOf(action, { document: signal(document), masks: signal(new Map()) }, new Set(picked));

  test("are removed, locked, hidden and classified together", () => {
    expect(edits({ type: "remove-object" }, [1])).toEqual([
      { kind: "remove_object", object: 1 },
      { kind: "remove_object", object: 3 },
    ]);
    expect(edits({ type: "lock" }, [1])).toMatchObject([
      { object: 1, locked: true },
      { object: 3, locked: true },
    ]);
    expect(edits({ type: "hide" })).toEqual([{ kind: "show_object", object: 3, visible: false }]);
    expect(edits({ type: "class", index: 1 }, [2])).toMatchObject([
      { object: 2, label: "dog" },
      { object: 3, label: "dog" },
    ]);
  });

  test("of a class chosen before there are any objects is the class of the first one", () => {
    const none = made({ kind: "set_classes", classes });
    expect(edits({ type: "class", index: 1 }, [], none)).toEqual([{ kind: "choose_class", label: "dog" }]);
    expect(edits({ type: "class", index: 2 }, [], none)).toEqual([]);
  });
});

test("a class chosen while one picks is that of what will be kept, not of the object out of sight", () => {
  const classes = ["cat", "dog"].map((name) => ({ name, color: "#000000", hotkey: null, attributes: [] }));
  const ui = new Ui();
  const session = new Session("me", () => undefined);
  session.document.value = made({ kind: "set_classes", classes }, add(1));
  const edit = vi.spyOn(session, "edit").mockReturnValue(true);
  const rest = { input: vi.fn(), isDrafting: () => false, take: vi.fn(), tool: () => "prompt" as const };
  const context: Context = { session, ui, leave: vi.fn(), ...rest };
  perform({ type: "class", index: 1 }, context);
  expect(edit).toHaveBeenLastCalledWith([{ kind: "classify_object", object: 1, label: "dog" }]);
  ui.isPicking.value = true;
  perform({ type: "class", index: 0 }, context);
  expect(edit).toHaveBeenLastCalledWith([{ kind: "choose_class", label: "cat" }]);
  perform({ type: "class", index: 7 }, context);
  expect(edit).toHaveBeenLastCalledWith([]);
});

describe("without a mouse", () => {
  let ui: Ui;
  let edits: Edit[];
  let context: Context;
  const leave = vi.fn();
  const cursor = (x: -1 | 0 | 1, y: -1 | 0 | 1, isFine = false) =>
    perform({ type: "cursor", x, y, isFine }, context);

  beforeEach(() => {
    leave.mockClear();
    ui = new Ui();
    ui.viewport.value = createViewport(image, { width: 400, height: 200 }, 1);
    edits = [];
    const session = new Session("me", () => undefined);
    const { document } = session;
    const runner = new Runner(
      () => ({
        viewport: ui.viewport.value,
        target: selectedObject(document.value) ?? null,
        nextId: nextId(document.value),
        labelAt: () => 1,
        brush: 24,
        keeps: ui.keeps.value,
      }),
      (command) => {
        if (command.type !== "edit") return;
        edits.push(...command.edits);
        document.value = applyAll(document.value, command.edits, image);
      },
    );
    context = {
      session,
      ui,
      input: (event) => runner.on(event),
      isDrafting: () => runner.isDrafting.value,
      take: (tool) => runner.take(tool),
      tool: () => runner.tool.value,
      leave,
    };
  });

  test("the first arrow shows the cross in the middle, the next ones move it", () => {
    cursor(1, 0);
    expect(ui.cursor.value).toEqual({ x: 200, y: 100 });
    cursor(1, 0);
    cursor(0, -1, true);
    expect(ui.cursor.value).toEqual({ x: 216, y: 99 });
  });

  test("the cross stays on the stage", () => {
    for (let i = 0; i < 40; i++) cursor(-1, 0);
    expect(ui.cursor.value?.x).toBe(0);
  });

  test("a point is set at the cross, and removed there", () => {
    cursor(1, 0);
    perform({ type: "place", isNegative: true }, context);
    perform({ type: "place", isNegative: false }, context);
    expect(edits).toEqual([
      add(1),
      { kind: "add_point", object: 1, x: 99.5, y: 49.5, label: 0 },
      { kind: "remove_point", object: 1, index: 0 },
    ]);
  });

  test("a box is begun, stretched and ended", () => {
    cursor(1, 0);
    perform({ type: "box" }, context);
    cursor(1, 0);
    cursor(0, 1);
    perform({ type: "box" }, context);
    expect(edits).toEqual([add(1), { kind: "set_box", object: 1, box: [99.5, 49.5, 107.5, 57.5] }]);
  });

  test("a box begins anew even where a point is, and M moves that point", () => {
    cursor(1, 0);
    perform({ type: "place", isNegative: false }, context);
    perform({ type: "box" }, context);
    cursor(1, 1);
    perform({ type: "box" }, context);
    cursor(-1, -1);
    perform({ type: "grab" }, context);
    cursor(0, 1);
    perform({ type: "grab" }, context);
    expect(edits.slice(2)).toEqual([
      { kind: "set_box", object: 1, box: [99.5, 49.5, 107.5, 57.5] },
      { kind: "move_point", object: 1, index: 0, x: 99.5, y: 57.5 },
    ]);
  });

  test("M where there is nothing grabs nothing", () => {
    cursor(1, 0);
    perform({ type: "grab" }, context);
    cursor(1, 1);
    perform({ type: "grab" }, context);
    expect(edits).toEqual([]);
  });

  test("without a cross, keys set nothing", () => {
    perform({ type: "place", isNegative: false }, context);
    perform({ type: "box" }, context);
    expect(edits).toEqual([]);
  });

  test("Escape backs out step by step: help, draft, cross, widget", () => {
    perform({ type: "help" }, context);
    cursor(1, 0);
    perform({ type: "box" }, context);
    const state = () => [
      ui.isHelpOpen.value,
      context.isDrafting(),
      ui.cursor.value !== null,
      leave.mock.calls.length,
    ];
    expect(state()).toEqual([true, true, true, 0]);
    for (const wanted of [
      [false, true, true, 0],
      [false, false, true, 0],
      [false, false, false, 0],
      [false, false, false, 1],
    ]) {
      perform({ type: "escape" }, context);
      expect(state()).toEqual(wanted);
    }
  });

  test("zoom goes towards the cross", () => {
    cursor(1, 0);
    for (let i = 0; i < 5; i++) cursor(1, 1);
    const at = ui.cursor.value ?? { x: 0, y: 0 };
    const before = toImage(ui.viewport.value, at);
    perform({ type: "zoom-in" }, context);
    expect(toImage(ui.viewport.value, at).x).toBeCloseTo(before.x, 9);
    perform({ type: "fit" }, context);
    expect(ui.viewport.value.scale).toBe(2);
    perform({ type: "one-to-one" }, context);
    expect(ui.viewport.value.scale).toBe(1);
  });

  test("masks are filled, outlines, solid, and filled again", () => {
    const seen = Array.from({ length: 4 }, () => {
      perform({ type: "outline" }, context);
      return ui.look.value;
    });
    expect(seen).toEqual(["outline", "solid", "filled", "outline"]);
    ui.resetLooks();
    expect(ui.look.value).toBe("filled");
  });

  test.each([
    ["hide-masks", (u: Ui) => u.masksHidden],
    ["looks", (u: Ui) => u.isLooksOpen],
    ["loupe", (u: Ui) => u.hasLoupe],
    ["polarity", (u: Ui) => u.isNegative],
  ] as const)("%s goes on and off", (type, read) => {
    perform({ type }, context);
    expect(read(ui).value).toBe(true);
    perform({ type }, context);
    expect(read(ui).value).toBe(false);
  });
});
