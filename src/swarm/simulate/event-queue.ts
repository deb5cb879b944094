interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Events in the order of their time; those of one time in the order in which they were put in. A binary heap. */
export class EventQueue {
  nowMs = 0;
  readonly #heap: Entry[] = [];
  #order = 0;

  /** Runs `run` after `delayMs`, or at once after what is due now. */
  after(delayMs: number, run: () => void): void {
    this.#push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run });
  }

  /** Runs the next event. Answers false when there is none, or none until `untilMs`. */
  step(untilMs: number): boolean {
    const next = this.#heap[0];
    if (!next || next.atMs > untilMs) return false;
    this.#pop();
    this.nowMs = next.atMs;
    next.run();
    return true;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, entry)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
