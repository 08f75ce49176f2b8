/** Looks through the other pictures by itself, after every step of this page that leaves something to look for. */

import { effect, type Signal, signal } from "@preact/signals-core";
import { standing } from "./lanes";
import { isUnderWay, type VideoSession } from "./video_session";

export class Refind {
  readonly isOn: Signal<boolean> = signal(true);
  /** Ends the watch. */
  readonly stop: () => void;
  /** Steps after which it has looked, or need not. */
  #done: number;
  #heeded: number | null = null;

  constructor(session: VideoSession) {
    this.#done = session.steps.peek();
    this.stop = effect(() => {
      const steps = session.steps.value;
      const job = session.jobs.value.find(({ kind }) => kind === "track");
      const isReady = session.isSettled.value && session.status.value.state === "ready";
      const { state, stale, missing } = standing(
        [...session.lanes.all.value.values()].map(({ view }) => view),
      );
      if (job !== undefined && !isUnderWay(job) && job.id !== this.#heeded) {
        this.#heeded = job.id;
        if (job.state !== "done") this.#done = steps; // who stops it wants no more of it
      }
      if (!this.isOn.value) this.#done = steps;
      if (steps === this.#done || !isReady || state === "none" || stale + missing === 0) return;
      if (job !== undefined && isUnderWay(job)) return;
      this.#done = steps;
      session.start({
        type: "track",
        direction: "both",
        objects: null,
        start: null,
        first: null,
        last: null,
      });
    });
  }
}
