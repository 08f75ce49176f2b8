import { afterEach, beforeEach, expect, test } from "vitest";
import { VideoWire } from "../../dev/video_wire";
import type { VideoEdit } from "../protocol/messages.gen";
import { Refind } from "./refind";

const add: VideoEdit = { kind: "add_object", object: 1 };
const click = (x: number): VideoEdit => ({ kind: "add_point", object: 1, x, y: 20, label: 1 });

let wire: VideoWire;
let refind: Refind;

beforeEach(() => {
  wire = new VideoWire();
  wire.flush();
  refind = new Refind(wire.session);
});
afterEach(() => {
  refind.stop();
  wire.detach();
});

const searches = () => wire.kernel.received.filter(({ type }) => type === "track").length;

test("a click is followed by a search, and so is the next one", () => {
  wire.session.edit(4, [add, click(20)]);
  wire.flush();
  expect(searches()).toBe(1);
  expect(wire.session.jobs.value[0]?.state).toBe("done");
  wire.session.edit(4, [click(40)]);
  wire.flush();
  expect(searches()).toBe(2);
});

test("what leaves nothing to look for is not", () => {
  wire.session.edit(4, [add, click(20)]);
  wire.flush();
  wire.session.edit(4, [{ kind: "rename_object", object: 1, name: "cup" }]);
  wire.flush();
  expect(searches()).toBe(1);
});

test("a search that was stopped is not begun again before the next click", () => {
  wire.session.edit(4, [add, click(20)]);
  for (let turn = 0; searches() === 0 && turn < 20; turn++) wire.turn();
  wire.turn();
  const job = wire.session.jobs.value[0];
  wire.session.cancel(job?.id ?? -1);
  wire.flush();
  expect(wire.session.jobs.value[0]?.state).toBe("cancelled");
  expect(searches()).toBe(1);
  wire.session.edit(4, [click(40)]);
  wire.flush();
  expect(searches()).toBe(2);
});

test("turned off it waits to be asked, also for what was clicked meanwhile", () => {
  refind.isOn.value = false;
  wire.session.edit(4, [add, click(20)]);
  wire.flush();
  refind.isOn.value = true;
  wire.flush();
  expect(searches()).toBe(0);
});
