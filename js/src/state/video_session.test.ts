import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VideoWire } from "../../dev/video_wire";
import type { VideoEdit } from "../protocol/messages.gen";
import { PRESENT, STALE_PRESENT, scoreOf } from "./lanes";
import { promptedFrames } from "./video_document";

const add: VideoEdit = { kind: "add_object", object: 1 };
const click = (x = 20, object = 1): VideoEdit => ({ kind: "add_point", object, x, y: 20, label: 1 });
const track = {
  type: "track" as const,
  direction: "forward" as const,
  objects: null,
  start: null,
  first: null,
  last: null,
};

let wire: VideoWire;

beforeEach(() => {
  wire = new VideoWire();
  wire.flush();
});
afterEach(() => wire.detach());

describe("a click", () => {
  test("shows at once, and brings the frame's mask", () => {
    wire.session.edit(4, [add, click()]);
    expect(promptedFrames(wire.session.document.value)).toEqual([4]);
    expect(wire.session.isSettled.value).toBe(false);
    wire.flush();
    expect([wire.session.isSettled.value, wire.session.rev.value]).toEqual([true, 1]);
    expect(wire.session.masks.shape(4, 1)?.rings).toHaveLength(1);
    expect(wire.session.lanes.stateAt(1, 4)).toBe(PRESENT);
  });

  test("has one score, as exact as the mask came with", () => {
    wire.session.edit(4, [add, click()]);
    expect(wire.session.scoreAt(4, 1)).toBeNull();
    wire.flush();
    const exact = wire.session.masks.view(4, 1)?.score ?? 0;
    expect(scoreOf(wire.session.lanes.all.value.get(1), 4)).not.toBe(exact);
    expect(wire.session.scoreAt(4, 1)).toBe(exact);
  });

  test("makes an older mask of the same frame old news", () => {
    wire.session.edit(4, [add, click()]);
    wire.flush();
    wire.session.edit(4, [click(40)]);
    for (const request of wire.up.splice(0)) wire.kernel.take(request);
    const [work, down] = [wire.model.splice(0), wire.down.splice(0)];
    for (const { content, buffers } of down) wire.session.receive(content, buffers);
    const before = wire.session.masks.view(4, 1);
    wire.session.receive(
      {
        ...{ type: "masks_changed", epoch: "epoch-1", gone: [], masks: [{ ...before, rev: 1, score: 0 }] },
        buffers: [{ what: "rle", shape: [48, 64], scale: 1, object: 1 }],
      },
      [new Uint8Array([0, 0, 0, 0])],
    );
    expect(wire.session.masks.view(4, 1)).toEqual(before);
    for (const one of work) one();
    wire.flush();
    expect(wire.session.masks.view(4, 1)?.rev).toBe(2);
  });

  test("that was answered with words takes itself back", () => {
    wire.session.edit(0, [add, click()]);
    wire.flush();
    wire.session.edit(0, [{ kind: "lock_object", object: 1, locked: true }]);
    wire.flush();
    wire.session.edit(3, [click()]);
    expect(wire.session.hint.value).toContain("is locked");
    expect(promptedFrames(wire.session.document.value)).toEqual([0]);
  });

  test("is sent again when it is lost, and made once", () => {
    wire.isCut = true;
    wire.session.edit(4, [add, click()]);
    wire.turn();
    wire.isCut = false;
    wire.pass(4_000);
    expect([wire.session.isSettled.value, wire.kernel.document.rev]).toEqual([true, 1]);
  });
});

describe("tracking", () => {
  beforeEach(() => {
    wire.session.edit(0, [add, click()]);
    wire.flush();
  });

  test("brings masks and lanes while it runs, and tells how it gets on", () => {
    wire.session.start(track);
    for (let i = 0; i < 5; i++) wire.turn();
    const [job] = wire.session.jobs.value;
    expect(job?.state).toBe("running");
    expect(job?.done).toBeGreaterThan(0);
    expect(wire.session.masks.has(1, 1)).toBe(true);
    wire.flush();
    expect(wire.session.jobs.value[0]).toMatchObject({ state: "done", done: 20 });
    expect(wire.session.lanes.all.value.get(1)?.view.state).toBe("full");
  });

  test("ends when it is cancelled, and keeps what is done", () => {
    wire.session.start(track);
    for (let i = 0; i < 4; i++) wire.turn();
    wire.session.cancel(wire.session.jobs.value[0]?.id ?? 0);
    wire.flush();
    expect(wire.session.jobs.value[0]?.state).toBe("cancelled");
    expect(wire.session.lanes.all.value.get(1)?.view).toMatchObject({ state: "partial" });
  });

  test("whose end was lost is found to have ended", () => {
    wire.session.start(track);
    for (let i = 0; i < 4; i++) wire.turn();
    while (wire.model.length > 0) {
      for (const work of wire.model.splice(0)) work();
      wire.down.length = 0;
    }
    expect(wire.session.jobs.value[0]?.state).toBe("running");
    wire.pass(6_000);
    expect(wire.session.jobs.value[0]?.state).toBe("done");
    expect(wire.session.lanes.stateAt(1, 19)).toBe(PRESENT);
  });

  test("what a correction makes stale is told, and masks that were lost are fetched", () => {
    wire.session.start(track);
    wire.flush();
    wire.session.edit(6, [click(50)]);
    wire.flush();
    expect([5, 6, 7].map((frame) => wire.session.lanes.stateAt(1, frame))).toEqual([
      STALE_PRESENT,
      PRESENT,
      STALE_PRESENT,
    ]);
    wire.session.masks.clear();
    wire.session.fetcher.want({}, [5, 6]);
    wire.flush();
    expect([5, 6, 7].map((frame) => wire.session.masks.has(frame, 1))).toEqual([true, true, false]);
  });
});

describe("undo", () => {
  test("says what has changed when it has arrived", () => {
    wire.session.edit(4, [add, click()]);
    wire.flush();
    wire.session.edit(9, [click(30)]);
    wire.flush();
    const seen: number[][] = [];
    wire.session.history("undo", (before, after) =>
      seen.push([...promptedFrames(before), -1, ...promptedFrames(after)]),
    );
    expect(seen).toEqual([]);
    wire.flush();
    expect(seen).toEqual([[4, 9, -1, 4]]);
    wire.session.history("redo", (_, after) => seen.push([...promptedFrames(after)]));
    wire.flush();
    expect(seen[1]).toEqual([4, 9]);
  });
});

describe("undo of a correction", () => {
  const old = (rev: number) => ({
    ...{ type: "masks_changed", epoch: "epoch-1", gone: [] },
    masks: [{ ...wire.session.masks.view(6, 1), rev, prompted: false }],
    buffers: [{ what: "rle", shape: [48, 64], scale: 1, object: 1 }],
  });
  const news = (rev: number) => wire.session.receive(old(rev), [new Uint8Array([0, 0, 0, 0])]);
  const asked = () => wire.up.filter((one) => one.type === "masks");

  beforeEach(() => {
    wire.session.edit(0, [add, click()]);
    wire.flush();
    wire.session.start(track);
    wire.flush();
    wire.session.fetcher.want({}, [6]);
    wire.session.edit(6, [click(50)]);
    wire.flush();
  });

  test("brings the mask of before back, although it is older than the correction", () => {
    wire.session.history("undo", () => {});
    wire.flush();
    news(1);
    expect(asked()).toHaveLength(1);
  });

  test("by a cell does so, too", () => {
    wire.kernel.take({ type: "history", view: "cell", seq: 1, direction: "undo" });
    wire.flush();
    news(1);
    expect(asked()).toHaveLength(1);
  });

  test("whose news comes ahead of the answer to it is not lost", () => {
    wire.session.history("undo", () => {});
    news(1);
    expect(asked()).toHaveLength(0);
    for (const request of wire.up.splice(0)) wire.kernel.take(request);
    for (const { content, buffers } of wire.down.splice(0)) wire.session.receive(content, buffers);
    expect(asked()).toHaveLength(1);
  });
});

describe("an object that goes", () => {
  const remove: VideoEdit = { kind: "remove_object", object: 1 };
  const known = () => [0, 3, 9].filter((frame) => wire.session.masks.shape(frame, 1) !== null);
  const present = () => [0, 3, 9].filter((frame) => wire.session.lanes.stateAt(1, frame) === PRESENT);
  const travel = (direction: "undo" | "redo") => wire.session.history(direction, () => {});

  beforeEach(() => {
    wire.session.edit(0, [add, click()]);
    wire.flush();
    wire.session.start(track);
    wire.session.fetcher.want({}, [0, 3, 9]);
    wire.flush();
    expect([known(), present()]).toEqual([
      [0, 3, 9],
      [0, 3, 9],
    ]);
  });

  test.each([
    ["is removed", () => wire.session.edit(0, [remove]), () => travel("undo")],
    ["is undone", () => travel("undo"), () => travel("redo")],
  ])("because it %s leaves nothing, and comes back with all it had", (_, go, comeBack) => {
    go();
    wire.flush();
    expect([known(), present()]).toEqual([[], []]);
    comeBack();
    wire.flush();
    expect([known(), present()]).toEqual([
      [0, 3, 9],
      [0, 3, 9],
    ]);
    expect(wire.session.isBehind(0, 1)).toBe(false);
  });

  test.each([
    ["is removed", () => wire.session.edit(0, [remove])],
    ["is undone", () => travel("undo")],
  ])("because it %s leaves no masks to the next one with its id", (_, go) => {
    go();
    wire.flush();
    wire.session.edit(3, [add, click(50)]);
    expect(known()).toEqual([]);
    wire.flush();
    expect([known(), present()]).toEqual([[3], [3]]);
  });

  test("while its masks are still on the way leaves them to no other", () => {
    const view = wire.session.masks.view(9, 1);
    wire.session.edit(0, [remove]);
    wire.flush();
    const late = { ...{ type: "masks_changed", epoch: "epoch-1", gone: [] }, masks: [view] };
    wire.session.receive({ ...late, buffers: [{ what: "rle", shape: [48, 64], scale: 1, object: 1 }] }, [
      new Uint8Array([0, 0, 0, 0]),
    ]);
    wire.session.edit(3, [add, click(50)]);
    wire.flush();
    expect(known()).toEqual([3]);
  });

  test("for another with its id is itself again when it comes back", () => {
    wire.session.edit(0, [remove]);
    wire.session.edit(3, [add, click(50)]);
    wire.flush();
    travel("undo");
    travel("undo");
    wire.flush();
    expect([known(), present()]).toEqual([
      [0, 3, 9],
      [0, 3, 9],
    ]);
    expect([0, 3, 9].map((frame) => wire.session.isBehind(frame, 1))).toEqual([false, false, false]);
  });
});

test("an object that another hand makes during a step of ours gets its lane, if a little late", () => {
  wire.session.edit(0, [add, click()]);
  wire.flush();
  wire.session.edit(0, [click(30)]);
  const edits: VideoEdit[] = [{ ...add, object: 2 }, click(50, 2)];
  wire.kernel.take({ type: "video_edit", view: "cell", seq: 1, rev: 1, frame: 3, edits });
  for (const { content, buffers } of wire.down.splice(0)) wire.session.receive(content, buffers);
  wire.session.edit(0, [click(40)]);
  const isLanes = ({ content }: { content: unknown }) =>
    JSON.stringify(content).startsWith('{"type":"lanes"');
  while (wire.up.length + wire.down.length > 0) {
    wire.down = wire.down.filter((one) => !isLanes(one)); // the real kernel tells only what has changed
    wire.model.length = 0;
    wire.turn();
  }
  expect([...wire.session.lanes.all.value.keys()]).toEqual([1]);
  wire.pass(4_000);
  expect([...wire.session.lanes.all.value.keys()]).toEqual([1, 2]);
});

describe("another kernel", () => {
  test("has its own document, and nothing of the old one stays", () => {
    wire.session.edit(4, [add, click()]);
    wire.flush();
    wire.kernel = wire.start("epoch-2");
    wire.pass(12_000);
    expect(wire.session.document.value.objects).toEqual([]);
    expect([wire.session.masks.has(4, 1), wire.session.lanes.all.value.size]).toEqual([false, 0]);
  });

  test("a cell sends all views to a frame", () => {
    const { count } = wire.session.sentTo.value;
    wire.session.receive({ type: "go_to", epoch: "epoch-1", frame: 7 }, []);
    expect(wire.session.sentTo.value).toEqual({ frame: 7, count: count + 1 });
  });
});
