import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PictureData } from "../protocol/messages.gen";
import { fitting } from "../render/picture";
import { Picture } from "./picture";

const PHOTO = { width: 4000, height: 3000, name: "photo", key: "a" };

/** Stands for a decoded picture: the bytes' count is its width in hundreds. */
class Decoded {
  isClosed = false;
  readonly width: number;

  constructor(width: number) {
    this.width = width;
  }

  close(): void {
    this.isClosed = true;
  }
}

const decoded: Decoded[] = [];

beforeEach(() => {
  decoded.length = 0;
  vi.stubGlobal("createImageBitmap", async (blob: Blob) => {
    decoded.push(new Decoded(blob.size * 100));
    return decoded.at(-1);
  });
});
afterEach(() => vi.unstubAllGlobals());

function sent(key: string): PictureData {
  const buffers = [{ what: "jpeg", size: 1 }] as unknown as PictureData["buffers"];
  return { type: "picture_data", view: "", seq: 0, key, buffers };
}

function shown(): {
  picture: Picture;
  asked: number[];
  take: (width: number, key?: string) => Promise<void>;
} {
  const asked: number[] = [];
  const picture = new Picture(
    (width) => asked.push(width),
    (words) => expect.fail(words),
  );
  const take = async (width: number, key = "a") => {
    picture.take(sent(key), new Uint8Array(width / 100));
    await new Promise((done) => setTimeout(done));
  };
  return { picture, asked, take };
}

const widths = (picture: Picture) => picture.copies.value.map(({ width }) => width);

describe("a picture", () => {
  it("is asked for about as wide as it is shown, and each width once", () => {
    const { picture, asked } = shown();
    for (const width of [900, 1000, 1025, 3000, 8000, 500, 1500]) picture.want(width, PHOTO);
    expect(asked).toEqual([1024, 2048, 4000]);
  });

  it("keeps the narrow ones when a wider one comes, in whatever order they come", async () => {
    const { picture, take } = shown();
    picture.want(900, PHOTO);
    for (const width of [4000, 1000, 2000]) await take(width);
    expect(widths(picture)).toEqual([1000, 2000, 4000]);
    expect(picture.bitmap.value?.width).toBe(4000);
    expect(decoded.some(({ isClosed }) => isClosed)).toBe(false);
  });

  it("takes the place of one that is as wide", async () => {
    const { picture, take } = shown();
    picture.want(900, PHOTO);
    await take(1000);
    await take(1000);
    expect(widths(picture)).toEqual([1000]);
    expect(decoded.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  it("is let go of, with all its copies, for another", async () => {
    const { picture, asked, take } = shown();
    picture.want(900, PHOTO);
    await take(1000);
    await take(2000);
    picture.retire("b");
    expect(widths(picture)).toEqual([]);
    expect(decoded.every(({ isClosed }) => isClosed)).toBe(true);
    await take(1000); // an answer that comes too late
    expect(widths(picture)).toEqual([]);
    expect(decoded.at(-1)?.isClosed).toBe(true);
    picture.want(900, { ...PHOTO, key: "b" });
    expect(asked).toEqual([1024, 1024]);
  });

  it("is asked for again when it could not be sent", () => {
    const { picture, asked } = shown();
    picture.want(900, PHOTO);
    picture.fail();
    picture.want(900, PHOTO);
    expect(asked).toEqual([1024, 1024]);
  });
});

describe("the copy that is drawn", () => {
  const copies = [{ width: 1000 }, { width: 2000 }, { width: 4000 }];
  const drawn = (scale: number, ratio = 1) => fitting(copies, { image: PHOTO, scale, ratio })?.width;

  it("is the narrowest that shows all that can be seen", () => {
    expect([0.1, 0.25, 0.26, 0.5, 0.6, 1].map((scale) => drawn(scale))).toEqual([
      1000, 1000, 2000, 2000, 4000, 4000,
    ]);
    expect(drawn(0.25, 2)).toBe(2000);
  });

  it("is the widest there is when none is wide enough, and none when there is none", () => {
    expect(drawn(8)).toBe(4000);
    expect(fitting([], { image: PHOTO, scale: 1, ratio: 1 })).toBeUndefined();
  });
});
