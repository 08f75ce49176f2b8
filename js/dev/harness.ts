/** The widget on a page of its own, with the fake kernel. `?delay=300` lets the model take its time, `?mute` kills it. */

import { type LabelClass, PALETTE } from "../src/protocol/messages.gen";
import { apply } from "../src/state/document";
import widget from "../src/widgets/image";
import { FakeKernel } from "./fake_kernel";

const query = new URLSearchParams(location.search);
const delay = Number(query.get("delay") ?? 30);

type Hooks = Record<"initialize" | "render", (props: object) => unknown>;

async function load(): Promise<Hooks> {
  return (await (widget as unknown as () => Promise<Hooks>)()) satisfies Hooks; // any host would
}

/** Every class asks something of each kind. */
function asClass(name: string, index: number): LabelClass {
  const [red, green, blue] = PALETTE[index % PALETTE.length]?.rgb ?? [0, 0, 0];
  const color = `#${((red << 16) | (green << 8) | blue).toString(16).padStart(6, "0")}`;
  const attributes: LabelClass["attributes"] = [
    { name: "size", kind: "number", choices: [] },
    { name: "worn", kind: "flag", choices: [] },
    { name: "side", kind: "choice", choices: ["left", "right"] },
  ];
  return { name, color, hotkey: null, attributes };
}

async function main(): Promise<void> {
  const jpeg = new Uint8Array(await (await fetch(query.get("picture") ?? "picture.jpg")).arrayBuffer());
  const bitmap = await createImageBitmap(new Blob([jpeg]));
  const listeners: Array<(content: unknown, buffers: unknown) => void> = [];
  const post = (content: unknown, buffers: ReadonlyArray<Uint8Array>) => {
    const views = buffers.map((part) => new DataView(part.slice().buffer));
    for (const listener of listeners) listener(structuredClone(content), views);
  };
  const names = query.get("classes")?.split(",") ?? [];
  const kernel = new FakeKernel({ width: bitmap.width, height: bitmap.height }, jpeg, post, (work) =>
    setTimeout(work, delay),
  );
  kernel.document = apply(
    kernel.document,
    { kind: "set_classes", classes: names.map(asClass) },
    kernel.image,
  );
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
