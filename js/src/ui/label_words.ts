/** How far an image can be, in words and signs. */

import type { QueueRow } from "../protocol/messages.gen";
import type { IconName } from "./icons";

export type StateName = QueueRow["state"];

export const STATE_NAMES: ReadonlyArray<StateName> = [
  "new",
  "started",
  "skipped",
  "submitted",
  "returned",
  "reviewed",
];

export const STATE_WORDS: Readonly<Record<StateName, string>> = {
  new: "new",
  started: "begun",
  skipped: "skipped",
  submitted: "submitted",
  returned: "sent back",
  reviewed: "reviewed",
};

export const STATE_ICONS: Readonly<Record<StateName, IconName>> = {
  new: "ring",
  started: "partial",
  skipped: "on",
  submitted: "check",
  returned: "undo",
  reviewed: "checks",
};

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What is left to do at the pace so far; empty when nobody knows. */
export function outlook(images: number, done: number, secondsEach: number | null): string {
  const left = images - done;
  return left === 0 || done === 0 || secondsEach === null ? "" : `about ${duration(left * secondsEach)} left`;
}
