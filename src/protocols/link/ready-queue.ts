import type { SendChannel } from './send-channel.ts';

interface Entry {
  readonly channel: SendChannel;
  /** When its first pending byte was made. */
  madeMs: number;
  bytes: number;
  index: number;
}

/**
 * The channels with something to send, the one that is furthest behind its live edge first: a heap, so that hundreds
 * of streams on one link cost little.
 */
export class ReadyQueue {
  readonly #entries = new Map<SendChannel, Entry>();
  readonly #heap: Entry[] = [];
  #bytes = 0;

  /** Bytes that wait in all channels. */
  get bytes(): number {
    return this.#bytes;
  }

  get first(): SendChannel | undefined {
    return this.#heap[0]?.channel;
  }

  /** In no order. */
  [Symbol.iterator](): Iterator<SendChannel> {
    return this.#entries.keys();
  }

  /** A channel's pending bytes changed. */
  update(channel: SendChannel): void {
    const entry = this.#entries.get(channel);
    if (!channel.isReady) {
      if (entry) this.#remove(entry);
      return;
    }
    const { madeMs } = channel;
    const bytes = channel.pending.total;
    if (!entry) return this.#insert({ channel, madeMs, bytes, index: this.#heap.length });
    this.#bytes += bytes - entry.bytes;
    entry.bytes = bytes;
    if (entry.madeMs === madeMs) return;
    entry.madeMs = madeMs;
    this.#rise(entry);
    this.#sink(entry);
  }

  delete(channel: SendChannel): void {
    const entry = this.#entries.get(channel);
    if (entry) this.#remove(entry);
  }

  clear(): void {
    this.#entries.clear();
    this.#heap.length = 0;
    this.#bytes = 0;
  }

  #insert(entry: Entry): void {
    this.#entries.set(entry.channel, entry);
    this.#heap.push(entry);
    this.#bytes += entry.bytes;
    this.#rise(entry);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.channel);
    this.#bytes -= entry.bytes;
    const last = this.#heap.pop()!;
    if (last === entry) return;
    last.index = entry.index;
    this.#heap[last.index] = last;
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: Entry): void {
    const heap = this.#heap;
    while (entry.index > 0) {
      const parent = heap[(entry.index - 1) >> 1]!;
      if (parent.madeMs <= entry.madeMs) return;
      this.#swap(parent, entry);
    }
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    for (;;) {
      const left = heap[entry.index * 2 + 1];
      const right = heap[entry.index * 2 + 2];
      const child = right && right.madeMs < left!.madeMs ? right : left;
      if (!child || child.madeMs >= entry.madeMs) return;
      this.#swap(entry, child);
    }
  }

  #swap(upper: Entry, lower: Entry): void {
    const { index } = upper;
    upper.index = lower.index;
    lower.index = index;
    this.#heap[upper.index] = upper;
    this.#heap[lower.index] = lower;
  }
}
