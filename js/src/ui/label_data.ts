/** A look at the data: how far it is, what is in it, and what may be wrong, each a click away from its picture. */

import { effect } from "@preact/signals-core";
import type { FigureRequest, FindingView, LabelView } from "../protocol/messages.gen";
import type { LabelUi } from "../state/label_ui";
import type { Labels } from "../state/labels";
import { h } from "./dom";
import { push } from "./label_panel";
import { duration, outlook, STATE_NAMES, STATE_WORDS } from "./label_words";

const FIGURES: ReadonlyArray<readonly [FigureRequest["what"], string]> = [
  ["sheet", "Contact sheet"],
  ["classes", "Classes"],
  ["sizes", "Sizes"],
];

export function createDataPanel(labels: Labels, ui: LabelUi, signal: AbortSignal): HTMLElement {
  const facts = h("div", { class: "sam2nb-facts" });
  const bar = h("div", { class: "sam2nb-stacked", "aria-hidden": "true" });
  const classes = h("div", { class: "sam2nb-bars" });
  const findings = h("div", { class: "sam2nb-findings" });
  const canvas = h("canvas", { class: "sam2nb-figure", hidden: true });
  const go = (image: number) => {
    ui.panel.value = null;
    labels.move("open", image);
  };
  const stops = [
    effect(() => {
      const view = labels.view.value;
      if (view === null || ui.panel.value !== "data") return;
      facts.replaceChildren(...factsOf(view));
      bar.replaceChildren(...stacked(view));
      classes.replaceChildren(...bars(view, labels));
    }),
    effect(() => {
      const found = labels.survey.value;
      if (found === null) findings.replaceChildren();
      else if (found === "asked")
        findings.replaceChildren(h("p", { class: "sam2nb-hint" }, "Looking at all labels…"));
      else {
        const agreed = found.agreement.map(({ first, second, f1, mean_iou }) =>
          h(
            "p",
            { class: "sam2nb-hint" },
            `${first} and ${second} agree on ${percent(f1)} of their objects` +
              (mean_iou === null ? "" : `, at a mean IoU of ${mean_iou.toFixed(2)}`),
          ),
        );
        const none = h("p", { class: "sam2nb-hint" }, "Nothing looks wrong.");
        findings.replaceChildren(
          ...agreed,
          ...(found.findings.length === 0 ? [none] : groups(found.findings, go)),
        );
      }
    }),
    effect(() => void draw(labels.figure.value?.png ?? null, canvas)),
  ];
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });
  return h(
    "section",
    {},
    facts,
    bar,
    h("h3", { class: "sam2nb-title" }, "Objects of each class"),
    classes,
    h(
      "div",
      { class: "sam2nb-line" },
      push("Find what may be wrong", "survey", () => labels.look(), "sam2nb-primary"),
      ...FIGURES.map(([what, words]) => push(words, `figure-${what}`, () => labels.draw(what))),
    ),
    findings,
    canvas,
  );
}

function factsOf({ progress }: LabelView): ReadonlyArray<HTMLElement> {
  const { images, done, seconds, seconds_per_image: each, proposals } = progress;
  const left = outlook(images, done, each);
  const fact = (value: string, what: string) =>
    h("div", { class: "sam2nb-fact" }, h("strong", {}, value), h("span", {}, what));
  return [
    fact(`${done} / ${images}`, "pictures done"),
    fact(each === null ? "–" : duration(each), "per picture"),
    fact(duration(seconds), left === "" ? "in all" : `in all, ${left}`),
    ...(proposals > 0 ? [fact(String(proposals), "suggestions open")] : []),
  ];
}

function stacked({ progress }: LabelView): ReadonlyArray<HTMLElement> {
  return STATE_NAMES.flatMap((state) => {
    const count = progress.per_state.find(({ name }) => name === state)?.count ?? 0;
    if (count === 0) return [];
    const part = h(
      "span",
      { "data-state": state, title: `${count} ${STATE_WORDS[state]}` },
      `${count} ${STATE_WORDS[state]}`,
    );
    part.style.flexGrow = String(count);
    return [part];
  });
}

function bars({ progress }: LabelView, labels: Labels): ReadonlyArray<HTMLElement> {
  const most = Math.max(...progress.per_class.map(({ count }) => count), 1);
  const colors = new Map(labels.session.document.peek().classes.map(({ name, color }) => [name, color]));
  if (progress.per_class.length === 0) return [h("p", { class: "sam2nb-hint" }, "Nothing is accepted yet.")];
  return progress.per_class.map(({ name, count }) => {
    const bar = h("span", { class: "sam2nb-bar-fill" });
    bar.style.width = `${(100 * count) / most}%`;
    bar.style.background = colors.get(name) ?? "currentcolor";
    return h(
      "div",
      { class: "sam2nb-bar-row" },
      h("span", { title: name }, name),
      h("span", {}, bar),
      String(count),
    );
  });
}

function groups(found: ReadonlyArray<FindingView>, go: (image: number) => void): ReadonlyArray<HTMLElement> {
  const kinds = new Map<string, FindingView[]>();
  for (const finding of found) {
    const kind = finding.kind.startsWith("same picture") ? "same picture twice" : finding.kind;
    kinds.set(kind, [...(kinds.get(kind) ?? []), finding]);
  }
  return [...kinds].map(([kind, all]) =>
    h(
      "section",
      { "data-kind": kind },
      h("h3", { class: "sam2nb-title" }, `${kind} (${all.length})`),
      h("ul", { class: "sam2nb-list" }, ...all.map((finding) => h("li", {}, jump(finding, go)))),
    ),
  );
}

function jump(finding: FindingView, go: (image: number) => void): HTMLElement {
  const { image, name, label, kind, value } = finding;
  const text = `${name}${label === "" ? "" : `, ${label}`}`;
  const node = h(
    "button",
    { type: "button", class: "sam2nb-jump", "data-image": image, title: `${text}: ${kind}` },
    h("span", {}, text),
    h("span", { class: "sam2nb-faint" }, figure(kind, value)),
  );
  node.addEventListener("click", () => go(image));
  return node;
}

function figure(kind: string, value: number): string {
  if (kind === "tiny") return `${value} px`;
  if (kind === "overlaps") return percent(value);
  if (kind === "touches the border") return value === 1 ? "1 edge" : `${value} edges`;
  return kind.startsWith("low") ? value.toFixed(2) : kind.startsWith("same") ? kind : "";
}

const percent = (part: number): string => `${Math.round(100 * part)} %`;

async function draw(png: Uint8Array | null, canvas: HTMLCanvasElement): Promise<void> {
  canvas.hidden = png === null;
  if (png === null) return;
  try {
    const bitmap = await createImageBitmap(new Blob([png.slice()]));
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
  } catch {
    canvas.hidden = true; // a broken picture shows nothing
  }
}
