import { SERVER } from '../schedule/swarm.ts';
import type { Transfer } from '../schedule/transfer-lists.ts';

/** An order without a receipt for so long has failed. */
const FORGOTTEN_MS = 4000;
/** A peer that was ordered to mend a chunk so long ago may not be waited for when the chunk is due soon. */
const SLOW_MS = 400;

/** The orders of a live stream of which nothing was heard yet, in the order in which they were given. */
export class LiveOrders {
  readonly #orders = new Map<string, { readonly transfer: Transfer; readonly atMs: number }>();

  given(transfer: Transfer, nowMs: number): void {
    this.#orders.set(keyOf(transfer), { transfer, atMs: nowMs });
  }

  /** Something was heard of it, or nothing will be. */
  over(transfer: Transfer): void {
    this.#orders.delete(keyOf(transfer));
  }

  /** Those of which nothing was heard for too long; they are over. */
  takeForgotten(nowMs: number): Transfer[] {
    return this.#take((_transfer, atMs) => nowMs - atMs >= FORGOTTEN_MS);
  }

  /** Those of peers that are slow with a chunk that is due; they are over. */
  takeSlow(nowMs: number, isDue: (transfer: Transfer) => boolean): Transfer[] {
    return this.#take((transfer, atMs) => transfer.giver !== SERVER && nowMs - atMs >= SLOW_MS && isDue(transfer));
  }

  #take(isOver: (transfer: Transfer, atMs: number) => boolean): Transfer[] {
    const taken: Transfer[] = [];
    for (const [key, { transfer, atMs }] of this.#orders) {
      if (!isOver(transfer, atMs)) continue;
      this.#orders.delete(key);
      taken.push(transfer);
    }
    return taken;
  }
}

function keyOf({ giver, taker, chunk }: Transfer): string {
  return `${giver} ${taker} ${chunk}`;
}
