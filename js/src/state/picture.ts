/**
 * The picture's pixels on this page, in several widths: each is asked for when the picture is first shown about so wide.
 * The narrow ones stay: where no graphics card draws, 12 megapixels in a small place take twice the time of one.
 */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { PictureData, PictureInfo } from "../protocol/messages.gen";

// Widths asked for, so that a slightly wider view does not ask again.
const WIDTHS = [1024, 2048, 4096] as const;
const MAX_PIXELS = 24_000_000;

export class Picture {
  /** Narrow ones first. */
  readonly copies: Signal<ReadonlyArray<ImageBitmap>> = signal([]);
  /** The widest. */
  readonly bitmap: ReadonlySignal<ImageBitmap | null> = computed(() => this.copies.value.at(-1) ?? null);
  readonly #ask: (width: number) => void;
  readonly #complain: (words: string) => void;
  #key: string | null = null;
  readonly #asked = new Set<number>();
  #life = 0;

  constructor(ask: (width: number) => void, complain: (words: string) => void) {
    this.#ask = ask;
    this.#complain = complain;
  }

  /** The picture is shown `width` device pixels wide. */
  want(width: number, info: PictureInfo): void {
    const most = Math.floor(Math.min(info.width, Math.sqrt((MAX_PIXELS * info.width) / info.height)));
    const wide = Math.min(WIDTHS.find((step) => step >= width) ?? most, most);
    if (info.key !== this.#key) this.#asked.clear();
    else if (this.#asked.has(wide)) return;
    this.#key = info.key;
    this.#asked.add(wide);
    this.#ask(wide);
  }

  take(data: PictureData, bytes: Uint8Array): void {
    const [buffer] = data.buffers;
    if (data.key !== this.#key || buffer === undefined) return;
    const life = this.#life;
    createImageBitmap(new Blob([bytes.slice()], { type: `image/${buffer.what}` })).then(
      (bitmap) => {
        if (life !== this.#life || data.key !== this.#key) bitmap.close();
        else this.#add(bitmap);
      },
      () => this.#complain("The browser cannot show the picture that the kernel sent."),
    );
  }

  /** Not sent: ask again when next wanted. */
  fail(): void {
    this.#asked.clear();
  }

  /** Forget the pixels unless they are those of `key`. */
  retire(key: string): void {
    if (this.#key !== null && this.#key !== key) this.drop();
  }

  /** Forget the pixels. */
  drop(): void {
    this.#life += 1;
    this.#key = null;
    this.#asked.clear();
    this.#keep([]);
  }

  /** One more; another of its width goes. */
  #add(bitmap: ImageBitmap): void {
    const others = this.copies.peek().filter(({ width }) => width !== bitmap.width);
    this.#keep([...others, bitmap].sort((a, b) => a.width - b.width));
  }

  #keep(copies: ReadonlyArray<ImageBitmap>): void {
    const before = this.copies.peek();
    this.copies.value = copies;
    for (const bitmap of before) if (!copies.includes(bitmap)) bitmap.close();
  }
}
