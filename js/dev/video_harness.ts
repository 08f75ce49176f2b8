/** The video widget on a page of its own, with the fake kernel and the frames that `shots.py` has laid beside it. */

import type { Notice, VideoInfo } from "../src/protocol/messages.gen";
import widget from "../src/widgets/video";
import { FakeVideo } from "./fake_video";

const query = new URLSearchParams(location.search);
const delay = Number(query.get("delay") ?? 30);

type Hooks = Record<"initialize" | "render", (props: object) => unknown>;

async function load(): Promise<Hooks> {
  return (await (widget as unknown as () => Promise<Hooks>)()) satisfies Hooks; // any host would
}

const notices: ReadonlyArray<Notice> = [
  { id: 1, level: "warning", text: "The file says 120 frames, 90 can be decoded.", action: "none" },
  {
    id: 2,
    level: "info",
    text: "There is earlier work on dog.mp4: 2 objects, of 24 November, 10:41 today.",
    action: "recover",
  },
];

async function main(): Promise<void> {
  const info = await (await fetch("frames/info.json")).json();
  const video: VideoInfo = {
    ...{ width: info.width, height: info.height, name: "blocks.mp4", key: "k", oldest: 0, fps: 30 },
    ...{
      frames: Number(query.get("frames") ?? info.count),
      complete: true,
      live: false,
      note: "",
      sizes: [],
    },
  };
  const jpegOf = async (frame: number, width: number) => {
    const blob = await (await fetch(`frames/${frame % info.count}.jpg`)).blob();
    if (width >= info.width) return new Uint8Array(await blob.arrayBuffer());
    const bitmap = await createImageBitmap(blob, { resizeWidth: width, resizeQuality: "medium" });
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    const small = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
    return new Uint8Array(await small.arrayBuffer());
  };
  const listeners: Array<(content: unknown, buffers: unknown) => void> = [];
  const post = (content: unknown, buffers: ReadonlyArray<Uint8Array>) => {
    const views = buffers.map((part) => new DataView(part.slice().buffer));
    for (const listener of listeners) listener(structuredClone(content), views);
  };
  const kernel = new FakeVideo(video, jpegOf, post, (work) => setTimeout(work, delay));
  if (query.has("notices")) kernel.notices = notices;
  const model = {
    get: () => Number(query.get("height")) || null,
    send: (content: never) => {
      if (!query.has("mute")) setTimeout(() => kernel.take(structuredClone(content)), 5);
    },
    on: (_: string, listener: (typeof listeners)[number]) => listeners.push(listener),
    off: () => listeners.splice(0),
  };
  const { initialize, render } = await load();
  initialize({ model });
  const cleanups = [...document.querySelectorAll(".output")].map((el) => render({ model, el }));
  Object.assign(window, { kernel, model, render, cleanups });
}

void main();
