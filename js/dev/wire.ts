/** A session and a fake kernel in one process, for tests of what travels between them. */

import type { AnyRequest } from "../src/protocol/channel";
import { Session } from "../src/state/session";
import { FakeKernel } from "./fake_kernel";

export const image = { width: 64, height: 48 };

export interface Message {
  readonly content: unknown;
  readonly buffers: ReadonlyArray<Uint8Array>;
}

/** A session and a kernel with a wire between them, on which messages wait until `flush`. */
export class Wire {
  now = 0;
  isCut = false;
  up: AnyRequest[] = [];
  down: Message[] = [];
  model: Array<() => void> = [];
  session = new Session(
    "me",
    (request) => this.up.push(request),
    () => this.now,
  );
  kernel = this.start("epoch-1");
  detach = this.session.attach();

  start(epoch: string): FakeKernel {
    const post = (content: unknown, buffers: ReadonlyArray<Uint8Array>) =>
      this.down.push({ content: structuredClone(content), buffers });
    return new FakeKernel(image, new Uint8Array(1), post, (work) => this.model.push(work), epoch);
  }

  deliver({ content, buffers }: Message): void {
    this.session.receive(content, buffers);
  }

  /** Everything under way arrives, and the model answers, until nothing is left. */
  flush(): void {
    while (this.up.length + this.down.length + this.model.length > 0) {
      const [up, down, model] = [this.up.splice(0), this.down.splice(0), this.model.splice(0)];
      if (this.isCut) continue;
      for (const request of up) this.kernel.take(request);
      for (const message of down) this.deliver(message);
      for (const work of model) work();
    }
  }

  /** Time passes, with the wire open. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 250;
      this.session.tick();
      this.flush();
    }
  }

  get points(): number[] {
    return this.session.document.value.objects.flatMap(({ points }) => points.map(({ x }) => x));
  }
}
