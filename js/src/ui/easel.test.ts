import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Wire } from "../../dev/wire";
import { pathText } from "../geometry/strokes";
import type { Edit } from "../protocol/messages.gen";
import { Ui } from "../state/ui";
import { dryUp } from "../state/wet";
import { commit } from "./easel";

const path = pathText([{ x: 9, y: 9 }]);
const PAINT: Edit = { kind: "paint_mask", object: 1, path, width: 8, label: 1 };

let wire: Wire;
let ui: Ui;
let stop: () => void;
const paint = () => commit({ type: "edit", edits: [PAINT], open: false }, wire.session, ui);
const lock: Edit = { kind: "lock_object", object: 1, locked: true };

beforeEach(() => {
  vi.useFakeTimers();
  wire = new Wire();
  ui = new Ui();
  stop = dryUp(wire.session, ui);
  wire.flush();
  wire.session.edit([
    { kind: "add_object", object: 1 },
    { kind: "add_point", object: 1, x: 30, y: 20, label: 1 },
  ]);
  wire.flush();
});

afterEach(() => {
  stop();
  wire.detach();
  vi.useRealTimers();
});

describe("a stroke of paint", () => {
  test("is wet until a mask has it", () => {
    paint();
    expect(ui.wet.value).toEqual([PAINT]);
    wire.flush();
    expect(ui.wet.value).toEqual([]);
  });

  test("on a locked object is never seen", () => {
    wire.session.edit([lock]);
    wire.flush();
    paint();
    expect(wire.session.hint.value).toMatch("locked");
    expect(ui.wet.value).toEqual([]);
  });

  test("that only the kernel refuses is taken away", () => {
    wire.kernel.take({ type: "edit", view: "you", seq: 1, rev: 1, edits: [lock] });
    wire.down = []; // the page has not heard of the lock yet
    paint();
    expect(ui.wet.value).toEqual([PAINT]);
    wire.flush();
    expect(ui.wet.value).toEqual([]);
    expect(wire.session.notice.value).toMatch("locked");
  });
});
