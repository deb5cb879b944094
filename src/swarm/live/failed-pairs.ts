/** How often in a row a giver brought nothing to a taker. Both are rows of the swarm. */
export class FailedPairs {
  /** By giver, by taker. */
  readonly #times = new Map<number, Map<number, number>>();

  /** It failed once more. Answers how often it has. */
  failed(giver: number, taker: number): number {
    const times = this.#times.get(giver) ?? new Map<number, number>();
    this.#times.set(giver, times);
    const count = (times.get(taker) ?? 0) + 1;
    times.set(taker, count);
    return count;
  }

  /** Something came. */
  worked(giver: number, taker: number): void {
    const times = this.#times.get(giver);
    if (times?.delete(taker) && times.size === 0) this.#times.delete(giver);
  }

  /** The peer has gone. */
  forget(row: number): void {
    this.#times.delete(row);
    for (const giver of this.#times.keys()) this.worked(giver, row);
  }
}
