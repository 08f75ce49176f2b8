/** Which pictures are in the queue, and in which order. */

import { effect } from "@preact/signals-core";
import type { LabelView, QueueFilter } from "../protocol/messages.gen";
import type { Labels } from "../state/labels";
import { h, setText } from "./dom";
import { choice, field, push, setOptions, submit } from "./label_panel";
import { STATE_NAMES, STATE_WORDS, type StateName } from "./label_words";

const ORDERS: ReadonlyArray<readonly [QueueFilter["order"], string]> = [
  ["added", "as they were added"],
  ["name", "by name"],
  ["gain", "most to learn first"],
];

export function createQueuePanel(labels: Labels, signal: AbortSignal): HTMLElement {
  const fields = new Fields();
  const length = h("p", { class: "sam2nb-hint" });
  const apply = () => labels.filter(fields.read());
  let shown = "";
  const stop = effect(() => {
    const view = labels.view.value;
    if (view === null) return;
    fields.count(view);
    fields.offer(labels.session.document.value.classes.map(({ name }) => name));
    setText(length, view.length === 1 ? "1 picture in the queue" : `${view.length} pictures in the queue`);
    const key = JSON.stringify(view.filter);
    if (key !== shown) fields.show(view.filter);
    shown = key;
  });
  signal.addEventListener("abort", stop);
  const form = h(
    "form",
    { class: "sam2nb-form" },
    h("div", { class: "sam2nb-line" }, ...PRESETS.map((preset) => presetButton(preset, labels))),
    ...fields.rows,
    h("div", { class: "sam2nb-line" }, submit("Apply", "queue-apply", "sam2nb-primary"), length),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  return h("section", {}, form);
}

type Preset = readonly [string, ReadonlyArray<StateName>, QueueFilter["order"]];

const PRESETS: ReadonlyArray<Preset> = [
  ["To do", ["new", "started", "returned"], "added"],
  ["To review", ["submitted"], "added"],
  ["Skipped", ["skipped"], "added"],
  ["Most to learn", ["new", "started", "returned"], "gain"],
  ["Everything", [], "added"],
];

function presetButton([words, states, order]: Preset, labels: Labels): HTMLButtonElement {
  const action = `queue-${words.toLowerCase().replaceAll(" ", "-")}`;
  return push(words, action, () => labels.filter({ ...ANY, states, order }));
}

/** The fields of a filter. */
class Fields {
  readonly rows: ReadonlyArray<HTMLElement>;
  readonly #boxes = STATE_NAMES.map((state) => {
    const box = h("input", { type: "checkbox", "data-state": state, "aria-label": STATE_WORDS[state] });
    const count = h("span", { class: "sam2nb-faint" });
    return { state, box, count, node: h("label", { class: "sam2nb-check" }, box, STATE_WORDS[state], count) };
  });
  readonly #label = choice("Class", [["", "any class"]]);
  readonly #order = choice("Order", ORDERS);
  readonly #leastArea = number("Smallest area, pixels", 1);
  readonly #mostArea = number("Largest area, pixels", 1);
  readonly #leastScore = number("Lowest score", 0.01);
  readonly #mostScore = number("Highest score", 0.01);

  constructor() {
    this.rows = [
      h("div", { class: "sam2nb-line sam2nb-checks" }, ...this.#boxes.map(({ node }) => node)),
      h(
        "div",
        { class: "sam2nb-line" },
        field("with an object of", this.#label),
        field("order", this.#order),
      ),
      h(
        "div",
        { class: "sam2nb-line" },
        field("area from, px", this.#leastArea),
        field("to", this.#mostArea),
        field("score from", this.#leastScore),
        field("to", this.#mostScore),
      ),
    ];
  }

  read(): QueueFilter {
    const states = this.#boxes.filter(({ box }) => box.checked).map(({ state }) => state);
    return {
      states: states.length === this.#boxes.length ? [] : states,
      labels: this.#label.value === "" ? [] : [this.#label.value],
      least_area: figureIn(this.#leastArea),
      most_area: figureIn(this.#mostArea),
      least_score: figureIn(this.#leastScore),
      most_score: figureIn(this.#mostScore),
      order: ORDERS.find(([name]) => name === this.#order.value)?.[0] ?? "added",
    };
  }

  show(filter: QueueFilter): void {
    for (const { state, box } of this.#boxes)
      box.checked = filter.states.length === 0 || filter.states.includes(state);
    this.#label.value = filter.labels[0] ?? "";
    this.#order.value = filter.order;
    this.#leastArea.value = String(filter.least_area ?? "");
    this.#mostArea.value = String(filter.most_area ?? "");
    this.#leastScore.value = String(filter.least_score ?? "");
    this.#mostScore.value = String(filter.most_score ?? "");
  }

  count({ progress }: LabelView): void {
    for (const { state, count } of this.#boxes)
      setText(count, String(progress.per_state.find(({ name }) => name === state)?.count ?? 0));
  }

  offer(classes: ReadonlyArray<string>): void {
    setOptions(this.#label, [["", "any class"], ...classes.map((name) => [name, name] as const)]);
  }
}

const ANY = {
  states: [],
  labels: [],
  least_area: null,
  most_area: null,
  least_score: null,
  most_score: null,
  order: "added",
} as const satisfies QueueFilter;

function number(name: string, step: number): HTMLInputElement {
  return h("input", {
    type: "number",
    class: "sam2nb-field",
    min: 0,
    step,
    "aria-label": name,
    placeholder: "any",
  });
}

function figureIn(input: HTMLInputElement): number | null {
  return Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : null;
}
