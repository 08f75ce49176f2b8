/** A store that forgets what was used longest ago when its bytes grow too many. */
export class ByteStore<K, V> {
  readonly #most: number;
  readonly #weigh: (value: V) => number;
  readonly #drop: (value: V) => void;
  readonly #values = new Map<K, V>();
  #bytes = 0;

  constructor(most: number, weigh: (value: V) => number, drop: (value: V) => void = () => {}) {
    this.#most = most;
    this.#weigh = weigh;
    this.#drop = drop;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#values.size;
  }

  /** A value without counting it as used. */
  peek(key: K): V | undefined {
    return this.#values.get(key);
  }

  get(key: K): V | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  /** Keep a value; the least used others go until all fit, but never the new one itself, nor what is `held`. */
  set(key: K, value: V, held: (key: K) => boolean = () => false): void {
    this.delete(key);
    this.#values.set(key, value);
    this.#bytes += this.#weigh(value);
    for (const old of [...this.#values.keys()]) {
      if (this.#bytes <= this.#most) return;
      if (old !== key && !held(old)) this.delete(old);
    }
  }

  delete(key: K): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    this.#bytes -= this.#weigh(value);
    this.#drop(value);
  }

  /** Forget all whose key is `gone`. */
  prune(gone: (key: K) => boolean): void {
    for (const key of [...this.#values.keys()]) if (gone(key)) this.delete(key);
  }

  clear(): void {
    this.prune(() => true);
  }
}
