import { seededRandom } from './seeded-random.ts';

/** How one direction of a path treats packets; what the lab's schedules can set. */
export interface LineState {
  delayMs: number;
  jitterMs: number;
  /** With jitter: packets may overtake each other. */
  reorders: boolean;
  /** 0 to 1. */
  loss: number;
  /** Share of time in bad spells (0 to 1), their mean length, and the loss in them and outside. */
  burst: { share: number; meanMs: number; loss: number; goodLoss: number } | undefined;
  /** 0: no limit. */
  bytesPerSecond: number;
  queueBytes: number;
  duplicates: number;
  /** Corrupted packets are not authentic, so they are dropped as lost ones are. */
  corrupts: number;
  isDown: boolean;
  /** Longer packets are dropped without a word. 0: no limit. */
  maxBytes: number;
}

const CLEAN: LineState = {
  delayMs: 10,
  jitterMs: 0,
  reorders: false,
  loss: 0,
  burst: undefined,
  bytesPerSecond: 0,
  queueBytes: 65_536,
  duplicates: 0,
  corrupts: 0,
  isDown: false,
  maxBytes: 0,
};

interface Task {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time and packets of a simulated network: everything happens by one seed, in order of its due time. */
export class LinkNetwork {
  readonly random: () => number;
  nowMs = 0;
  readonly #heap: Task[] = [];
  #order = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** Runs `task` at a time; one in the past runs next. */
  at(dueMs: number, run: () => void): void {
    const task = { dueMs: Math.max(this.nowMs, dueMs), order: this.#order++, run };
    let index = this.#heap.push(task) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isEarlier(task, this.#heap[parent]!)) break;
      this.#heap[index] = this.#heap[parent]!;
      index = parent;
    }
    this.#heap[index] = task;
  }

  /** Runs all that falls due until `endMs`. */
  runUntil(endMs: number): void {
    for (let next = this.#heap[0]; next && next.dueMs <= endMs; next = this.#heap[0]) {
      this.#pop();
      this.nowMs = next.dueMs;
      next.run();
    }
    this.nowMs = endMs;
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && isEarlier(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      if (!isEarlier(this.#heap[child]!, last)) break;
      this.#heap[index] = this.#heap[child]!;
      index = child;
    }
    this.#heap[index] = last;
  }
}

function isEarlier(a: Task, b: Task): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** One direction of a path. Counts what is offered to it, as a link's meter does. */
export class Line {
  readonly state: LineState = { ...CLEAN };
  offeredBytes = 0;
  offeredPackets = 0;
  /** The longest packet offered; a test may set it back. */
  longestBytes = 0;
  queueDrops = 0;
  /** All that did not arrive. */
  droppedPackets = 0;
  droppedBytes = 0;
  readonly #network: LinkNetwork;
  #freeMs = 0;
  #lastDueMs = 0;
  #isBad = false;
  #spellEndMs = 0;

  constructor(network: LinkNetwork) {
    this.#network = network;
  }

  /** Takes a packet of `bytes` on the link; `deliver` is called when it arrives, perhaps twice, perhaps never. */
  send(bytes: number, deliver: () => void): void {
    const { state } = this;
    const { nowMs, random } = this.#network;
    this.offeredBytes += bytes;
    this.offeredPackets++;
    this.longestBytes = Math.max(this.longestBytes, bytes);
    const burstLoss = this.#burstLoss();
    if (state.isDown || (state.maxBytes > 0 && bytes > state.maxBytes)) return this.#drop(bytes);
    let leavesMs = nowMs;
    if (state.bytesPerSecond > 0) {
      const startsMs = Math.max(nowMs, this.#freeMs);
      const waitingBytes = ((startsMs - nowMs) * state.bytesPerSecond) / 1000;
      if (waitingBytes + bytes > state.queueBytes) {
        this.queueDrops++;
        return this.#drop(bytes);
      }
      leavesMs = startsMs + (bytes * 1000) / state.bytesPerSecond;
      this.#freeMs = leavesMs;
    }
    if (random() < burstLoss || random() < state.loss || random() < state.corrupts) return this.#drop(bytes);
    const copies = random() < state.duplicates ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) this.#carry(leavesMs, bytes, deliver);
  }

  #drop(bytes: number): void {
    this.droppedPackets++;
    this.droppedBytes += bytes;
  }

  #carry(leavesMs: number, bytes: number, deliver: () => void): void {
    const { delayMs, jitterMs, reorders } = this.state;
    let dueMs = leavesMs + Math.max(0, delayMs + (2 * this.#network.random() - 1) * jitterMs);
    if (!reorders) dueMs = Math.max(dueMs, this.#lastDueMs);
    this.#lastDueMs = dueMs;
    // What is under way when the line goes down is lost.
    this.#network.at(dueMs, () => {
      if (this.state.isDown) this.#drop(bytes);
      else deliver();
    });
  }

  // Spells are drawn in time, not per packet.
  #burstLoss(): number {
    const { burst } = this.state;
    if (!burst) return 0;
    while (this.#network.nowMs >= this.#spellEndMs) {
      this.#isBad = !this.#isBad && burst.share > 0;
      const meanMs = this.#isBad ? burst.meanMs : (burst.meanMs * (1 - burst.share)) / burst.share;
      this.#spellEndMs += -Math.log(1 - this.#network.random()) * meanMs;
    }
    return this.#isBad ? burst.loss : burst.goodLoss;
  }
}
