/** The server's number in the trees. */
export const SERVER_ROW = 0;
/** In place of a number: there is no giver. */
export const NOBODY = -1;
/** What a chunk takes from a giver to a taker besides being sent: the way, the queue of the line, and processors. */
export const HOP_MS = 120;
/** How much a chunk waits for chunks of other sub-streams that its giver pushes, in parts of their number. */
const OTHER_LOAD = 0.3;
/** A giver is asked for another sub-stream than its own when that is so much sooner. */
const NOT_HOME_MS = 500;

/** A peer, or the server, in the trees of leases. */
export interface LeaseNode {
  readonly row: number;
  /** What a chunk takes on its line. */
  readonly sendMs: number;
  /** The sub-stream that it passes on; of others it is the end of a branch if that can be. `NOBODY` for the server. */
  home: number;
  /** Sub-streams that it may push, counted once for each taker, and how many it does. */
  units: number;
  used: number;
  /** By sub-stream: who pushes it here, to whom it is pushed on, and the estimated delay behind the server. */
  readonly parent: Int32Array;
  readonly children: Set<number>[];
  readonly delayMs: Float64Array;
}

/** A node that pushes nothing and gets nothing yet. */
export function leaseNode(
  node: Pick<LeaseNode, 'row' | 'sendMs' | 'home' | 'units'> & { readonly substreams: number },
): LeaseNode {
  const { row, sendMs, home, units, substreams } = node;
  return {
    row,
    sendMs,
    home,
    units,
    used: 0,
    parent: new Int32Array(substreams).fill(NOBODY),
    children: Array.from({ length: substreams }, () => new Set<number>()),
    delayMs: new Float64Array(substreams),
  };
}

/** When a sub-stream is at the takers of a giver, after it was born. */
export function takersDelayMs(giver: LeaseNode, substream: number): number {
  const own = giver.children[substream]!.size;
  return giver.delayMs[substream]! + HOP_MS + giver.sendMs * (own + OTHER_LOAD * (giver.used - own));
}

/** When a sub-stream would be at one more taker of the giver, after it was born. */
export function arrivalMs(giver: LeaseNode, substream: number): number {
  return takersDelayMs(giver, substream) + giver.sendMs;
}

/** By how much a giver that is meant to pass on another sub-stream is put back. */
export function awayMs(giver: LeaseNode, substream: number): number {
  return giver.row === SERVER_ROW || giver.home === substream ? 0 : NOT_HOME_MS;
}
