import type { ByteRange, RangeSpec } from './byte-range.ts';
import { keyOf } from './transfer-key.ts';

/** Transfers that ended before their giver spoke, so that its word is known when it comes. */
const MAX_AWAITED_GIVERS = 4096;

/** A transfer that a server has ordered. */
export interface OpenTransfer {
  readonly giverId: string;
  readonly takerId: string;
  /** Names the file, the same for both sides: not the URL text of either. */
  readonly file: string;
  readonly range: ByteRange;
}

/**
 * What a `completed` belongs to. `giver`: it has sent the bytes or has given up, the taker's word is to come. `taker`:
 * the transfer is over. `late-giver`: of a transfer that its taker has ended; nothing to do. `nobody`: of none.
 */
export type Completion<T extends OpenTransfer> =
  | { readonly by: 'giver' | 'taker'; readonly transfer: T }
  | { readonly by: 'late-giver' | 'nobody' };

interface Entry<T> {
  readonly transfer: T;
  giverIsDone: boolean;
}

/**
 * The transfers under way between the clients of a server: who may fetch what, and to which transfer a `completed`
 * belongs. Both sides report, in either order. Knows no time: what takes too long is cancelled by the owner.
 */
export class OpenTransfers<T extends OpenTransfer> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #awaitedGivers = new Set<string>();

  /** Transfers under way. */
  get count(): number {
    return this.#entries.size;
  }

  /** Notes an order. Throws RangeError when the same one is under way. */
  open(transfer: T): void {
    const key = keyOfTransfer(transfer);
    if (this.#entries.has(key)) throw new RangeError('that transfer is under way');
    this.#entries.set(key, { transfer, giverIsDone: false });
  }

  /** The order under which these two exchange that range, in either role, as long as neither has reported. */
  standing(oneId: string, otherId: string, file: string, range: RangeSpec): T | undefined {
    const entry =
      this.#entries.get(keyOfTransfer({ giverId: oneId, takerId: otherId, file, range })) ??
      this.#entries.get(keyOfTransfer({ giverId: otherId, takerId: oneId, file, range }));
    return entry?.giverIsDone ? undefined : entry?.transfer;
  }

  /** Takes the report of `fromId` about its transfer with `peerId`. */
  complete(fromId: string, peerId: string, file: string, range: RangeSpec): Completion<T> {
    const takenKey = keyOfTransfer({ giverId: peerId, takerId: fromId, file, range });
    const taken = this.#entries.get(takenKey);
    if (taken) return this.#end(takenKey, taken);
    const givenKey = keyOfTransfer({ giverId: fromId, takerId: peerId, file, range });
    if (this.#awaitedGivers.delete(givenKey)) return { by: 'late-giver' };
    const given = this.#entries.get(givenKey);
    if (!given || given.giverIsDone) return { by: 'nobody' };
    given.giverIsDone = true;
    return { by: 'giver', transfer: given.transfer };
  }

  /** Forgets a transfer that came to nothing. False when it is not under way. */
  cancel(transfer: T): boolean {
    const key = keyOfTransfer(transfer);
    return this.#entries.get(key)?.transfer === transfer && this.#entries.delete(key);
  }

  #end(key: string, { transfer, giverIsDone }: Entry<T>): Completion<T> {
    this.#entries.delete(key);
    if (!giverIsDone) this.#await(key);
    return { by: 'taker', transfer };
  }

  #await(key: string): void {
    this.#awaitedGivers.add(key);
    if (this.#awaitedGivers.size <= MAX_AWAITED_GIVERS) return;
    for (const oldest of this.#awaitedGivers) {
      this.#awaitedGivers.delete(oldest);
      return;
    }
  }
}

function keyOfTransfer(transfer: { giverId: string; takerId: string; file: string; range: RangeSpec }): string {
  return keyOf(transfer.file, transfer.range, transfer.giverId, transfer.takerId);
}
