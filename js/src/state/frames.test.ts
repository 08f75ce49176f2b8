import { beforeEach, describe, expect, test } from "vitest";
import type { AnyReply, Ask } from "../protocol/channel";
import { Frames, type Pixels } from "./frames";

type FramesAsk = Extract<Ask, { type: "frames" }>;
interface Sent {
  readonly body: FramesAsk;
  readonly settle: (reply: AnyReply, bytes: ReadonlyArray<Uint8Array>) => void;
}

let sent: Sent[];
let forgotten: number[];
let closed: number;
let decodedWidth: number;
let frames: Frames<Pixels>;
const view = {};
const other = {};
const wish = (frame: number, quality = 80, width = 100, preview = false) => ({
  ...{ frame, quality, width, preview },
});
const asked = () => sent.map(({ body }) => body.frames);

function make(bytes?: number): Frames<Pixels> {
  const ends = {
    ask: (body: Ask, settle: Sent["settle"]) => {
      if (body.type === "frames") sent.push({ body, settle });
      return sent.length - 1;
    },
    forget: (seq: number) => void forgotten.push(seq),
    decode: async () => ({ width: decodedWidth, height: 10, close: () => void closed++ }),
  };
  const made = new Frames<Pixels>(ends, bytes);
  made.identify("key", 100);
  return made;
}

/** The kernel answers a request; `missing` frames it cannot read. */
async function answer(index: number, missing: ReadonlyArray<number> = []): Promise<void> {
  const { body, settle } = sent[index] ?? { body: null, settle: () => {} };
  if (body === null) throw new Error(`request ${index} was never made`);
  const found = body.frames.filter((frame) => !missing.includes(frame));
  const reply: AnyReply = {
    ...{ type: "frames_data", view: "v", seq: index, key: "key", frames: found, buffers: [] },
    missing: missing.map((frame) => ({ frame, text: "damaged" })),
  };
  settle(
    reply,
    found.map(() => new Uint8Array(1)),
  );
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

beforeEach(() => {
  sent = [];
  forgotten = [];
  closed = 0;
  decodedWidth = 100;
  frames = make();
});

describe("scrubbing", () => {
  test("has two requests under way at most, and then asks for the newest wish", async () => {
    for (let frame = 0; frame < 9; frame++) frames.show(view, wish(frame));
    expect(asked()).toEqual([[0], [1]]);
    await answer(0);
    expect(asked()).toEqual([[0], [1], [8]]);
    await answer(2);
    expect([frames.has(8), frames.has(5), sent.length]).toEqual([true, false, 3]);
  });

  test("at rest makes void what is under way for other frames", () => {
    for (const frame of [0, 1, 2]) frames.show(view, wish(frame));
    frames.rest(view);
    expect(asked()).toEqual([[0], [1], [2]]);
    expect(sent.map(({ body }) => body.generation)).toEqual([0, 0, 1]);
    expect(forgotten).toEqual([0, 1]);
    frames.rest(view);
    expect(sent).toHaveLength(3);
  });

  test("takes a preview for the frame while it moves, and the frame itself where it rests", async () => {
    decodedWidth = 40;
    frames.show(view, wish(4, 80, 100, true));
    await answer(0);
    expect([frames.has(4), frames.widthOf(4), sent.length]).toEqual([true, 40, 1]);
    decodedWidth = 100;
    frames.show(view, wish(4, 92, 100));
    expect(sent.map(({ body }) => body.preview)).toEqual([true, false]);
    await answer(1);
    expect(frames.widthOf(4)).toBe(100);
    frames.show(view, wish(4, 80, 100, true));
    expect(sent).toHaveLength(2);
  });

  test("asks again only for something better", async () => {
    frames.show(view, wish(4));
    await answer(0);
    frames.show(view, wish(4));
    expect(sent).toHaveLength(1);
    frames.show(view, wish(4, 92));
    expect(sent).toHaveLength(2);
    await answer(1);
    expect([frames.has(4), closed]).toEqual([true, 1]);
  });

  test("serves two views, also when one of them comes to rest", async () => {
    frames.show(view, wish(1));
    frames.show(other, wish(2));
    frames.show(view, wish(3));
    frames.rest(view);
    expect(asked().slice(2).flat().sort()).toEqual([2, 3]);
  });

  test("does not ask twice for what cannot be shown", async () => {
    frames.show(view, wish(4));
    await answer(0, [4]);
    frames.show(view, wish(4));
    expect([sent.length, frames.missing.value.get(4)]).toEqual([1, "damaged"]);
    frames.restart();
    expect(sent).toHaveLength(2);
  });
});

describe("playing", () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

  test("fetches ahead in chunks, with three requests under way", async () => {
    frames.ahead(upTo(40), 100);
    expect(asked().map((chunk) => [chunk[0], chunk.length])).toEqual([
      [0, 8],
      [8, 8],
      [16, 8],
    ]);
    await answer(0);
    expect(asked()[3]?.[0]).toBe(24);
  });

  test("a fresh list makes the old one void", () => {
    frames.ahead(upTo(40), 100);
    frames.ahead([100, 101], 100, true);
    expect([asked().at(-1), sent.at(-1)?.body.generation, forgotten]).toEqual([[100, 101], 1, [0, 1, 2]]);
  });
});

describe("the caches", () => {
  test("stay within their bytes, and what is on a stage stays", async () => {
    frames = make(3 * 4 * 1000);
    for (let frame = 0; frame < 6; frame++) {
      frames.show(view, wish(frame));
      await answer(frame);
      if (frame === 0) frames.hold(view, 0);
    }
    expect([0, 1, 4, 5].map((frame) => frames.has(frame))).toEqual([true, false, true, true]);
    expect([frames.bytes, closed]).toEqual([12_000, 3]);
  });

  test("keep thumbnails apart", async () => {
    frames.strip([0, 10, 20, 30, 40], 64);
    expect(asked()).toEqual([[0, 10, 20, 30], [40]]);
    await answer(0);
    expect([frames.thumbnail(10) !== null, frames.has(10)]).toEqual([true, false]);
  });

  test("forget another video, and everything when the last view goes", async () => {
    frames.show(view, wish(4));
    await answer(0);
    frames.identify("another", 100);
    expect([frames.has(4), closed, sent.length]).toEqual([false, 1, 2]);
    frames.clear();
    expect(frames.bytes).toBe(0);
  });
});
