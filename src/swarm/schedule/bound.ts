/** The physical limits that a plan is measured against. */

/** Rates in any one unit a second, the size in the same unit. */
export interface FileBoundInput {
  readonly size: number;
  readonly serverUp: number;
  readonly peerUps: readonly number[];
  readonly slowestDown: number;
}

/**
 * Shortest time in which all peers can have a file, in seconds: max(F/us, F/dmin, N F/(us + sum ui)).
 * Kumar and Ross, "Peer-assisted file distribution: the minimum distribution time", 2006.
 */
export function fileBoundSeconds({ size, serverUp, peerUps, slowestDown }: FileBoundInput): number {
  const total = peerUps.reduce((sum, up) => sum + up, serverUp);
  return Math.max(size / serverUp, size / slowestDown, (peerUps.length * size) / total);
}

/**
 * Largest share of a stream's bytes that peers can carry: each chunk leaves the server once, and peers send no more
 * than their uplinks.
 * @param uplinks in stream rates
 */
export function offloadBound(uplinks: readonly number[]): number {
  return offloadBoundOf(
    uplinks.length,
    uplinks.reduce((total, up) => total + up, 0),
  );
}

/**
 * The same from how many peers there are and the sum of their uplinks; Infinity for a file, which peers may carry as
 * slowly as they like.
 */
export function offloadBoundOf(peers: number, uplinkSum: number): number {
  return peers === 0 ? 0 : Math.min(1 - 1 / peers, uplinkSum / peers);
}
