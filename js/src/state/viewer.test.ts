import { effect } from "@preact/signals-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { VideoWire, video } from "../../dev/video_wire";
import type { VideoAction } from "../input/video_keymap";
import type { AnyRequest } from "../protocol/channel";
import type { Edit } from "../protocol/messages.gen";
import { performVideo, type VideoContext } from "./video_actions";
import { promptedFrames } from "./video_document";
import { VideoSheet } from "./video_sheet";
import { VideoUi } from "./video_ui";
import { Viewer, widthFor } from "./viewer";

const add: Edit = { kind: "add_object", object: 1 };
const click = (x = 20): Edit => ({ kind: "add_point", object: 1, x, y: 20, label: 1 });

let wire: VideoWire;
let ui: VideoUi;
let viewer: Viewer;
let context: VideoContext;
let gone: AbortController;
let left: number;

const run = (action: VideoAction) => performVideo(action, context);
const asked = (type: string) => wire.kernel.received.filter((request) => request.type === type);

/** Answers arrive, and what waits for a moment's rest comes due. */
async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 4; i++) {
    wire.flush();
    await vi.advanceTimersByTimeAsync(ms / 4);
  }
  wire.flush();
}

async function open(info = video, hasPictures = false): Promise<void> {
  wire = new VideoWire(info, hasPictures);
  ui = new VideoUi();
  gone = new AbortController();
  viewer = new Viewer(wire.session, ui, gone.signal);
  left = 0;
  context = {
    session: new VideoSheet(wire.session, ui, (frame) => viewer.goTo(frame), gone.signal),
    ...{ video: wire.session, ui, viewer, askFrame: () => {} },
    ...{ input: () => {}, isDrafting: () => false, take: () => {}, leave: () => left++ },
    tool: () => "prompt",
  };
  viewer.showAt(600);
  await settle();
}

function shut(): void {
  gone.abort();
  wire.detach();
}

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (step: (now: number) => void) =>
    setTimeout(() => step(performance.now()), 16),
  );
  vi.stubGlobal("cancelAnimationFrame", clearTimeout);
  await open();
});
afterEach(() => {
  shut();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a view", () => {
  test("stays within the video", () => {
    const seen = [-5, 3.4, 99].map((frame) => {
      viewer.goTo(frame);
      return ui.frame.value;
    });
    expect(seen).toEqual([0, 3, video.frames - 1]);
  });

  test("asks for the frame it is at, and at rest tells the kernel and asks for a sharp one", async () => {
    const before = asked("look").length;
    viewer.goTo(5);
    await settle(40);
    expect(asked("frames").at(-1)).toMatchObject({ frames: [5], quality: 80, purpose: "show" });
    expect(asked("look").length).toBe(before);
    await settle(160);
    expect(asked("look").at(-1)).toMatchObject({ frame: 5 });
  });

  test("sends clicks to the frame that is seen, not to one on its way", async () => {
    await settle(50);
    viewer.goTo(9); // its picture has not come
    context.session.edit([add, click()]);
    expect([ui.shown.value, promptedFrames(wire.session.document.value)]).toEqual([0, [0]]);
    await settle(50);
    expect(ui.shown.value).toBe(9);
  });

  test("shows on the way what comes of it, never what lies further back, and stays where it arrives", async () => {
    shut();
    await open(video, true);
    await settle(50);
    const seen: number[] = [];
    const stop = effect(() => void seen.push(ui.shown.value));
    for (const frame of [3, 6, 9, 7]) viewer.goTo(frame); // two requests are under way at a time
    await settle(50);
    expect(seen).toEqual([0, 3, 6, 7]);
    viewer.goTo(10);
    viewer.goTo(7); // back before that has come
    await settle(400);
    expect(seen).toEqual([0, 3, 6, 7]);
    stop();
  });

  test("goes to where an undo takes something away", async () => {
    await settle(50);
    wire.session.edit(6, [add, click()]);
    await settle(50);
    run({ type: "undo" });
    await settle(50);
    expect([ui.frame.value, promptedFrames(wire.session.document.value)]).toEqual([6, []]);
  });

  test("goes where a cell sends it", () => {
    wire.session.receive({ type: "go_to", epoch: "epoch-1", frame: 7 }, []);
    expect(ui.frame.value).toBe(7);
  });

  test("is as wide as it is shown, in steps, and never wider than the video", () => {
    expect([widthFor(500, 1920), widthFor(1900, 1920, 1280), widthFor(700, 720)]).toEqual([640, 1280, 720]);
  });

  test("asks what the model looked at while that is to be seen", async () => {
    wire.session.edit(0, [add, click()]);
    await settle(50);
    expect(asked("memory")).toEqual([]);
    run({ type: "memory" });
    await settle(700);
    expect(ui.recalled.value).toMatchObject({ frame: 0, objects: [{ object: 1, source: "prompt" }] });
  });
});

describe("a lone click", () => {
  const masks = () => context.session.masks.value.get(1);
  const said = () => wire.session.document.value.objects[0]?.frames[0];

  test("can mean three things, of which a key chooses one until another click is added", async () => {
    wire.session.edit(0, [add, click()]);
    await settle();
    expect(masks()?.logits?.count).toBe(3);
    run({ type: "pick", index: 2 });
    expect(said()?.candidate).toBe(0); // the one the model thinks least of
    expect(wire.session.isBehind(0, 1)).toBe(true);
    await settle();
    expect([wire.session.isBehind(0, 1), masks()?.logits?.count]).toEqual([false, 3]);
    wire.session.edit(0, [click(40)]);
    await settle();
    expect([masks()?.logits, said()?.candidate]).toEqual([null, 0]);
  });

  test("is asked about once, and only where it is seen", async () => {
    wire.session.edit(3, [add, click()]);
    await settle();
    expect(asked("frame_candidates")).toEqual([]);
    viewer.goTo(3);
    await settle(40);
    expect(masks()?.logits?.count).toBe(3);
    viewer.goTo(4);
    await settle(40);
    expect(masks()?.logits).toBeNull();
    run({ type: "pick", index: 0 });
    expect([said()?.candidate, wire.session.document.value.selected]).toEqual([null, 1]);
  });
});

describe("playing", () => {
  test("goes on by itself, to the end, and from the end begins anew", async () => {
    run({ type: "place", isNegative: false });
    await settle(400);
    expect([ui.isPlaying.value, ui.frame.value]).toEqual([true, expect.toSatisfy((f: number) => f > 0)]);
    await settle(6_000);
    expect([ui.isPlaying.value, ui.frame.value]).toEqual([false, video.frames - 1]);
    run({ type: "play" });
    expect(ui.frame.value).toBe(0);
  });

  test("ends with a step, and its speed has bounds", () => {
    viewer.play();
    run({ type: "step", by: 10 });
    expect(ui.isPlaying.value).toBe(false);
    for (let i = 0; i < 9; i++) run({ type: "faster" });
    expect(ui.speed.value).toBe(4);
  });
});

describe("playing a range", () => {
  test("goes round in it, from wherever it began, until it is stopped", async () => {
    ui.range.value = { first: 4, last: 9 };
    viewer.goTo(15);
    await settle(20);
    viewer.play();
    const seen = new Set<number>();
    for (let i = 0; i < 60; i++) {
      await settle(50);
      seen.add(ui.frame.value);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([4, 5, 6, 7, 8, 9]);
    expect(ui.isPlaying.value).toBe(true);
    ui.range.value = null;
    for (let i = 0; i < 60 && ui.isPlaying.value; i++) await settle(50);
    expect([ui.frame.value, ui.isPlaying.value]).toEqual([video.frames - 1, false]);
  });
});

describe("a stream", () => {
  const stream = { ...video, frames: 3, complete: false, live: true };

  beforeEach(async () => {
    shut();
    await open(stream, true);
    await settle(400);
  });

  test("plays on as its frames come, one after the other, and waits where none does", async () => {
    viewer.play();
    await settle(1_000);
    expect([ui.isPlaying.value, ui.shown.value]).toEqual([true, 2]);
    expect(asked("frames").slice(-3)).toMatchObject([{ frames: [3] }, { frames: [4] }, { frames: [5] }]);
    await settle(3_000); // however long it takes, no frame is left out
    const seen = new Set<number>();
    for (let i = 0; i < 6; i++) {
      wire.kernel.bring(1);
      await settle(150);
      seen.add(ui.shown.value);
    }
    expect([...seen]).toEqual([3, 4, 5, 6, 7, 8]);
    expect(ui.isPlaying.value).toBe(true);
  });

  test("stops at its last frame, and not beyond it", async () => {
    viewer.play();
    await settle(1_000);
    wire.kernel.bring(2);
    await settle(1_000);
    wire.kernel.bring(0, true);
    await settle(500);
    expect([ui.isPlaying.value, ui.frame.value, ui.shown.value]).toEqual([false, 4, 4]);
    viewer.play();
    expect(ui.frame.value).toBe(0); // now it is a video like any other
  });

  test("that breaks off stops playing, and what was missing is asked for again", async () => {
    viewer.play();
    await settle(1_000);
    const { seq } = wire.kernel.received.findLast((r) => r.type === "frames" && r.frames[0] === 3) as {
      seq: number;
    };
    const missing = [{ frame: 3, text: "no signal" }];
    const empty = { frames: [], missing, buffers: [] };
    wire.kernel.post({ type: "frames_data", view: "me", seq, key: "k", ...empty }, []);
    await settle(200);
    expect([ui.isPlaying.value, ui.frame.value]).toEqual([false, 2]);
    wire.kernel.bring(1);
    await settle(200);
    viewer.goTo(3);
    await settle(200);
    expect([ui.shown.value, wire.session.frames.has(3)]).toEqual([3, true]);
  });

  test("stops where it broke off, whatever is left out on the way, and passes over a known frame that is gone", async () => {
    const miss = (frame: number) => {
      const asked = (r: AnyRequest) => r.type === "frames" && r.frames[0] === frame;
      const { seq } = wire.kernel.received.findLast(asked) as AnyRequest;
      const empty = { frames: [], missing: [{ frame, text: "gone" }], buffers: [] };
      wire.kernel.post({ type: "frames_data", view: "me", seq, key: "k", ...empty }, []);
    };
    wire.kernel.bring(3);
    wire.session.frames.missing.value = new Map([[2, "gone by"]]);
    await settle(50);
    viewer.goTo(0);
    await settle(200);
    viewer.play();
    await settle(1_500);
    expect([ui.isPlaying.value, ui.frame.value]).toEqual([true, 5]);
    viewer.play(false);
    ui.speed.value = 16; // three frames at a time
    viewer.play();
    await settle(200);
    miss(8);
    await settle(200);
    expect([ui.isPlaying.value, ui.frame.value]).toEqual([false, 5]);
  });

  test("is stepped into: the next frame is waited for, and one that never comes is left", async () => {
    viewer.goTo(2);
    await settle(200);
    run({ type: "step", by: 1 });
    await settle(200);
    expect([ui.frame.value, ui.shown.value]).toEqual([3, 2]);
    wire.kernel.bring(1);
    await settle(200);
    expect(ui.shown.value).toBe(3);
    run({ type: "step", by: 1 });
    wire.kernel.bring(0, true);
    await settle(200);
    expect([ui.frame.value, ui.shown.value]).toEqual([3, 3]);
  });
});

describe("a range", () => {
  test("begins and ends where keys say so, and is forgotten when nothing is left of it", () => {
    viewer.goTo(4);
    run({ type: "bound", isLast: false });
    expect(ui.range.value).toEqual({ first: 4, last: video.frames - 1 });
    viewer.goTo(9);
    run({ type: "bound", isLast: true });
    expect(ui.range.value).toEqual({ first: 4, last: 9 });
    run({ type: "bound", isLast: false });
    expect(ui.range.value).toBeNull();
  });
});

describe("hopping", () => {
  beforeEach(async () => {
    wire.session.edit(4, [add, click()]);
    await settle(20);
    wire.session.edit(12, [click(30)]);
    await settle(20);
  });

  test("goes from prompt to prompt", () => {
    const seen = (["prompt-next", "prompt-next", "prompt-next", "prompt-previous"] as const).map((type) => {
      run({ type });
      return ui.frame.value;
    });
    expect(seen).toEqual([4, 12, 12, 4]);
  });

  test("goes to the next frame without an up-to-date mask", async () => {
    ui.range.value = { first: 0, last: 8 };
    run({ type: "track", direction: "forward" });
    await settle(100);
    run({ type: "gap-next" });
    expect(ui.frame.value).toBe(9);
  });
});

describe("tracking", () => {
  test("without prompts says what to do", () => {
    run({ type: "track", direction: "both" });
    expect(wire.session.notice.value).toContain("click an object");
  });

  test("is of the chosen range and object", async () => {
    wire.session.edit(0, [add, click()]);
    await settle(20);
    ui.range.value = { first: 2, last: 5 };
    ui.onlySelected.value = true;
    run({ type: "track", direction: "backward" });
    wire.turn();
    expect(asked("track")).toMatchObject([{ direction: "backward", objects: [1], first: 2, last: 5 }]);
  });

  test("is stopped by Escape, after what is nearer", async () => {
    wire.session.edit(0, [add, click()]);
    await settle(20);
    run({ type: "track", direction: "forward" });
    for (let i = 0; i < 4; i++) wire.turn();
    ui.isExportOpen.value = true;
    ui.cursor.value = { x: 1, y: 1 };
    run({ type: "escape" });
    run({ type: "escape" });
    expect([ui.isExportOpen.value, ui.cursor.value, wire.session.jobs.value[0]?.state]).toEqual([
      false,
      null,
      "running",
    ]);
    run({ type: "escape" });
    await settle(20);
    expect([wire.session.jobs.value[0]?.state, left]).toEqual(["cancelled", 0]);
    run({ type: "escape" });
    expect(left).toBe(1);
  });
});
