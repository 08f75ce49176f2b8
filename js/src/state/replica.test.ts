import { describe, expect, test } from "vitest";
import type { DocumentView, Edit } from "../protocol/messages.gen";
import { applyAll, EditError, EMPTY_DOCUMENT } from "./document";
import { Replica } from "./replica";

const image = { width: 80, height: 60 };
const add: Edit = { kind: "add_object", object: 1 };
const click = (x: number): Edit => ({ kind: "add_point", object: 1, x, y: 5, label: 1 });
const move = (x: number, index = 0): Edit => ({ kind: "move_point", object: 1, index, x, y: 5 });
const box = (right: number): Edit => ({ kind: "set_box", object: 1, box: [0, 0, right, 9] });

/** The kernel's document after some edits. */
function at(rev: number, ...edits: Edit[]): DocumentView {
  return { ...applyAll(EMPTY_DOCUMENT, edits, image), rev };
}

function replica(base: DocumentView = EMPTY_DOCUMENT): Replica<DocumentView, Edit> {
  const made = new Replica<DocumentView, Edit>(EMPTY_DOCUMENT, (document, edits) =>
    applyAll(document, edits, image),
  );
  made.reset(base);
  return made;
}

const xs = (document: DocumentView) => document.objects.flatMap(({ points }) => points.map(({ x }) => x));

describe("edits", () => {
  test("show at once, and are asked one step at a time, each on the revision it is made on", () => {
    const r = replica();
    r.edit([add, click(3)]);
    r.edit([click(9)]);
    expect(xs(r.shown)).toEqual([3, 9]);
    expect(r.next()).toEqual({ type: "edit", rev: 0, frame: 0, edits: [add, click(3)] });
    expect(r.next()).toBeNull();
    r.done(1);
    expect(r.next()).toEqual({ type: "edit", rev: 1, frame: 0, edits: [click(9)] });
    r.done(2);
    expect([r.next(), r.isSettled, r.base.rev, xs(r.base)]).toEqual([null, true, 2, [3, 9]]);
  });

  test("that do not fit change nothing", () => {
    const r = replica();
    expect(() => r.edit([click(3)])).toThrow(EditError);
    expect([r.next(), r.shown]).toEqual([null, EMPTY_DOCUMENT]);
  });

  test.each([
    ["moves of the same point", move(10), move(20), 1],
    ["moves of two points", move(10), move(20, 1), 2],
    ["sizes of the same box", box(10), box(20), 1],
    ["clicks", click(30), click(40), 2],
  ])("that wait: %s", (_, first, second, steps) => {
    const r = replica(at(1, add, click(3), click(6)));
    r.edit([click(50)]);
    r.next();
    r.edit([first]);
    r.edit([second]);
    r.done(2);
    const asked: unknown[] = [];
    for (let rev = 3, ask = r.next(); ask !== null; ask = r.next(), rev++) {
      asked.push(ask);
      r.done(rev);
    }
    expect(asked).toHaveLength(steps);
    expect(asked.at(-1)).toMatchObject({ edits: [second] });
  });

  test("a move that is under way is not changed by the next one", () => {
    const r = replica(at(1, add, click(3)));
    r.edit([move(10)]);
    r.next();
    r.edit([move(20)]);
    r.done(2);
    expect(r.next()).toMatchObject({ edits: [move(20)] });
  });

  test("of an open step are gathered, shown, and asked together when it is closed", () => {
    const r = replica(at(1, add));
    r.edit([click(1)], true);
    r.edit([click(5)], true);
    expect([r.next(), xs(r.shown), r.isSettled]).toEqual([null, [1, 5], false]);
    r.close();
    expect(r.next()).toMatchObject({ edits: [click(1), click(5)] });
  });

  test("an edit that is not open ends the open step with it", () => {
    const r = replica(at(1, add));
    r.edit([click(1)], true);
    r.edit([click(5)]);
    expect(r.next()).toMatchObject({ edits: [click(1), click(5)] });
  });

  test("are forgotten when the kernel refuses", () => {
    const r = replica(at(1, add));
    r.edit([click(1)]);
    r.next();
    r.edit([click(5)]);
    r.forget();
    expect([xs(r.shown), r.next(), r.isSettled]).toEqual([[], null, true]);
  });
});

describe("what the kernel says while a step is under way", () => {
  const orders: Array<[string, (r: Replica<DocumentView, Edit>) => void]> = [
    ["before its answer", (r) => [r.hear(at(2, add, click(3))), r.done(2)]],
    ["after its answer", (r) => [r.done(2), r.hear(at(2, add, click(3)))]],
    ["twice", (r) => [r.hear(at(2, add, click(3))), r.done(2), r.hear(at(2, add, click(3)))]],
    ["never", (r) => [r.done(2)]],
  ];

  test.each(orders)("is not done twice: the document comes %s", (_, say) => {
    const r = replica(at(1, add));
    r.edit([click(3)]);
    r.next();
    say(r);
    expect([xs(r.shown), r.base.rev, r.isSettled]).toEqual([[3], 2, true]);
  });

  test("of another's change before ours is kept under ours", () => {
    const r = replica(at(1, add));
    r.edit([click(3)]);
    r.next();
    r.hear(at(2, add, click(40)));
    expect(xs(r.shown)).toEqual([3]);
    r.done(3);
    expect([xs(r.shown), r.base.rev]).toEqual([[40, 3], 3]);
  });

  test("of another's change after ours is taken as it is", () => {
    const r = replica(at(1, add));
    r.edit([click(3)]);
    r.next();
    r.hear(at(3, add, click(3), click(40)));
    r.done(2);
    expect([xs(r.shown), r.base.rev]).toEqual([[3, 40], 3]);
  });

  test("that our waiting edit no longer fits does no harm", () => {
    const r = replica(at(1, add));
    r.edit([click(3)]);
    r.hear({ ...EMPTY_DOCUMENT, rev: 2 });
    expect(r.shown.objects).toEqual([]);
  });

  test("older than what we know is no news", () => {
    const r = replica(at(5, add, click(3)));
    r.hear(at(4, add));
    expect(r.base.rev).toBe(5);
  });
});

describe("undo", () => {
  test("waits for the edits before it, and for the document that it makes", () => {
    const r = replica(at(1, add));
    r.edit([click(3)]);
    r.history("undo");
    expect(r.next()).toMatchObject({ type: "edit" });
    r.done(2);
    expect(r.next()).toEqual({ type: "history", direction: "undo" });
    r.edit([click(9)]);
    r.done(3);
    expect([r.next(), r.isSettled]).toEqual([null, false]);
    r.hear(at(3, add));
    expect(r.next()).toEqual({ type: "edit", rev: 3, frame: 0, edits: [click(9)] });
  });

  test("whose document came first waits for nothing", () => {
    const r = replica(at(2, add, click(3)));
    r.history("undo");
    r.next();
    r.hear(at(3, add));
    r.done(3);
    expect([r.isSettled, xs(r.shown)]).toEqual([true, []]);
  });

  test("can be taken back before the kernel has said so", () => {
    const r = replica({ ...at(2, add, click(3)), can_undo: true });
    r.history("undo");
    expect(r.shown.can_redo).toBe(true);
    r.next();
    r.done(3);
    expect([r.base.can_redo, r.shown.can_redo]).toEqual([false, true]);
    r.history("redo");
    r.hear({ ...at(3, add), can_redo: true });
    expect(r.next()).toEqual({ type: "history", direction: "redo" });
    expect(r.shown.can_undo).toBe(true);
  });

  test("closes an open step, which it undoes", () => {
    const r = replica(at(1, add));
    r.edit([click(3)], true);
    r.history("undo");
    expect(r.next()).toMatchObject({ type: "edit" });
  });
});

test("what the kernel has yet to answer is known per object", () => {
  const r = replica(at(1, add, { kind: "add_object", object: 2 }));
  r.edit([click(3)]);
  const isClick = (edit: Edit) => edit.kind === "add_point";
  expect([r.awaits(1, isClick), r.awaits(2, isClick), r.awaits(1, () => false)]).toEqual([
    true,
    false,
    false,
  ]);
  r.next();
  r.done(2);
  expect(r.awaits(1, isClick)).toBe(false);
});
