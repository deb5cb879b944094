import type { RangeSpec } from '../../protocols/pdtp/byte-range.ts';
import { OpenTransfers } from '../../protocols/pdtp/open-transfers.ts';
import type { Transfer } from './member.ts';
import type { SharedFile } from './shared-file.ts';

/** The transfers that were ordered and have not ended, and what each is of: of its giver, its taker, and its chunk. */
export class TransfersUnderWay {
  readonly #open = new OpenTransfers<Transfer>();
  readonly #all = new Set<Transfer>();
  /** How many takers get a chunk now. */
  readonly #onTheWay = new Map<SharedFile, Map<number, number>>();

  get all(): ReadonlySet<Transfer> {
    return this.#all;
  }

  /** How many takers get the chunk now. */
  onTheWay(file: SharedFile, chunk: number): number {
    return this.#onTheWay.get(file)?.get(chunk) ?? 0;
  }

  /** False when it cannot be told from one that is under way. */
  begin(transfer: Transfer): boolean {
    const { giverId, takerId, file, range } = transfer;
    if (this.#open.standing(giverId, takerId, file, range)) return false;
    try {
      this.#open.open(transfer);
    } catch {
      return false;
    }
    this.#all.add(transfer);
    this.#count(transfer, 1);
    transfer.giver.giving.add(transfer);
    transfer.taker.taking.add(transfer);
    return true;
  }

  /** The one between two members of that range, whoever of them gives. */
  standing(memberId: string, peerId: string, path: string, range: RangeSpec): Transfer | undefined {
    return this.#open.standing(memberId, peerId, path, range);
  }

  /** One of the two reports its end; with the taker's report it has ended. */
  complete(
    memberId: string,
    peerId: string,
    path: string,
    range: RangeSpec,
  ): ReturnType<OpenTransfers<Transfer>['complete']> {
    const completion = this.#open.complete(memberId, peerId, path, range);
    if (completion.by === 'taker') this.#close(completion.transfer);
    return completion;
  }

  /** Gives it up; its chunk is wanted again. */
  cancel(transfer: Transfer): void {
    this.#open.cancel(transfer);
    this.#close(transfer);
    reopen(transfer);
  }

  cancelAll(transfers: Iterable<Transfer>): void {
    for (const transfer of transfers) this.cancel(transfer);
  }

  #close(transfer: Transfer): void {
    if (this.#all.delete(transfer)) this.#count(transfer, -1);
    transfer.giver.giving.delete(transfer);
    transfer.taker.taking.delete(transfer);
  }

  #count({ sharedFile: file, chunk }: Transfer, change: 1 | -1): void {
    const counts = this.#onTheWay.get(file) ?? new Map<number, number>();
    const count = (counts.get(chunk) ?? 0) + change;
    if (count > 0) counts.set(chunk, count);
    else counts.delete(chunk);
    if (counts.size > 0) this.#onTheWay.set(file, counts);
    else this.#onTheWay.delete(file);
  }
}

/** Nobody brings the chunk any more: the taker, if it still wants it, may be given it by another. */
export function reopen({ taker, sharedFile, chunk }: Transfer): void {
  const holding = taker.holdings.get(sharedFile.path);
  if (holding?.file === sharedFile && holding.requested.has(chunk)) holding.open.add(chunk);
}
