/** How a view shows picture and masks: a panel of settings that change nothing but the view. */

import { effect, type Signal } from "@preact/signals-core";
import type { Sheet } from "../state/sheet";
import { LOOKS, PLAIN_TONE, type Tone, type Ui } from "../state/ui";
import { randomId } from "../widgets/identity";
import { h, setHidden } from "./dom";
import type { Easel } from "./easel";

const SVG = "http://www.w3.org/2000/svg";
const TONES: ReadonlyArray<readonly [keyof Tone, string]> = [
  ["brightness", "Brightness"],
  ["contrast", "Contrast"],
  ["gamma", "Gamma"],
];

/** The panel, over the stage. */
export function createLooks({ stage, sheet, ui, signal }: Easel): HTMLElement {
  const filter = createFilter(stage, ui, signal);
  const reset = h("button", { type: "button", class: "sam2nb-button sam2nb-worded" }, "Reset");
  reset.addEventListener("click", () => ui.resetLooks());
  const panel = h(
    "div",
    { class: "sam2nb-looks", role: "group", "aria-label": "View settings", hidden: true },
    select("Masks", LOOKS, ui.look, signal),
    colourSelect(sheet, ui, signal),
    slider("Opacity", 0, 1, ui.opacity, signal),
    ...TONES.map(([part, label]) => slider(label, 0.2, 3, toneSignal(ui, part), signal)),
    check("Cross at the pointer (K)", ui.hasCross, signal),
    check("Magnifier (Z)", ui.hasLoupe, signal),
    reset,
    filter,
  );
  const stop = effect(() => setHidden(panel, !ui.isLooksOpen.value));
  signal.addEventListener("abort", stop);
  return panel;
}

interface Held<T> {
  value: T;
}

function toneSignal(ui: Ui, part: keyof Tone): Held<number> {
  return {
    get value() {
      return ui.tone.value[part];
    },
    set value(value) {
      ui.tone.value = { ...ui.tone.value, [part]: value };
    },
  };
}

function row(label: string, control: HTMLElement): HTMLElement {
  return h("label", { class: "sam2nb-note" }, h("span", {}, label), control);
}

function slider(
  label: string,
  min: number,
  max: number,
  held: Held<number>,
  signal: AbortSignal,
): HTMLElement {
  const input = h("input", {
    ...{ type: "range", class: "sam2nb-slider", "data-action": label.toLowerCase(), "aria-label": label },
    ...{ min, max, step: 0.05 },
  });
  input.addEventListener("input", () => (held.value = input.valueAsNumber));
  const stop = effect(() => {
    input.value = String(held.value);
  });
  signal.addEventListener("abort", stop);
  return row(label, input);
}

function select<T extends string>(
  label: string,
  options: Readonly<Record<T, string>>,
  held: Signal<T>,
  signal: AbortSignal,
): HTMLElement {
  const names = Object.keys(options) as T[];
  const node = h(
    "select",
    { class: "sam2nb-field", "data-action": label.toLowerCase(), "aria-label": label },
    ...names.map((name) => h("option", { value: name }, options[name])),
  );
  node.addEventListener("change", () => (held.value = names[node.selectedIndex] ?? held.value));
  const stop = effect(() => {
    node.value = held.value;
  });
  signal.addEventListener("abort", stop);
  return row(label, node);
}

function colourSelect(sheet: Sheet, ui: Ui, signal: AbortSignal): HTMLElement {
  const line = select("Colours", { class: "by class", object: "by object" }, ui.colours, signal);
  const stop = effect(() => setHidden(line, !ui.hasClasses || sheet.document.value.classes.length === 0));
  signal.addEventListener("abort", stop);
  return line;
}

function check(label: string, held: Signal<boolean>, signal: AbortSignal): HTMLElement {
  const input = h("input", { type: "checkbox" });
  input.addEventListener("change", () => (held.value = input.checked));
  const stop = effect(() => {
    input.checked = held.value;
  });
  signal.addEventListener("abort", stop);
  return h("label", { class: "sam2nb-note sam2nb-check" }, input, label);
}

/** The tone is a filter of the browser on the canvas: the picture that the model has is another one. */
function createFilter(stage: HTMLElement, ui: Ui, signal: AbortSignal): SVGSVGElement {
  const id = `sam2nb-${randomId()}`;
  const make = (name: string, attributes: Readonly<Record<string, string>>) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const channels = ["R", "G", "B"].map((channel) => make(`feFunc${channel}`, { type: "gamma" }));
  const transfer = make("feComponentTransfer", {});
  transfer.append(...channels);
  const filter = make("filter", { id, "color-interpolation-filters": "sRGB" });
  filter.append(transfer);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "sam2nb-unseen");
  svg.setAttribute("aria-hidden", "true");
  svg.append(filter);
  const stop = effect(() => {
    const { brightness, contrast, gamma } = ui.tone.value;
    for (const channel of channels) channel.setAttribute("exponent", String(1 / gamma));
    const isPlain = TONES.every(([part]) => ui.tone.value[part] === PLAIN_TONE[part]);
    const words = `url(#${id}) brightness(${brightness}) contrast(${contrast})`;
    stage.style.setProperty("--sam2nb-tone", isPlain ? "none" : words);
    stage.dataset.look = ui.look.value;
  });
  signal.addEventListener("abort", stop);
  return svg;
}
