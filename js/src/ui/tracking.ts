/** Tracking: how far it is, the buttons that start it, and while it runs how it gets on and the button that stops it. */

import { computed, effect } from "@preact/signals-core";
import type { VideoAction } from "../input/video_keymap";
import type { JobView } from "../protocol/messages.gen";
import { type Standing, standing } from "../state/lanes";
import { inWords } from "../state/playback";
import { isUnderWay, type VideoSession } from "../state/video_session";
import type { VideoUi } from "../state/video_ui";
import { h, setHidden, setText } from "./dom";
import { type IconName, icon } from "./icons";
import { setDisabled } from "./toolbar";

export interface Badge {
  readonly state: "none" | "required" | "partial" | "stale" | "full";
  readonly icon: IconName;
  readonly text: string;
}

/** How things stand, in a sign and in words. */
export function badgeOf({ state, stale, missing }: Standing): Badge {
  if (state === "none") return { state, icon: "required", text: "nothing marked yet" };
  if (stale > 0) return { state: "stale", icon: "stale", text: `${frames(stale)} stale` };
  if (state === "required") return { state, icon: "required", text: "to be tracked" };
  if (state === "full") return { state, icon: "check", text: "tracked" };
  return { state, icon: "partial", text: `${frames(missing)} to go` };
}

const frames = (count: number): string => (count === 1 ? "1 frame" : `${count} frames`);

/** How a running job is getting on. */
export function progressOf(job: JobView): string {
  if (job.state === "waiting") return job.text === "" ? "Waiting…" : job.text;
  const done = job.total === null ? `${job.done}` : `${job.done} of ${job.total}`;
  const rate = job.per_second === null ? "" : ` · ${job.per_second.toFixed(job.per_second < 10 ? 1 : 0)}/s`;
  const left = job.seconds_left === null ? "" : ` · ${inWords(job.seconds_left)} left`;
  return `${done}${rate}${left}`;
}

const STARTS: ReadonlyArray<readonly [string, IconName, string, string, "backward" | "both" | "forward"]> = [
  ["track-backward", "backward", "Track backward", "Shift+R", "backward"],
  ["track-both", "both", "Track both ways", "Shift+T", "both"],
  ["track-forward", "forward", "Track forward", "T", "forward"],
];

export function createTracking(
  session: VideoSession,
  ui: VideoUi,
  run: (action: VideoAction) => void,
  signal: AbortSignal,
): HTMLElement {
  const starts = STARTS.map(([name, shape, label, keys, direction]) => {
    const node = h(
      "button",
      {
        ...{ type: "button", class: "sam2nb-button", "data-action": name },
        ...{ "aria-label": label, title: `${label} (${keys})` },
      },
      icon(shape),
      ...(direction === "forward" ? [h("span", {}, "Track")] : []),
    );
    node.classList.toggle("sam2nb-primary", direction === "forward");
    node.addEventListener("click", () => run({ type: "track", direction }), { signal });
    return node;
  });
  const badge = h("span", { class: "sam2nb-badge", "data-standing": "" });
  const idle = h(
    "div",
    { class: "sam2nb-starts" },
    ...starts,
    scopeToggle(ui, signal),
    rangeChip(ui, signal),
  );
  const job = createProgress(session, "track", "Tracking", signal);
  const now = computed(() =>
    badgeOf(standing([...session.lanes.all.value.values()].map(({ view }) => view))),
  );
  const isRunning = computed(() => session.jobs.value.some((one) => one.kind === "track" && isUnderWay(one)));
  const isOff = computed(() => !session.isOpen.value || now.value.state === "none");
  const stops = [
    effect(() => {
      badge.dataset.standing = now.value.state;
      if (badge.textContent !== now.value.text) badge.replaceChildren(icon(now.value.icon), now.value.text);
    }),
    effect(() => setHidden(idle, isRunning.value)),
    effect(() => {
      for (const node of starts) setDisabled(node, isOff.value);
    }),
  ];
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });
  return h("div", { class: "sam2nb-tracking", role: "group", "aria-label": "Tracking" }, badge, idle, job);
}

function scopeToggle(ui: VideoUi, signal: AbortSignal): HTMLElement {
  const node = h(
    "button",
    {
      ...{ type: "button", class: "sam2nb-button sam2nb-worded", "data-action": "only-selected" },
      ...{ "aria-pressed": "false", title: "Track only the selected object" },
    },
    "selected only",
  );
  node.addEventListener("click", () => (ui.onlySelected.value = !ui.onlySelected.value), { signal });
  const stop = effect(() => node.setAttribute("aria-pressed", String(ui.onlySelected.value)));
  signal.addEventListener("abort", stop);
  return node;
}

/** The chosen range, and the button that forgets it. */
function rangeChip(ui: VideoUi, signal: AbortSignal): HTMLElement {
  const node = h("button", {
    ...{ type: "button", class: "sam2nb-button sam2nb-worded", "data-action": "range" },
    title:
      "Tracking and playing keep to this range. Shift+drag on the timeline chooses another one; click: all frames.",
  });
  node.addEventListener("click", () => (ui.range.value = null), { signal });
  const stop = effect(() => {
    const range = ui.range.value;
    setHidden(node, range === null);
    if (range !== null) node.replaceChildren(`frames ${range.first} to ${range.last}`, icon("close"));
  });
  signal.addEventListener("abort", stop);
  return node;
}

/** A bar, words and a stop button while a job of this kind is under way; how it ended, for a while after. */
export function createProgress(
  session: VideoSession,
  kind: JobView["kind"],
  title: string,
  signal: AbortSignal,
  ended: (job: JobView) => string = ({ text }) => text,
): HTMLElement {
  const bar = h("progress", { class: "sam2nb-progress", "aria-label": title, max: 1 });
  const words = h("span", { class: "sam2nb-words" });
  // What a screen reader says: that it has begun and how it ended, not every step in between.
  const spoken = h("span", { class: "sam2nb-unseen", role: "status" });
  const cancel = h(
    "button",
    {
      ...{ type: "button", class: "sam2nb-button", "data-action": `cancel-${kind}` },
      ...{ "aria-label": "Stop", title: "Stop, and keep what is done (Escape)" },
    },
    icon("stop"),
    h("span", {}, "Stop"),
  );
  const running = () => session.jobs.peek().find((job) => job.kind === kind && isUnderWay(job));
  cancel.addEventListener(
    "click",
    () => {
      const job = running();
      if (job !== undefined) session.cancel(job.id);
    },
    { signal },
  );
  const node = h("div", { class: "sam2nb-job", hidden: true }, bar, words, cancel, spoken);
  const stop = effect(() => {
    const job = session.jobs.value.find((one) => one.kind === kind);
    const isRunning = job !== undefined && isUnderWay(job);
    const isEnded = job !== undefined && !isRunning && ended(job) !== "";
    setHidden(node, !isRunning && !isEnded);
    node.classList.toggle("sam2nb-failed", job?.state === "failed");
    bar.hidden = !isRunning;
    setHidden(cancel, !isRunning);
    if (job === undefined) return;
    if (job.total === null || job.state === "waiting") bar.removeAttribute("value");
    else bar.value = job.total === 0 ? 1 : job.done / job.total;
    setText(words, isRunning ? progressOf(job) : ended(job));
    setText(spoken, isRunning ? `${title}: begun` : ended(job));
  });
  signal.addEventListener("abort", stop);
  return node;
}
