/** The memory panel: for the frame shown, what the model looked at to find each object, and how sure it is. */

import { effect } from "@preact/signals-core";
import type { MemoryView } from "../protocol/messages.gen";
import { cssColor } from "../render/masks";
import { type Ink, inkOf } from "../state/inks";
import { findVideoObject } from "../state/video_document";
import type { VideoSession } from "../state/video_session";
import type { VideoUi } from "../state/video_ui";
import type { Viewer } from "../state/viewer";
import { h, keepFocus, setText } from "./dom";
import { icon } from "./icons";

const SOURCES: Readonly<Record<MemoryView["source"], string>> = {
  prompt: "from your prompts",
  forward: "followed forward",
  backward: "followed backward",
};

export function createMemory(
  session: VideoSession,
  ui: VideoUi,
  viewer: Viewer,
  signal: AbortSignal,
): HTMLElement {
  const toggle = h(
    "button",
    {
      ...{ type: "button", class: "sam2nb-disclosure", "aria-expanded": "false", "data-action": "memory" },
      title: "What the model looked at in this frame (I)",
    },
    icon("memory"),
    "Memory",
  );
  toggle.addEventListener("click", () => (ui.isMemoryOpen.value = !ui.isMemoryOpen.value), { signal });
  const list = h("div", { class: "sam2nb-memories" });
  const stop = effect(() => {
    const isOpen = ui.isMemoryOpen.value;
    toggle.setAttribute("aria-expanded", String(isOpen));
    keepFocus(list);
    list.hidden = !isOpen;
    if (!isOpen) return;
    const recalled = ui.recalled.value;
    const document = session.document.value;
    const isHere = recalled !== null && recalled.frame === ui.shown.value;
    list.classList.toggle("sam2nb-waiting", !isHere);
    if (recalled === null) return list.replaceChildren(h("p", { class: "sam2nb-hint" }, "Asking…"));
    if (recalled.objects.length === 0)
      return list.replaceChildren(
        h(
          "p",
          { class: "sam2nb-hint" },
          `Frame ${recalled.frame}: no object has a mask here yet. Track first.`,
        ),
      );
    const selected = document.selected;
    const ordered = [...recalled.objects].sort(
      (a, b) => Number(b.object === selected) - Number(a.object === selected),
    );
    const title = h("p", { class: "sam2nb-hint" });
    setText(title, `Frame ${recalled.frame} was made with:`);
    const rows = ordered.map((memory) => {
      const object = findVideoObject(document, memory.object);
      const ink = object === undefined ? 0 : inkOf(object, document, ui.byClass.value);
      return memoryRow(memory, object?.name ?? `object ${memory.object}`, ink, viewer);
    });
    list.replaceChildren(title, ...rows);
  });
  signal.addEventListener("abort", stop);
  return h("section", { class: "sam2nb-section" }, toggle, list);
}

function memoryRow(memory: MemoryView, name: string, ink: Ink, viewer: Viewer): HTMLElement {
  const swatch = h("span", { class: "sam2nb-dot", "aria-hidden": "true" });
  swatch.style.setProperty("--sam2nb-swatch", cssColor(ink));
  const source = SOURCES[memory.source] + (memory.stale ? ", out of date" : "");
  const lists = [
    ["prompted", "Prompted frames", memory.prompted, "■"],
    ["recent", "Recent frames", memory.recent, "●"],
    ["pointers", "Object pointers", memory.pointers, "❘"],
  ] as const;
  return h(
    "div",
    { class: "sam2nb-memory", "data-object": memory.object },
    h("div", { class: "sam2nb-memory-head" }, swatch, h("strong", {}, name), ` ${source}`),
    meter("present", memory.presence),
    meter("fit (IoU)", memory.score),
    ...lists
      .filter(([, , frames]) => frames.length > 0)
      .map(([kind, label, frames, sign]) =>
        h(
          "div",
          { class: "sam2nb-recalled", "data-kind": kind },
          h("span", { title: label }, `${sign} ${label}`),
          h("span", { class: "sam2nb-frames" }, ...frames.map((frame) => frameButton(frame, viewer))),
        ),
      ),
  );
}

function frameButton(frame: number, viewer: Viewer): HTMLElement {
  const node = h("button", {
    type: "button",
    class: "sam2nb-frame-link",
    "aria-label": `Go to frame ${frame}`,
  });
  node.textContent = String(frame);
  node.addEventListener("click", () => viewer.goTo(frame));
  return node;
}

function meter(label: string, value: number): HTMLElement {
  const bar = h("meter", { min: 0, max: 1, value, "aria-label": label });
  return h("div", { class: "sam2nb-meter" }, h("span", {}, label), bar, h("span", {}, value.toFixed(2)));
}
