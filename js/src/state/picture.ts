/** The picture's pixels on this page: asked for as wide as they are shown, and again when that is not enough. */

import { type Signal, signal } from "@preact/signals-core";
import type { PictureData, PictureInfo } from "../protocol/messages.gen";

// Widths asked for, so that a slightly wider view does not ask again.
const WIDTHS = [1024, 2048, 4096] as const;
const MAX_PIXELS = 24_000_000;

export class Picture {
  readonly bitmap: Signal<ImageBitmap | null> = signal(null);
  readonly #ask: (width: number) => void;
  readonly #complain: (words: string) => void;
  #key: string | null = null;
  #asked = 0;
  #life = 0;

  constructor(ask: (width: number) => void, complain: (words: string) => void) {
    this.#ask = ask;
    this.#complain = complain;
  }

  /** The picture is shown `width` device pixels wide. */
  want(width: number, info: PictureInfo): void {
    const most = Math.floor(Math.min(info.width, Math.sqrt((MAX_PIXELS * info.width) / info.height)));
    const wide = Math.min(WIDTHS.find((step) => step >= width) ?? most, most);
    if (info.key === this.#key && wide <= this.#asked) return;
    this.#key = info.key;
    this.#asked = wide;
    this.#ask(wide);
  }

  take(data: PictureData, bytes: Uint8Array): void {
    const [buffer] = data.buffers;
    if (data.key !== this.#key || buffer === undefined) return;
    const life = this.#life;
    createImageBitmap(new Blob([bytes.slice()], { type: `image/${buffer.what}` })).then(
      (bitmap) => {
        const now = this.bitmap.peek();
        if (life !== this.#life || data.key !== this.#key || (now !== null && now.width > bitmap.width))
          bitmap.close();
        else this.#show(bitmap);
      },
      () => this.#complain("The browser cannot show the picture that the kernel sent."),
    );
  }

  /** Not sent: ask again when next wanted. */
  fail(): void {
    this.#asked = 0;
  }

  /** Forget the pixels unless they are those of `key`. */
  retire(key: string): void {
    if (this.#key !== null && this.#key !== key) this.drop();
  }

  /** Forget the pixels. */
  drop(): void {
    this.#life += 1;
    this.#key = null;
    this.#asked = 0;
    this.#show(null);
  }

  #show(bitmap: ImageBitmap | null): void {
    this.bitmap.peek()?.close();
    this.bitmap.value = bitmap;
  }
}
