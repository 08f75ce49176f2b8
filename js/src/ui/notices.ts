/** What the kernel wants read: stays until dismissed, and may offer earlier work. */

import { effect } from "@preact/signals-core";
import type { Notice } from "../protocol/messages.gen";
import type { VideoSession } from "../state/video_session";
import type { VideoUi } from "../state/video_ui";
import { h, keepFocus } from "./dom";
import { icon } from "./icons";

export function createNotices(session: VideoSession, ui: VideoUi, signal: AbortSignal): HTMLElement {
  const list = h("div", { class: "sam2nb-notices", "aria-live": "polite" });
  const dismiss = (id: number) => {
    ui.dismissed.value = new Set([...ui.dismissed.value, id]);
  };
  const stop = effect(() => {
    const shown = session.notices.value.filter(({ id }) => !ui.dismissed.value.has(id));
    keepFocus(list);
    list.hidden = shown.length === 0;
    list.replaceChildren(...shown.map((notice) => row(notice, session, dismiss)));
  });
  signal.addEventListener("abort", stop);
  return list;
}

function row(notice: Notice, session: VideoSession, dismiss: (id: number) => void): HTMLElement {
  const buttons =
    notice.action === "recover"
      ? [
          button("Take it up", "recover", () => session.recover(true)),
          button("Leave it", "no-recover", () => session.recover(false)),
        ]
      : [];
  const close = h(
    "button",
    { type: "button", class: "sam2nb-tool", "aria-label": "Dismiss", title: "Dismiss" },
    icon("close"),
  );
  close.addEventListener("click", () => dismiss(notice.id));
  return h(
    "div",
    { class: "sam2nb-notice", "data-level": notice.level },
    h("span", { class: "sam2nb-notice-text" }, notice.text),
    ...buttons,
    ...(notice.action === "none" ? [close] : []),
  );
}

function button(text: string, action: string, run: () => void): HTMLElement {
  const node = h(
    "button",
    { type: "button", class: "sam2nb-button sam2nb-worded", "data-action": action },
    text,
  );
  node.addEventListener("click", run);
  return node;
}

/** Whether the work is on disk. */
export function createSaved(session: VideoSession, signal: AbortSignal): HTMLElement {
  const node = h("span", { class: "sam2nb-saved" });
  const stop = effect(() => {
    const { state, rev, text } = session.saved.value;
    const isBehind = state === "saved" && (!session.isSettled.value || rev < session.rev.value);
    node.dataset.saved = isBehind ? "saving" : state;
    const words = { saved: isBehind ? "Saving…" : "Saved", failed: "Not saved", off: "Not kept" }[state];
    node.replaceChildren(icon(state === "saved" ? "check" : "stale"), words);
    node.title = text === "" ? "What you do is written to disk as you go" : text;
    node.hidden = session.info.value === null;
  });
  signal.addEventListener("abort", stop);
  return node;
}
