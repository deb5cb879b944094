import type { Clock } from '../../core/clock.ts';
import type { Order } from '../../protocols/swarm/conductor-messages.ts';
import type { LinkMessage } from '../../protocols/swarm/link-messages.ts';
import type { Outcome, Receipt } from '../../protocols/swarm/peer-messages.ts';
import type { PeerLines } from './peer-lines.ts';

/** Orders that run at a time; a conductor gives far fewer. */
const MAX_ORDERS = 4096;
/** A transfer without a byte for so long is given up. */
const STALLED_MS = 4000;
/** A giver that cannot be connected to, or does not come, is given up after this. */
const NO_LINE_MS = 4000;

/** Who takes. */
export interface TakingOptions {
  readonly clock: Clock;
  readonly lines: PeerLines;
  /** Connects to the giver if this side is to do that. */
  readonly reach: (giver: number) => void;
  /** Bytes of a chunk; undefined when there is no such chunk, or it is there already. */
  readonly lengthOf: (file: number, chunk: number) => number | undefined;
  /** Checks a chunk and keeps it. Answers false when its hash is wrong. */
  readonly keep: (file: number, chunk: number, bytes: Buffer, giver: number) => Promise<boolean>;
  readonly tell: (receipt: Receipt) => void;
}

interface Transfer {
  readonly order: Order;
  readonly length: number;
  /** From the first piece on: orders alone take no memory. */
  bytes: Buffer | undefined;
  received: number;
  asked: boolean;
  lastMs: number;
}

/** Fetches what the conductor orders, and tells it what became of each. */
export class Taking {
  readonly #options: TakingOptions;
  readonly #transfers = new Map<string, Transfer>();

  constructor(options: TakingOptions) {
    this.#options = options;
  }

  /** Begins a transfer. */
  order(order: Order): void {
    const key = keyOf(order);
    if (this.#transfers.has(key)) return;
    const length = this.#options.lengthOf(order.file, order.chunk);
    if (length === undefined || this.#transfers.size >= MAX_ORDERS) {
      const { file, giver, chunk } = order;
      return this.#options.tell({ file, giver, chunk, outcome: length === undefined ? 'held' : 'refused' });
    }
    const lastMs = this.#options.clock.nowMs();
    const transfer = { order, length, bytes: undefined, received: 0, asked: false, lastMs };
    this.#transfers.set(key, transfer);
    if (this.#options.lines.isOpen(order.giver)) this.#ask(transfer);
    else this.#options.reach(order.giver);
  }

  /** The conductor says that nothing comes any more. */
  cancel(giver: number, file: number, chunk: number): void {
    this.#transfers.delete(keyOf({ giver, file, chunk }));
  }

  /** A line to a giver is open. */
  opened(giver: number): void {
    for (const transfer of this.#transfers.values()) {
      if (transfer.order.giver === giver && !transfer.asked) this.#ask(transfer);
    }
  }

  /** The line to a giver is gone, or could not be made. */
  lost(giver: number, wasOpen: boolean): void {
    for (const transfer of this.#transfers.values()) {
      if (transfer.order.giver === giver) this.#end(transfer, wasOpen ? 'lost' : 'unreachable');
    }
  }

  /** A giver sends a piece. Answers false when it was not asked for: the line is to be closed. */
  data(giver: number, { file, chunk, offset, bytes }: LinkMessage & { type: 'data' }): boolean {
    const transfer = this.#transfers.get(keyOf({ giver, file, chunk }));
    // What was cancelled may still be on its way.
    if (!transfer) return true;
    if (!transfer.asked || offset !== transfer.received || offset + bytes.length > transfer.length) return false;
    transfer.bytes ??= Buffer.allocUnsafeSlow(transfer.length);
    bytes.copy(transfer.bytes, offset);
    transfer.received += bytes.length;
    transfer.lastMs = this.#options.clock.nowMs();
    if (transfer.received === transfer.length) void this.#complete(transfer, transfer.bytes);
    return true;
  }

  /** A giver has said no. */
  refused(giver: number, file: number, chunk: number): void {
    const transfer = this.#transfers.get(keyOf({ giver, file, chunk }));
    if (transfer) this.#end(transfer, 'refused');
  }

  /** Gives up what stands still; call it about once a second. */
  tick(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const transfer of this.#transfers.values()) {
      const silentMs = nowMs - transfer.lastMs;
      if (transfer.asked ? silentMs > STALLED_MS : silentMs > NO_LINE_MS) {
        this.#end(transfer, transfer.asked ? 'lost' : 'unreachable');
      }
    }
  }

  #ask(transfer: Transfer): void {
    const { file, giver, chunk, expires, token } = transfer.order;
    transfer.asked = this.#options.lines.send(giver, { type: 'ask', file, chunk, expires, token });
    transfer.lastMs = this.#options.clock.nowMs();
  }

  async #complete({ order }: Transfer, bytes: Buffer): Promise<void> {
    const { file, chunk, giver } = order;
    this.#transfers.delete(keyOf(order));
    const isGood = await this.#options.keep(file, chunk, bytes, giver);
    this.#options.tell({ file, giver, chunk, outcome: isGood ? 'ok' : 'bad' });
  }

  #end(transfer: Transfer, outcome: Outcome): void {
    const { file, giver, chunk } = transfer.order;
    this.#transfers.delete(keyOf(transfer.order));
    this.#options.tell({ file, giver, chunk, outcome });
  }
}

function keyOf({ giver, file, chunk }: Pick<Order, 'giver' | 'file' | 'chunk'>): string {
  return `${giver}/${file}/${chunk}`;
}
