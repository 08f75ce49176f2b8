/** What the widget says in words: a status line that screen readers follow, and messages that stay until dismissed. */

import { computed, effect, type ReadonlySignal, signal as state } from "@preact/signals-core";
import type { Sheet } from "../state/sheet";
import { h, setText } from "./dom";
import { icon } from "./icons";

export type Mood = "loading" | "ready" | "busy" | "error" | "lost";

const SHOW_BUSY_AFTER_MS = 300;

/** The one word for how things stand: what `data-status` says. */
export function moodOf(session: Sheet): ReadonlySignal<Mood> {
  return computed(() => {
    if (session.connection.value === "lost") return "lost";
    if (session.notice.value !== null) return "error";
    const { state } = session.status.value;
    if (session.connection.value === "greeting" || session.info.value === null || state === "loading")
      return "loading";
    return state === "busy" || !session.isSettled.value || !session.isOpen.value ? "busy" : "ready";
  });
}

export interface StatusView {
  readonly line: HTMLElement;
  readonly banner: HTMLElement;
  readonly bar: HTMLElement;
}

/** With words, while there are some, for what goes on beside the edits. */
export function createStatus(
  session: Sheet,
  mood: ReadonlySignal<Mood>,
  signal: AbortSignal,
  beside: () => string | null = () => null,
): StatusView {
  const words = h("span", { class: "sam2nb-words", role: "status", "aria-live": "polite" });
  const line = h(
    "div",
    { class: "sam2nb-status" },
    h("span", { class: "sam2nb-lamp", "aria-hidden": "true" }),
    words,
  );
  const bar = h("div", { class: "sam2nb-bar", "aria-hidden": "true", hidden: true });
  const text = h("span", { class: "sam2nb-banner-text" });
  const close = h(
    "button",
    { type: "button", class: "sam2nb-tool", "aria-label": "Dismiss", title: "Dismiss" },
    icon("close"),
  );
  const banner = h("div", { class: "sam2nb-banner", role: "alert", hidden: true }, text, close);
  close.addEventListener("click", () => {
    session.notice.value = null;
    session.hint.value = null;
    banner.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
  });

  const isLong = state(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stopTimer = effect(() => {
    const isBusy = mood.value === "busy" || mood.value === "loading";
    clearTimeout(timer);
    if (!isBusy) isLong.value = false;
    else timer = setTimeout(() => (isLong.value = true), SHOW_BUSY_AFTER_MS);
  });
  const stop = effect(() => {
    bar.hidden = !isLong.value;
    setText(words, (mood.value === "ready" ? beside() : null) ?? wordsFor(session, mood.value, isLong.value));
    const message = mood.value === "lost" ? LOST : (session.notice.value ?? session.hint.value);
    banner.hidden = message === null;
    banner.classList.toggle("sam2nb-grave", mood.value === "lost");
    banner.classList.toggle("sam2nb-mild", session.notice.value === null);
    close.hidden = mood.value === "lost";
    setText(text, message ?? "");
  });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    stopTimer();
    stop();
  });
  return { line, banner, bar };
}

const LOST =
  "No answer from the kernel. If it is busy with a cell, this goes on when the cell ends, with your last edits. " +
  "If it was restarted, run the cell that shows this widget again.";

function wordsFor(session: Sheet, mood: Mood, isLong: boolean): string {
  switch (mood) {
    case "lost":
      return "Kernel not answering";
    case "error":
      return "Something went wrong: see the message";
    case "loading":
      if (session.connection.value === "greeting") return isLong ? "Waiting for the kernel…" : "";
      return session.status.value.text === "" ? "Reading…" : session.status.value.text;
    default: {
      if (session.connection.value === "waiting")
        return "The kernel is busy with a cell. Your edits are kept, and sent when it answers.";
      const { state, text } = session.status.value;
      if (mood === "busy" && isLong && !session.isOpen.value)
        return session.isSettled.value ? "Going on…" : "Keeping your last edits, then going on…";
      if (mood === "busy" && isLong) return state === "busy" && text !== "" ? text : "Working…";
      return state === "ready" && text !== "" ? text : "Ready";
    }
  }
}
