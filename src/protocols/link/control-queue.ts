import type { ControlItem } from './sent-packet.ts';

/** Control information that waits to be sent. An item is there once; its content is made when it goes out. */
export class ControlQueue {
  readonly #items = new Map<string, ControlItem>();

  get isEmpty(): boolean {
    return this.#items.size === 0;
  }

  add(kind: ControlItem['kind'], channel: number): void {
    this.#items.set(`${kind} ${channel}`, { kind, channel });
  }

  remove(item: ControlItem): void {
    this.#items.delete(`${item.kind} ${item.channel}`);
  }

  clear(): void {
    this.#items.clear();
  }

  [Symbol.iterator](): Iterator<ControlItem> {
    return this.#items.values();
  }
}
