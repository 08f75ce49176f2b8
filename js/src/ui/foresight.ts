/** Shows what a click would find while the pointer rests on a picture that has no prompts yet. */

import { effect, type ReadonlySignal } from "@preact/signals-core";
import { isOnPicture, stageToPixels } from "../geometry/viewport";
import { isBare, selectedObject } from "../state/document";
import { Hover } from "../state/hover";
import type { Session } from "../state/session";
import type { Easel } from "./easel";
import type { Mood } from "./status";

export function foresee(easel: Easel, session: Session, mood: ReadonlySignal<Mood>): void {
  const { root, ui, runner, signal } = easel;
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const hover = new Hover(
    (at, side, settle) => session.foresee(at, side, settle),
    () => performance.now(),
    (call, ms) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        call();
      }, ms);
      timers.add(timer);
    },
  );
  const stops = [
    effect(() => {
      const [at, viewport, image] = [ui.pointer.value, ui.viewport.value, session.info.value];
      const target = selectedObject(session.document.value);
      const grip = runner.prompt.value.name === "idle" ? runner.prompt.value.hover : null;
      const isFirst = target === undefined || isBare(target);
      const isMarking = runner.tool.value === "prompt" && !ui.isNegative.value && !ui.isPicking.value;
      const isReady = mood.value === "ready" && isMarking;
      const isWanted = ui.isForeseeing.value && !ui.masksHidden.value && isFirst && isReady;
      // What was foreseen stays in sight until the click itself is answered.
      const isAnswered = target === undefined || session.masks.value.has(target.id);
      if (isWanted && at !== null && image !== null && grip === null && isOnPicture(viewport, at))
        hover.want(stageToPixels(viewport, at), image);
      else hover.rest(!isFirst && !isAnswered);
    }),
    effect(() => {
      ui.foreseen.value = hover.shape.value;
      root.dataset.foreseen = String(hover.count.value);
    }),
  ];
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
    for (const timer of timers) clearTimeout(timer);
    hover.rest(false);
  });
}
