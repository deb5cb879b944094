/** One chunk from one peer to another. Peers are the numbers that `Swarm.join` answered; the server is `SERVER`. */
export interface Transfer {
  readonly giver: number;
  readonly taker: number;
  readonly chunk: number;
}

/** Transfers that are on their way, by who gives and by who takes. */
export class TransferLists {
  readonly #given: (Transfer[] | undefined)[] = [];
  readonly #taken: (Transfer[] | undefined)[] = [];

  givenBy(peer: number): readonly Transfer[] {
    return this.#given[peer] ?? [];
  }

  takenBy(peer: number): readonly Transfer[] {
    return this.#taken[peer] ?? [];
  }

  add(transfer: Transfer): void {
    push(this.#given, transfer.giver, transfer);
    push(this.#taken, transfer.taker, transfer);
  }

  /** The one that `add` was given, of the same giver, taker and chunk. */
  find({ giver, taker, chunk }: Transfer): Transfer | undefined {
    return this.#taken[taker]?.find((one) => one.chunk === chunk && one.giver === giver);
  }

  /** Takes out one that was added: the very object. */
  delete(transfer: Transfer): void {
    remove(this.#given[transfer.giver]!, transfer);
    remove(this.#taken[transfer.taker]!, transfer);
  }
}

function push(lists: (Transfer[] | undefined)[], row: number, transfer: Transfer): void {
  const list = lists[row];
  if (list) list.push(transfer);
  else lists[row] = [transfer];
}

function remove(list: Transfer[], transfer: Transfer): void {
  const at = list.indexOf(transfer);
  const last = list.pop();
  if (last !== undefined && at >= 0 && at < list.length) list[at] = last;
}
