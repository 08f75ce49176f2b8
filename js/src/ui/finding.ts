/** Finding: the button that looks through the pictures, how far that is, and from what presence on things are shown. */

import { effect } from "@preact/signals-core";
import type { VideoAction } from "../input/video_keymap";
import type { JobView } from "../protocol/messages.gen";
import { standing } from "../state/lanes";
import type { Refind } from "../state/refind";
import type { SetUi } from "../state/set_ui";
import { isUnderWay, type VideoSession } from "../state/video_session";
import { h, setHidden, setText } from "./dom";
import { icon } from "./icons";
import { setDisabled } from "./toolbar";
import { createProgress } from "./tracking";

const pictures = (count: number): string => (count === 1 ? "1 picture" : `${count} pictures`);

/** How a search ended, in words; of one that found all there was to find the badge tells. */
export function endOf({ state, done, text }: JobView): string {
  if (state === "failed") return text;
  if (state === "cancelled") return `stopped after ${pictures(done)}`;
  return "";
}

export function createFinding(
  session: VideoSession,
  refind: Refind,
  ui: SetUi,
  run: (action: VideoAction) => void,
  signal: AbortSignal,
): HTMLElement {
  const find = h(
    "button",
    {
      ...{ type: "button", class: "sam2nb-button sam2nb-primary", "data-action": "find" },
      ...{ "aria-label": "Find in all pictures", title: "Find the objects in all other pictures (T)" },
    },
    icon("find"),
    h("span", {}, "Find"),
  );
  find.addEventListener("click", () => run({ type: "track", direction: "both" }), { signal });
  const badge = h("span", { class: "sam2nb-badge", "data-standing": "" });
  const idle = h("div", { class: "sam2nb-starts" }, find, badge);
  const job = createProgress(session, "track", "Finding", signal, endOf);
  const stop = effect(() => {
    const { state, stale, missing } = standing([...session.lanes.all.value.values()].map(({ view }) => view));
    const left = stale + missing;
    const words = left === 0 ? "all pictures looked through" : `${pictures(left)} to look through`;
    badge.dataset.standing = state !== "none" && left === 0 ? "full" : stale > 0 ? "stale" : "required";
    badge.replaceChildren(
      icon(state === "none" || left > 0 ? "required" : "check"),
      state === "none" ? "nothing shown yet" : words,
    );
    setHidden(
      idle,
      session.jobs.value.some((one) => one.kind === "track" && isUnderWay(one)),
    );
    setDisabled(find, !session.isOpen.value || state === "none");
  });
  signal.addEventListener("abort", stop);
  return h(
    "div",
    { class: "sam2nb-finding", role: "group", "aria-label": "Finding" },
    idle,
    job,
    createByItself(refind, signal),
    createConfidence(ui, signal),
  );
}

function createByItself({ isOn }: Refind, signal: AbortSignal): HTMLElement {
  const box = h("input", { type: "checkbox", class: "sam2nb-check", "data-action": "by-itself" });
  box.addEventListener("change", () => (isOn.value = box.checked), { signal });
  const stop = effect(() => {
    box.checked = isOn.value;
  });
  signal.addEventListener("abort", stop);
  return h(
    "label",
    { class: "sam2nb-by-itself", title: "Look through the other pictures again after every click" },
    box,
    "after every click",
  );
}

function createConfidence(ui: SetUi, signal: AbortSignal): HTMLElement {
  const value = h("output", { class: "sam2nb-count" });
  const input = h("input", {
    ...{ type: "range", class: "sam2nb-slider", "data-action": "confidence", min: 50, max: 100, step: 1 },
    ...{ "aria-label": "Least presence", value: Math.round(ui.confidence.peek() * 100) },
  });
  input.addEventListener("input", () => (ui.confidence.value = input.valueAsNumber / 100), { signal });
  const stop = effect(() => setText(value, `${Math.round(ui.confidence.value * 100)} %`));
  signal.addEventListener("abort", stop);
  return h(
    "label",
    {
      class: "sam2nb-confidence",
      title: "Objects count as found where the model is at least so sure that they are there",
    },
    "sure",
    input,
    value,
  );
}
