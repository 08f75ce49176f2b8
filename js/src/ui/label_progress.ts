/** Beside a button that begins something long: that it was asked for, how far it is, and what came of it. */

import { effect } from "@preact/signals-core";
import type { LabelJobView } from "../protocol/messages.gen";
import type { FileKind, Labels } from "../state/labels";
import { h, setText } from "./dom";

/** What is to be read, whether it goes on (`done` null: nobody knows how far it is), and whether it went wrong. */
export interface Getting {
  readonly words: string;
  readonly isOn: boolean;
  readonly done: number | null;
  readonly isFailed: boolean;
}

/** How an export or import is getting on; what was `asked` on this page goes before what was done earlier. */
export function gettingOn(job: LabelJobView | undefined, asked: string | null, failed: string): Getting {
  const isOn = job?.state === "running";
  if (!isOn && failed !== "") return { words: failed, isOn, done: null, isFailed: true };
  if (!isOn && asked !== null) return { words: asked, isOn: true, done: null, isFailed: false };
  if (job === undefined) return { words: "", isOn: false, done: null, isFailed: false };
  const done = isOn && job.total ? job.done / job.total : null;
  const count = done === null ? "" : `${job.done} of ${job.total}: `;
  return { words: `${count}${job.text}`, isOn, done, isFailed: job.state === "failed" };
}

export function createLabelProgress(
  labels: Labels,
  kind: FileKind,
  title: string,
  signal: AbortSignal,
): HTMLElement {
  const bar = h("progress", { class: "sam2nb-progress", "aria-label": title, max: 1 });
  const words = h("span", { role: "status" });
  const node = h("div", { class: "sam2nb-getting-on", "data-kind": kind, hidden: true }, bar, words);
  const stop = effect(() => {
    const job = labels.view.value?.jobs.find((one) => one.kind === kind);
    const { isAsked, failed } = labels.files[kind].value;
    const now = gettingOn(job, isAsked ? `${title}…` : null, failed);
    node.hidden = now.words === "" && !now.isOn;
    node.classList.toggle("sam2nb-failed", now.isFailed);
    bar.hidden = !now.isOn;
    if (now.done === null) bar.removeAttribute("value");
    else bar.value = now.done;
    setText(words, now.words);
  });
  signal.addEventListener("abort", stop);
  return node;
}
