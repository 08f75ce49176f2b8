/** The buttons that move through the video, the number of the frame, its time, and the speed of playing. */

import { effect } from "@preact/signals-core";
import type { VideoAction } from "../input/video_keymap";
import { timeCode } from "../state/playback";
import type { VideoSession } from "../state/video_session";
import { SPEEDS, type VideoUi } from "../state/video_ui";
import type { Viewer } from "../state/viewer";
import { h, setText } from "./dom";
import { type IconName, icon } from "./icons";

export interface Transport {
  readonly node: HTMLElement;
  /** Put the keyboard into the field of the frame's number. */
  readonly askFrame: () => void;
}

const BUTTONS: ReadonlyArray<readonly [string, IconName, string, string, VideoAction]> = [
  ["first", "first", "First frame", "Home", { type: "end", isLast: false }],
  ["back-ten", "back-ten", "Ten frames back", "Shift+←", { type: "step", by: -10 }],
  ["back", "back", "One frame back", "←", { type: "step", by: -1 }],
  ["play", "play", "Play", "Space", { type: "play" }],
  ["on", "on", "One frame on", "→", { type: "step", by: 1 }],
  ["on-ten", "on-ten", "Ten frames on", "Shift+→", { type: "step", by: 10 }],
  ["last", "last", "Last frame", "End", { type: "end", isLast: true }],
];

const HOPS: ReadonlyArray<readonly [string, IconName, string, string, VideoAction]> = [
  [
    "prompt-previous",
    "prompt-previous",
    "Previous frame with prompts",
    "Shift+P",
    { type: "prompt-previous" },
  ],
  ["prompt-next", "prompt-next", "Next frame with prompts", "P", { type: "prompt-next" }],
  ["gap-next", "gap-next", "Next frame without an up-to-date mask", "U", { type: "gap-next" }],
];

export function createTransport(
  session: VideoSession,
  ui: VideoUi,
  viewer: Viewer,
  run: (action: VideoAction) => void,
  signal: AbortSignal,
): Transport {
  const make = ([name, shape, label, keys, action]: (typeof BUTTONS)[number]) => {
    const node = h(
      "button",
      {
        ...{ type: "button", class: "sam2nb-button", "data-action": name },
        ...{ "aria-label": label, title: `${label} (${keys})` },
      },
      icon(shape),
    );
    node.addEventListener("click", () => run(action));
    return node;
  };
  const buttons = BUTTONS.map(make);
  const play = buttons.find((node) => node.dataset.action === "play");
  const stop = effect(() => {
    const isPlaying = ui.isPlaying.value;
    play?.replaceChildren(icon(isPlaying ? "pause" : "play"));
    play?.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
    play?.setAttribute("title", isPlaying ? "Pause (Space)" : "Play (Space)");
  });
  signal.addEventListener("abort", stop);
  const field = createField(session, ui, viewer, signal);
  const node = h(
    "div",
    { class: "sam2nb-transport", role: "group", "aria-label": "Moving through the video" },
    h("div", { class: "sam2nb-group" }, ...buttons),
    h("div", { class: "sam2nb-group" }, ...HOPS.map(make)),
    h("label", { class: "sam2nb-at" }, field, createCount(session, ui, signal)),
    createSpeed(ui, signal),
  );
  const askFrame = () => {
    field.focus();
    field.select();
  };
  return { node, askFrame };
}

/** The frame's number, to read and to type: Enter goes there, Escape leaves it. */
function createField(
  session: VideoSession,
  ui: VideoUi,
  viewer: Viewer,
  signal: AbortSignal,
): HTMLInputElement {
  const field = h("input", {
    ...{ class: "sam2nb-number", type: "text", inputmode: "numeric", autocomplete: "off" },
    ...{ "aria-label": "Frame", title: "Go to a frame (G)", "data-action": "frame" },
  });
  const leave = () => field.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") field.value = String(ui.frame.peek());
    leave();
  });
  field.addEventListener("blur", () => {
    const wanted = Number.parseInt(field.value, 10);
    if (Number.isFinite(wanted) && wanted !== ui.frame.peek()) viewer.goTo(wanted);
    field.value = String(ui.frame.peek());
  });
  const stop = effect(() => {
    const frame = ui.frame.value;
    const digits = String(Math.max(0, (session.info.value?.frames ?? 1) - 1)).length;
    field.style.width = `${Math.max(3, digits) + 2}ch`;
    if (document.activeElement !== field) field.value = String(frame);
  });
  signal.addEventListener("abort", stop);
  return field;
}

function createCount(session: VideoSession, ui: VideoUi, signal: AbortSignal): HTMLElement {
  const last = h("span", { class: "sam2nb-faint" });
  const time = h("span", { class: "sam2nb-time", title: "Time in the video: minutes, seconds, hundredths" });
  const stop = effect(() => {
    const info = session.info.value;
    const frame = ui.frame.value;
    setText(last, info === null ? "" : `of ${info.frames - 1}${info.complete ? "" : "+"}`);
    const seconds = session.times.value?.[frame] ?? frame / (info?.fps ?? 25);
    setText(time, timeCode(seconds));
  });
  signal.addEventListener("abort", stop);
  return h("span", { class: "sam2nb-count" }, last, time);
}

function createSpeed(ui: VideoUi, signal: AbortSignal): HTMLElement {
  const options = SPEEDS.map((speed) => h("option", { value: speed }, `${speed}×`));
  const select = h(
    "select",
    { class: "sam2nb-select", "aria-label": "Speed", title: "Speed (< and >)", "data-action": "speed" },
    ...options,
  );
  select.addEventListener("change", () => {
    ui.speed.value = Number(select.value);
    select.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
  });
  const stop = effect(() => {
    select.value = String(ui.speed.value);
  });
  signal.addEventListener("abort", stop);
  return select;
}
