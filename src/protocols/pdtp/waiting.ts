/** Things that wait for an answer which names them by a key; of equal keys the oldest is answered first. */
export class Waiting<T> {
  readonly #limit: number;
  readonly #byKey = new Map<string, T[]>();
  #count = 0;

  /** `limit`: so many may wait; then the oldest keys are given up. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many wait. */
  get count(): number {
    return this.#count;
  }

  add(key: string, item: T): void {
    if (this.#count >= this.#limit) this.#dropOldest();
    const items = this.#byKey.get(key);
    if (items) items.push(item);
    else this.#byKey.set(key, [item]);
    this.#count++;
  }

  /** The oldest of that key, which no longer waits; undefined when none does. */
  take(key: string): T | undefined {
    const items = this.#byKey.get(key);
    if (!items) return undefined;
    const item = items.shift();
    this.#shrink(key, items);
    return item;
  }

  /** Gives up one item. */
  drop(key: string, item: T): void {
    const items = this.#byKey.get(key);
    const at = items?.indexOf(item) ?? -1;
    if (!items || at < 0) return;
    items.splice(at, 1);
    this.#shrink(key, items);
  }

  #dropOldest(): void {
    for (const [key, items] of this.#byKey) {
      items.shift();
      return this.#shrink(key, items);
    }
  }

  #shrink(key: string, items: readonly T[]): void {
    this.#count--;
    if (items.length === 0) this.#byKey.delete(key);
  }
}
