import type { PeerTable } from './peer-table.ts';
import { RowList } from './row-list.ts';

/** Who plays is thought to begin so long after it came. */
const START_MS = 2000;
/**
 * How fast it is thought to play, of what all uplinks could bring to each. Nobody can play faster for long, so this is
 * a pace at which all that comes next is due soon; the players' own is not known.
 */
const PACE = 1.1;
/** Chunks after its first missing one that a player is brought: so many, for so long, and more when all have some in store. */
const LEAST_AHEAD = 16;
const AHEAD_MS = 4000;
/** The server sends new chunks so far ahead of the mean of the players. */
const NEW_AHEAD_MS = 12_000;

/** What players are followed by. */
export interface PlayedSwarm {
  readonly peers: PeerTable;
  readonly takers: RowList;
  /** Bytes a second. */
  readonly serverUp: number;
  readonly upSum: number;
  readonly chunkBytes: number;
  /** Chunks of the file. */
  readonly end: number;
}

/**
 * Who takes a file in its order, to play it while it comes. Where they play is not known: each is thought to play at
 * one pace, and to wait for its first missing chunk.
 */
export class Players {
  readonly rows = new RowList();
  /** How fast they are thought to play. */
  chunksPerMs = 0;
  /** A player is brought no chunk from here on that nobody has; one that lacks copies is wanted by all alike. */
  newEnd = 0;
  /** Chunks that somebody may take: from `first` up to the ends, the one for chunks with copies, one for those without. */
  readonly wanted = { first: 0, end: Number.POSITIVE_INFINITY, newEnd: Number.POSITIVE_INFINITY };
  /** Chunks that the server sent because they were due and no peer could. */
  rescued = 0;
  #followedMs = 0;
  /** Mean of the chunks that they have in store. */
  #store = 0;

  /** Moves the players on to now, and with them what they are brought. */
  follow(swarm: PlayedSwarm, nowMs: number): void {
    const { rows, wanted } = this;
    const { peers, takers, serverUp, chunkBytes } = swarm;
    const bytesPerSecond = Math.min(serverUp, (serverUp + swarm.upSum) / Math.max(1, takers.size));
    this.chunksPerMs = (PACE * bytesPerSecond) / chunkBytes / 1000;
    const ahead = Math.max(LEAST_AHEAD, AHEAD_MS * this.chunksPerMs) + this.#store;
    const isAll = rows.size === takers.size;
    let count = 0;
    let firsts = 0;
    let stored = 0;
    wanted.first = isAll && rows.size > 0 ? Number.POSITIVE_INFINITY : 0;
    wanted.end = isAll && rows.size > 0 ? 0 : Number.POSITIVE_INFINITY;
    for (let at = 0; at < rows.size; at++) {
      const player = rows.at(at);
      const first = peers.firstMissing[player]!;
      if (first >= swarm.end) continue;
      // Who came with a part of the file may have been here before: it plays there.
      if (peers.playsFirstChunkAtMs[player] === Number.POSITIVE_INFINITY) {
        peers.playsFirstChunkAtMs[player] = nowMs + START_MS;
        peers.played[player] = first;
      }
      const sinceMs = Math.max(0, nowMs - Math.max(this.#followedMs, peers.playsFirstChunkAtMs[player]!));
      const played = Math.min(peers.played[player]! + sinceMs * this.chunksPerMs, first);
      peers.played[player] = played;
      peers.ahead[player] = ahead;
      wanted.first = Math.min(wanted.first, first);
      wanted.end = Math.max(wanted.end, first + ahead);
      count++;
      firsts += first;
      stored += first - played;
    }
    this.#followedMs = nowMs;
    this.#store = stored / Math.max(1, count);
    this.newEnd = firsts / Math.max(1, count) + Math.max(LEAST_AHEAD, NEW_AHEAD_MS * this.chunksPerMs);
    wanted.newEnd = isAll && rows.size > 0 ? this.newEnd : Number.POSITIVE_INFINITY;
  }
}
