/** Training on what is accepted: how it goes, what it brought, and who does the work from now on. */

import { effect } from "@preact/signals-core";
import type { EpochView, TrainingView } from "../protocol/messages.gen";
import type { Labels } from "../state/labels";
import { h, setHidden, setText } from "./dom";
import { push } from "./label_panel";

const [WIDTH, HEIGHT] = [420, 130];

export function createTrainPanel(labels: Labels, signal: AbortSignal): HTMLElement {
  const words = h("p", { class: "sam2nb-verdict" });
  const detail = h("p", { class: "sam2nb-hint" });
  const chart = h("canvas", {
    class: "sam2nb-chart",
    role: "img",
    "aria-label": "IoU on held-out labels by epoch",
  });
  const start = push("Train now", "train-start", () => labels.train("start"), "sam2nb-primary");
  const stopIt = push("Stop", "train-stop", () => labels.train("stop"));
  const use = push("Use the trained model", "train-use", () => labels.train("use"), "sam2nb-primary");
  const unuse = push("Go back to the first model", "train-unuse", () => labels.train("unuse"));
  const stop = effect(() => {
    const view = labels.view.value;
    if (view === null) return;
    const { training } = view;
    const job = view.jobs.find(({ kind }) => kind === "train");
    const isRunning = job?.state === "running";
    setHidden(start, isRunning);
    setHidden(stopIt, !isRunning);
    setHidden(use, !training.is_ready || training.in_use);
    setHidden(unuse, !training.in_use);
    start.classList.toggle("sam2nb-primary", !training.is_ready || training.in_use);
    setText(words, verdict(training));
    setText(
      detail,
      job?.text ?? "Learns from submitted and reviewed pictures; a fifth is held out to measure the gain.",
    );
    chart.hidden = training.epochs.length === 0;
    if (training.epochs.length > 0) drawCurve(chart, training.epochs);
  });
  signal.addEventListener("abort", stop);
  return h(
    "section",
    {},
    words,
    chart,
    detail,
    h("div", { class: "sam2nb-line" }, start, stopIt, use, unuse),
  );
}

function verdict({ gain, is_ready, in_use }: TrainingView): string {
  if (in_use) return "The trained model does the work.";
  if (gain === null) return "Train the model on your own labels.";
  const points = `${gain >= 0 ? "+" : "−"}${Math.abs(100 * gain).toFixed(1)} points of IoU on held-out labels`;
  return is_ready ? points : `${points} so far`;
}

function drawCurve(canvas: HTMLCanvasElement, epochs: ReadonlyArray<EpochView>): void {
  const ratio = Math.min(window.devicePixelRatio, 2);
  [canvas.width, canvas.height] = [WIDTH * ratio, HEIGHT * ratio];
  const context = canvas.getContext("2d");
  if (context === null) return;
  const style = getComputedStyle(canvas);
  const values = epochs.flatMap(({ click, box }) => [click, box]);
  const [low, high] = [Math.max(0, Math.min(...values) - 0.05), Math.min(1, Math.max(...values) + 0.05)];
  const x = (i: number) => 34 + (i * (WIDTH - 104)) / Math.max(epochs.length - 1, 1);
  const y = (value: number) => HEIGHT - 18 - ((value - low) / (high - low)) * (HEIGHT - 28);
  context.scale(ratio, ratio);
  context.font = "11px sans-serif";
  context.fillStyle = style.color;
  context.strokeStyle = style.color;
  context.globalAlpha = 0.6;
  for (const value of [low, high]) context.fillText(value.toFixed(2), 2, y(value) + 4);
  for (const value of [low, high]) line(context, [34, y(value)], [WIDTH - 66, y(value)], 0.5);
  context.globalAlpha = 1;
  for (const [name, color, of] of [
    ["box", "--sam2nb-brand", (e: EpochView) => e.box],
    ["click", "--sam2nb-good", (e: EpochView) => e.click],
  ] as const) {
    context.strokeStyle = context.fillStyle = style.getPropertyValue(color) || style.color;
    context.beginPath();
    context.lineWidth = 2;
    epochs.forEach((epoch, i) => {
      context.lineTo(x(i), y(of(epoch)));
    });
    context.stroke();
    epochs.forEach((epoch, i) => {
      context.beginPath();
      context.arc(x(i), y(of(epoch)), 2.5, 0, 7);
      context.fill();
    });
    const last = epochs.at(-1);
    if (last !== undefined)
      context.fillText(`${name} ${of(last).toFixed(2)}`, x(epochs.length - 1) + 8, y(of(last)) + 4);
  }
}

function line(
  context: CanvasRenderingContext2D,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  width: number,
): void {
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
