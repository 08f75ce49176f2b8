/** The export menu: what is written, under which name, and how it gets on. */

import { effect } from "@preact/signals-core";
import type { ExportRequest } from "../protocol/messages.gen";
import { isUnderWay, type VideoSession } from "../state/video_session";
import type { VideoUi } from "../state/video_ui";
import { h, setHidden } from "./dom";
import { icon } from "./icons";
import { createProgress } from "./tracking";

type Format = ExportRequest["format"];

export const FORMATS: ReadonlyArray<readonly [Format, string, string]> = [
  ["png", "PNG, one mask per object and frame", "-masks"],
  ["davis", "Indexed PNG, as DAVIS has them", "-davis"],
  ["coco", "COCO JSON, run lengths", "-coco.json"],
  ["ytvis", "YouTube-VIS JSON, run lengths", "-ytvis.json"],
  ["npz", "NumPy arrays", ".npz"],
  ["overlay", "Video with the masks drawn in (mp4)", "-overlay.mp4"],
  ["cutout", "Video of the objects alone (webm)", "-cutout.webm"],
];

/** The name that is offered: the video's own without its ending, and what it will be. */
export function offeredName(video: string, format: Format): string {
  const stem = video.replace(/^.*[\\/]/, "").replace(/\.[A-Za-z0-9]{1,5}$/, "");
  const ending = FORMATS.find(([id]) => id === format)?.[2] ?? "";
  return `${stem === "" ? "video" : stem}${ending}`;
}

export function createExport(session: VideoSession, ui: VideoUi, signal: AbortSignal): HTMLElement {
  const format = h(
    "select",
    { class: "sam2nb-select", "aria-label": "Format", "data-action": "export-format" },
    ...FORMATS.map(([id, label]) => h("option", { value: id }, label)),
  );
  const name = h("input", {
    ...{
      class: "sam2nb-field",
      type: "text",
      "aria-label": "Name",
      maxlength: 120,
      "data-action": "export-name",
    },
  });
  const only = h("input", { type: "checkbox", class: "sam2nb-check" });
  const start = h(
    "button",
    { type: "button", class: "sam2nb-button sam2nb-primary", "data-action": "export-start" },
    icon("export"),
    "Export",
  );
  const close = h(
    "button",
    { type: "button", class: "sam2nb-tool", "aria-label": "Close", title: "Close (Escape)" },
    icon("close"),
  );
  const chosen = (): Format => FORMATS.find(([id]) => id === format.value)?.[0] ?? "png";
  const offer = () => {
    name.value = offeredName(session.info.peek()?.name ?? "", chosen());
  };
  format.addEventListener("change", offer, { signal });
  close.addEventListener("click", () => (ui.isExportOpen.value = false), { signal });
  start.addEventListener("click", () => begin(session, chosen(), name.value.trim(), only.checked), {
    signal,
  });
  const panel = h(
    "div",
    { class: "sam2nb-export", role: "dialog", "aria-label": "Export", hidden: true },
    h("div", { class: "sam2nb-help-head" }, h("strong", {}, "Export"), close),
    h(
      "div",
      { class: "sam2nb-export-body" },
      h("label", {}, h("span", {}, "What"), format),
      h("label", {}, h("span", {}, "Name"), name),
      h("label", { class: "sam2nb-export-only" }, only, "the selected object only"),
      h("div", { class: "sam2nb-export-go" }, start, createProgress(session, "export", "Exporting", signal)),
    ),
  );
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    ui.isExportOpen.value = false;
  });
  let wasOpen = false;
  const stop = effect(() => {
    const isOpen = ui.isExportOpen.value;
    panel.hidden = !isOpen;
    if (isOpen && !wasOpen) {
      if (name.value === "") offer();
      format.focus({ preventScroll: true });
    } else if (!isOpen && wasOpen) panel.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
    wasOpen = isOpen;
    const isRunning = session.jobs.value.some((job) => job.kind === "export" && isUnderWay(job));
    setHidden(start, isRunning);
  });
  signal.addEventListener("abort", stop);
  return panel;
}

function begin(session: VideoSession, format: Format, name: string, onlySelected: boolean): void {
  const { selected } = session.document.peek();
  const objects = onlySelected && selected !== null ? [selected] : null;
  const offered = offeredName(session.info.peek()?.name ?? "", format);
  session.start({ type: "export", format, name: name === "" ? offered : name, objects });
}
