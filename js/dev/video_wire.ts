/** A session of a video and a fake kernel in one process, for tests of what travels between them. */

import type { AnyRequest } from "../src/protocol/channel";
import type { VideoInfo } from "../src/protocol/messages.gen";
import { VideoSession } from "../src/state/video_session";
import { FakeVideo } from "./fake_video";
import type { Message } from "./wire";

export const video: VideoInfo = {
  ...{ width: 64, height: 48, name: "clip.mp4", key: "k", frames: 20, oldest: 0, fps: 10 },
  ...{ complete: true, live: false, note: "", sizes: [] },
};

/** A session and a kernel with a wire between them, on which messages wait until `flush`. */
export class VideoWire {
  now = 0;
  isCut = false;
  up: AnyRequest[] = [];
  down: Message[] = [];
  model: Array<() => void> = [];
  session: VideoSession;
  kernel: FakeVideo;
  detach: () => void;

  /** `hasPictures`: every frame can be decoded, to pixels that nobody looks at. */
  constructor(
    readonly info = video,
    hasPictures = false,
  ) {
    const pixels = { ...{ width: 2, height: 2 }, close: () => {} } as ImageBitmap;
    const decode = () =>
      hasPictures ? Promise.resolve(pixels) : Promise.reject(new Error("no pictures here"));
    this.session = new VideoSession(
      "me",
      (request) => this.up.push(request),
      () => this.now,
      decode,
    );
    this.kernel = this.start("epoch-1");
    this.detach = this.session.attach();
  }

  start(epoch: string): FakeVideo {
    const post = (content: unknown, buffers: ReadonlyArray<Uint8Array>) =>
      this.down.push({ content: structuredClone(content), buffers });
    return new FakeVideo(
      this.info,
      () => new Uint8Array(1),
      post,
      (work) => this.model.push(work),
      epoch,
    );
  }

  /** What is under way arrives, and the model does one thing more. */
  turn(): void {
    const [up, down, model] = [this.up.splice(0), this.down.splice(0), this.model.splice(0)];
    if (this.isCut) return;
    for (const request of up) this.kernel.take(request);
    for (const { content, buffers } of down) this.session.receive(content, buffers);
    for (const work of model) work();
  }

  /** Everything arrives, and the model answers, until nothing is left. */
  flush(): void {
    while (this.up.length + this.down.length + this.model.length > 0) this.turn();
  }

  /** Time passes, with the wire open. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 250;
      this.session.tick();
      this.flush();
    }
  }
}
