/** One view of a labeler: the canvas of a picture, and around it the folder that is being labelled. */

import { effect } from "@preact/signals-core";
import { type LabelAction, labelActionOf, labelHelpRows } from "../input/label_keymap";
import { selectedObject } from "../state/document";
import { LabelUi } from "../state/label_ui";
import type { Labels } from "../state/labels";
import { createClassEditor } from "./class_editor";
import { h, setHidden } from "./dom";
import { createFilmstrip } from "./filmstrip";
import { createLabelBar, isInReview } from "./label_bar";
import { createLabelFoot, createLabelNotices, createSuggestions } from "./label_notices";
import { createLabelPanel, push } from "./label_panel";
import { createNote } from "./note";
import type { RowParts } from "./object_row";
import { createQuestion } from "./question";
import { createSuggestButton } from "./suggest";
import { composeView } from "./view";

/** Show a labeler in `el`; returns what takes it away without a trace. */
export function mountLabeler(labels: Labels, el: HTMLElement, height: unknown): () => void {
  const ui = new LabelUi();
  return composeView<LabelAction>(labels.session, el, height, [ui, "Labeler"], (easel, perform) => {
    const { signal, isMac } = easel;
    const isReview = isInReview(labels);
    const strip = createFilmstrip(labels, signal);
    const run = (action: LabelAction) => {
      if (!isOwn(action)) perform(action);
      else act(action, labels, isReview.peek(), strip.focus);
    };
    const runOrClose = (action: LabelAction) => {
      if (labels.question.peek() !== null) {
        if (action.type === "escape") labels.question.value = null;
      } else if (action.type === "escape" && ui.panel.peek() !== null) ui.panel.value = null;
      else run(action);
    };
    describeImage(labels, easel.root, signal);
    return {
      run: runOrClose,
      classEditor: createClassEditor(labels.session, ui),
      actionOf: (press) => labelActionOf(press, isMac),
      helpRows: labelHelpRows(isMac),
      above: [createLabelBar(labels, ui, isMac, run, signal), createLabelNotices(labels, signal)],
      tools: [createSuggestButton(labels, ui, signal)],
      over: [
        createSuggestions(labels, run, signal),
        createLabelPanel(labels, ui, signal),
        createQuestion(labels, signal),
      ],
      side: [createNote(labels, signal)],
      below: [strip.node],
      foot: [createLabelFoot(labels, signal)],
      parts: (parts) => ({ ...parts, partsOf: (id) => judgement(labels, id) }),
    };
  });
}

/** What tests can read off the root: which picture is really on the canvas. */
function describeImage(labels: Labels, root: HTMLElement, signal: AbortSignal): void {
  const stop = effect(() => {
    const { info, bitmap } = labels.session;
    root.dataset.picture = bitmap.value === null ? "" : (info.value?.name ?? "");
  });
  signal.addEventListener("abort", stop);
}

/** Below the row of a suggestion: what becomes of it. */
function judgement(labels: Labels, id: number): RowParts {
  const accept = push("Accept", "accept", () => labels.judge(true, id), "sam2nb-primary");
  const reject = push("Reject", "reject", () => labels.judge(false, id));
  accept.title = "Accept this suggestion (I)";
  reject.title = "Reject this suggestion (Delete)";
  const node = h("div", { class: "sam2nb-judgement", hidden: true }, accept, reject);
  return { below: [node], update: ({ proposed }) => setHidden(node, !proposed) };
}

const OWN = [
  "next",
  "previous",
  "decide",
  "pass",
  "suggest",
  "accept",
  "accept-all",
  "reject-all",
  "strip",
] as const;
type Own = Extract<LabelAction, { type: (typeof OWN)[number] }>;

function isOwn(action: LabelAction): action is Own {
  return OWN.some((name) => name === action.type);
}

/** Do a labeler's own action. */
function act(action: Own, labels: Labels, isReview: boolean, focusStrip: () => void): void {
  switch (action.type) {
    case "next":
    case "previous":
      return labels.move(action.type);
    case "decide":
      return labels.move(isReview ? "accept" : "submit");
    case "pass":
      return labels.move(isReview ? "return" : "skip");
    case "suggest":
      return labels.suggest(labels.view.peek()?.sources.at(-1) ?? "everything", false);
    case "accept":
      return labels.judge(true, selectedObject(labels.session.document.peek())?.id ?? -1);
    case "accept-all":
    case "reject-all":
      return labels.judge(action.type === "accept-all");
    case "strip":
      return focusStrip();
  }
}
