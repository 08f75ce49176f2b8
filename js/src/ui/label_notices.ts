/** What the kernel wants read about the folder, what runs beside the labelling, and the suggestions of this picture. */

import { effect } from "@preact/signals-core";
import type { LabelActionName } from "../input/label_keymap";
import type { LabelJobView, LabelNotice } from "../protocol/messages.gen";
import type { Labels } from "../state/labels";
import { h, keepFocus, setText } from "./dom";
import { icon } from "./icons";
import { push } from "./label_panel";

export function createLabelNotices(labels: Labels, signal: AbortSignal): HTMLElement {
  const list = h("div", { class: "sam2nb-notices", "aria-live": "polite" });
  let shown = "";
  const stop = effect(() => {
    const view = labels.view.value;
    const problem = view?.current?.problem ?? "";
    const key = JSON.stringify([view?.notices, problem]);
    if (key === shown) return;
    shown = key;
    keepFocus(list);
    const notices = view?.notices ?? [];
    list.hidden = notices.length === 0 && problem === "";
    const rows = notices.map((notice) => row(notice, labels));
    list.replaceChildren(...(problem === "" ? [] : [banner("warning", problem)]), ...rows);
  });
  signal.addEventListener("abort", stop);
  return list;
}

function banner(level: string, text: string, ...more: ReadonlyArray<Node>): HTMLElement {
  return h(
    "div",
    { class: "sam2nb-notice", "data-level": level },
    h("span", { class: "sam2nb-notice-text" }, text),
    ...more,
  );
}

function row(notice: LabelNotice, labels: Labels): HTMLElement {
  const buttons = notice.choices.map((words) => push(words, "notice", () => labels.answer(notice.id, words)));
  const close = h(
    "button",
    { type: "button", class: "sam2nb-tool", "aria-label": "Dismiss", title: "Dismiss" },
    icon("close"),
  );
  close.addEventListener("click", () => labels.answer(notice.id, ""));
  return banner(notice.level, notice.text, ...buttons, close);
}

/** Over the picture: how many suggestions there are, and what becomes of all of them. */
export function createSuggestions(
  labels: Labels,
  run: (action: { readonly type: LabelActionName }) => void,
  signal: AbortSignal,
): HTMLElement {
  const words = h("span", {});
  const accept = push("Accept all", "accept-all", () => run({ type: "accept-all" }), "sam2nb-primary");
  const reject = push("Reject all", "reject-all", () => run({ type: "reject-all" }));
  accept.title = "Accept all suggestions (Shift+I)";
  reject.title = "Reject all suggestions (Shift+Delete)";
  const node = h("div", { class: "sam2nb-suggestions", role: "status", hidden: true }, words, accept, reject);
  const stop = effect(() => {
    const count = labels.session.document.value.objects.filter(({ proposed }) => proposed).length;
    if (count === 0) keepFocus(node);
    node.hidden = count === 0;
    setText(words, count === 1 ? "1 suggestion" : `${count} suggestions`);
  });
  signal.addEventListener("abort", stop);
  return node;
}

/** In the foot: what runs, or what came of the last thing that ran; and how far the folder is. */
export function createLabelFoot(labels: Labels, signal: AbortSignal): HTMLElement {
  const job = h("span", { class: "sam2nb-job" });
  const progress = h("span", { class: "sam2nb-tally" });
  const fill = h("span", {});
  const meter = h("span", { class: "sam2nb-meter", "aria-hidden": "true" }, fill);
  let seen: LabelJobView | undefined;
  const stop = effect(() => {
    const view = labels.view.value;
    if (view === null) return;
    const running = view.jobs.find(({ state }) => state === "running");
    const last =
      running ?? view.jobs.reduce<LabelJobView | undefined>((a, b) => (a && a.id > b.id ? a : b), undefined);
    if (last !== seen) {
      seen = last;
      job.dataset.state = last?.state ?? "";
      const count = last?.total ? `${last.done} / ${last.total}: ` : "";
      setText(job, last === undefined ? "" : `${running ? `${WORDS[last.kind]}… ${count}` : ""}${last.text}`);
      job.title = last?.text ?? "";
    }
    const { images, done } = view.progress;
    setText(progress, `${done} of ${images} done`);
    fill.style.width = `${images === 0 ? 0 : (100 * done) / images}%`;
  });
  signal.addEventListener("abort", stop);
  return h("span", { class: "sam2nb-label-foot" }, job, meter, progress);
}

const WORDS: Readonly<Record<LabelJobView["kind"], string>> = {
  suggest: "Suggesting",
  train: "Training",
  export: "Exporting",
  import: "Importing",
  survey: "Looking",
  add: "Adding",
};
