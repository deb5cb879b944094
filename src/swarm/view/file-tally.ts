/** What was carried of one file or stream since it was published; payload that takers confirmed. */
export class FileTally {
  bytesFromServer = 0;
  bytesFromPeers = 0;
  /** Peers that took something of it. */
  takers = 0;
  /** What could have been carried while somebody waited, with all uplinks full; 0 where uplinks are not known. */
  possibleBytes = 0;
  readonly #seen = new WeakSet<object>();

  /** Enters a chunk. `taker` is any object that stands for the peer. */
  confirmed(taker: object, bytes: number, isFromServer: boolean): void {
    if (isFromServer) this.bytesFromServer += bytes;
    else this.bytesFromPeers += bytes;
    if (this.#seen.has(taker)) return;
    this.#seen.add(taker);
    this.takers++;
  }

  get bytes(): number {
    return this.bytesFromServer + this.bytesFromPeers;
  }
}
